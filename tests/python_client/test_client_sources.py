"""What may be uploaded: looked at without reading it, and watched while it is read."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from librarian.client.records import UploadItem
from librarian.client.sources import open_entries, read_piece, read_source, split_destination
from librarian.client.tallies import Tally
from librarian.errors import ChangedWhileReadError, InvalidRequestError, NotFoundError
from librarian.manifests import describe_contents


def item(path: Path, dest: str = "2459000/zen.uvh5") -> UploadItem:
    return UploadItem(path, dest)


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    path = tmp_path / "zen.uvh5"
    path.write_bytes(b"visibilities")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "zen.uv"
    (root / "inner" / "empty").mkdir(parents=True)
    (root / "header").write_bytes(b"h" * 10)
    (root / "inner" / "visdata").write_bytes(b"v" * 3_000_000)
    (root / "inner.flags").write_bytes(b"")
    return root


def test_a_flat_file_has_one_entry_without_a_path(flat: Path) -> None:
    source = read_source(item(flat))
    assert (source.is_directory, source.size_bytes) == (False, 12)
    assert [(entry.path, entry.size_bytes) for entry in source.entries] == [("", 12)]


def test_a_directory_has_an_entry_for_each_file_and_empty_directory(tree: Path) -> None:
    source = read_source(item(tree))
    found = [(entry.path, entry.size_bytes) for entry in source.entries]
    assert sorted(found) == [
        ("header", 10),
        ("inner.flags", 0),
        ("inner/empty/", 0),
        ("inner/visdata", 3_000_000),
    ]
    assert source.size_bytes == 3_000_010


def test_a_link_to_a_file_that_a_person_names_is_the_file(flat: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(flat)
    assert read_source(item(tmp_path / "latest")).size_bytes == 12


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing at '.*/nowhere'"):
        read_source(item(tmp_path / "nowhere"))


def test_a_path_beneath_a_file_is_missing(flat: Path) -> None:
    with pytest.raises(NotFoundError):
        read_source(item(flat / "below"))


def test_a_path_that_the_system_does_not_open_says_why(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InvalidRequestError, match="cannot be read: Too many levels"):
        read_source(item(tmp_path / "loop"))


def test_a_path_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="not a path"):
        read_source(item(tmp_path / "nul\0inside"))


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequestError, match="is empty"):
        read_source(item(tmp_path / "empty"))


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InvalidRequestError, match="neither a file nor a directory"):
        read_source(item(tmp_path / "fifo"))


def make_link(path: Path) -> None:
    path.symlink_to("header")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # The path of a socket is short.
        made.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(make_link, "a symbolic link"), (os.mkfifo, "a FIFO"), (make_socket, "a socket")],
)
def test_what_a_dataset_must_not_hold_is_named_by_its_relative_path(
    tree: Path, make: object, kind: str
) -> None:
    assert callable(make)
    make(tree / "inner" / "odd")
    with pytest.raises(InvalidRequestError, match=f"'inner/odd' in the dataset is {kind}"):
        read_source(item(tree))


@pytest.mark.parametrize(
    ("dest", "said"),
    [
        ("", "has no name"),
        ("2459000/", "has no name"),
        ("/abs/name", "begins with '/'"),
        ("a/../name", "'..'"),
        ("a//name", "empty part"),
        ("a/-name", "begins with '-'"),
        ("a/.librarian/name", "reserved"),
        ("nul\0", "control character"),
        ("cafe\u0301", "NFC"),
        ("x" * 256, "256 bytes"),
        ("wrong\udcff", "UTF-8"),
    ],
)
def test_a_name_that_is_not_legal_is_refused_before_anything_is_sent(
    flat: Path, dest: str, said: str
) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        read_source(item(flat, dest))


def test_a_destination_is_directories_and_a_name() -> None:
    assert split_destination("2459000/night/zen.uvh5") == ("2459000/night", "zen.uvh5")
    assert split_destination("zen.uvh5") == ("", "zen.uvh5")


def test_the_same_contents_have_the_same_request_id(tree: Path) -> None:
    ids = {read_source(item(tree)).request_id("alice") for _ in range(2)}
    assert len(ids) == 1
    assert len(ids.pop()) <= 128


@pytest.mark.parametrize("name", ["header", "inner/visdata"])
def test_other_contents_of_the_same_size_have_another_request_id(tree: Path, name: str) -> None:
    before = read_source(item(tree)).request_id("alice")
    path = tree / name
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"x" * path.stat().st_size)
    os.utime(path, ns=times)
    assert read_source(item(tree)).request_id("alice") != before


def test_another_account_name_option_or_place_has_another_request_id(
    flat: Path, tmp_path: Path
) -> None:
    plain = item(flat)
    other = tmp_path / "other.uvh5"
    os.link(flat, other)
    items = [
        plain,
        replace(plain, null_obsid=True),
        replace(plain, obsid=1),
        replace(plain, store="disk2"),
        replace(plain, dest="2459001/zen.uvh5"),
        replace(plain, dest="2459000/zen2.uvh5"),
        replace(plain, local_path=other),
    ]
    ids = [read_source(one).request_id("alice") for one in items]
    ids.append(read_source(plain).request_id("bob"))
    assert len(set(ids)) == len(ids)


def read_all(path: Path) -> Iterator[tuple[str, bytes]]:
    source = read_source(item(path))
    for entry, fd in open_entries(source):
        if not entry.is_empty_directory:
            yield (
                entry.path,
                read_piece(fd, entry, 0, entry.size_bytes) if entry.size_bytes else b"",
            )


def test_entries_are_read_as_they_are(tree: Path) -> None:
    contents = dict(read_all(tree))
    assert contents["inner/visdata"] == b"v" * 3_000_000
    assert contents["inner.flags"] == b""


@pytest.mark.parametrize("change", ["append", "rewrite", "truncate", "replace", "remove", "add"])
def test_a_dataset_that_changes_before_it_is_read_is_refused(tree: Path, change: str) -> None:
    source = read_source(item(tree))
    path = tree / "inner" / "visdata"
    match change:
        case "append":
            path.write_bytes(path.read_bytes() + b"more")
        case "rewrite":
            times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
            path.write_bytes(b"x" * 3_000_000)
            os.utime(path, ns=times)
        case "truncate":
            os.truncate(path, 5)
        case "replace":
            (tree.parent / "new").write_bytes(path.read_bytes())
            os.replace(tree.parent / "new", path)
        case "remove":
            path.unlink()
        case "add":
            (tree / "inner" / "zz").write_bytes(b"late")
    with pytest.raises(ChangedWhileReadError, match="wait until its writer is done"):
        list(open_entries(source))


def test_a_file_that_changes_while_it_is_read_is_refused(flat: Path) -> None:
    source = read_source(item(flat))
    opened = open_entries(source)
    next(opened)
    flat.write_bytes(b"other things")
    with pytest.raises(ChangedWhileReadError):
        next(opened)


def test_a_file_that_shrinks_while_it_is_read_is_refused(flat: Path) -> None:
    source = read_source(item(flat))
    (entry, fd) = next(opened := open_entries(source))
    os.truncate(flat, 3)
    with pytest.raises(ChangedWhileReadError):
        read_piece(fd, entry, 3, 100)
    opened.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("algorithm", ["blake3", "md5", "sha256"])
@pytest.mark.parametrize("kind", ["flat", "tree"])
def test_the_checksum_made_on_the_way_is_that_of_the_contents(
    request: pytest.FixtureRequest, kind: str, algorithm: str
) -> None:
    path: Path = request.getfixturevalue(kind)
    expected = contents_checksum(path, algorithm)
    tally = Tally(kind == "tree", expected)
    for entry, fd in open_entries(read_source(item(path))):
        if entry.is_empty_directory:
            tally.add_empty_directory(entry.path)
            continue
        hasher = tally.new_hasher()
        if entry.size_bytes:
            hasher.update(read_piece(fd, entry, 0, entry.size_bytes))
        tally.add(entry.path, entry.size_bytes, hasher)
    assert tally.checksum() == expected


def contents_checksum(path: Path, algorithm: str) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return describe_contents(fd, [algorithm]).checksums[algorithm]
    finally:
        os.close(fd)


def test_a_file_that_holds_more_than_its_size_says_is_not_taken_for_a_whole_one() -> None:
    source = read_source(item(Path("/proc/self/status")))
    with pytest.raises(ChangedWhileReadError):
        list(open_entries(source))
