import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from librarian.errors import InvalidRequestError
from librarian.manifests import ManifestEntry, format_manifest, parse_manifest

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf")), min_size=1).filter(
    lambda name: "/" not in name and name not in (".", "..") and len(name.encode()) < 200
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda digest: f"blake3:{digest.hex()}")
FILES = st.builds(ManifestEntry, PATHS, st.integers(0, 2**63 - 1), DIGESTS)
DIRECTORIES = st.builds(ManifestEntry, PATHS.map(lambda path: path + "/"), st.just(0), st.just(""))


def digest(data: bytes) -> str:
    return f"blake3:{blake3(data).hexdigest()}"


@given(st.lists(st.one_of(FILES, DIRECTORIES), unique_by=lambda entry: entry.path))
def test_a_manifest_is_read_back_as_it_was_written(entries: list[ManifestEntry]) -> None:
    in_order = sorted(entries, key=lambda entry: entry.path.encode())
    assert list(parse_manifest(format_manifest(entries))) == in_order


SUM = digest(b"")


@pytest.mark.parametrize(
    "manifest",
    [
        "\n",
        "garbage\n",
        f"1 {SUM} no-newline",
        f"-1 {SUM} x\n",
        f"1e3 {SUM} x\n",
        f"1 md5:{'0' * 32} x\n",
        f"1 {SUM.upper()} x\n",
        f"1 {SUM} \n",
        f"1 {SUM} x/\n",
        "- - x\n",
        "- - /\n",
        f"1 {SUM} ../x\n",
        f"1 {SUM} /abs\n",
        f"1 {SUM} a//b\n",
        f"1 {SUM} a\\nb\n",
        f"1 {SUM} b\n1 {SUM} a\n",
        f"1 {SUM} a\n1 {SUM} a\n",
        f"{'9' * 20} {SUM} x\n",
    ],
)
def test_what_is_no_manifest_is_refused(manifest: str) -> None:
    with pytest.raises(InvalidRequestError):
        list(parse_manifest(manifest.encode()))


@given(st.binary())
def test_any_bytes_are_a_manifest_or_are_refused(data: bytes) -> None:
    try:
        entries = list(parse_manifest(data))
    except InvalidRequestError:
        return
    assert format_manifest(entries) == data
