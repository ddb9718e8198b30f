"""Contents read while they come: compared with the record, and gone on with by another way."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.client.contents import Contents
from librarian.client.download_ways import Piece
from librarian.errors import CorruptContentsError, NoInstanceError, UnknownFileError
from tests.bad_links import BadLink
from tests.system.site import Site


def read_entries(pieces: Iterable[Piece]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for piece in pieces:
        found[piece.path] = found.get(piece.path, b"") + piece.data
    return found


def spoil(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"spoilt")


@pytest.fixture
def opened(librarian: Librarian, put_flat: str) -> Iterator[Contents]:
    with librarian.open_contents(put_flat) as contents:
        yield contents


@pytest.fixture
def second_copy(client_site: Site, librarian: Librarian, put_flat: str, flat: Path) -> list[Path]:
    """Return the paths of both copies of a file, the one that is read first before the other."""
    folder = client_site.layout.store / "second-copy"
    folder.mkdir(exist_ok=True)
    (folder / put_flat).write_bytes(flat.read_bytes())
    [done] = librarian.register("store", [f"second-copy/{put_flat}"], null_obsid=True)
    assert done.failures == []
    return [Path(one.path) for one in librarian.locate_file(put_flat)]


def test_a_flat_file_has_one_entry(opened: Contents, flat: Path) -> None:
    assert (opened.is_directory, [entry.path for entry in opened.entries]) == (False, [""])
    assert read_entries(opened.read_whole()) == {"": flat.read_bytes()}


def test_it_is_read_from_any_byte(opened: Contents, flat: Path) -> None:
    [entry] = opened.entries
    assert read_entries(opened.read([(entry, 1_500_001)])) == {"": flat.read_bytes()[1_500_001:]}
    assert list(opened.read([(entry, entry.size_bytes)])) == []


def test_a_directory_has_all_its_entries(librarian: Librarian, put_tree: str, tree: Path) -> None:
    with librarian.open_contents(put_tree) as contents:
        paths = [entry.path for entry in contents.entries]
        assert paths == ["header", "inner.flags", "inner/empty/", "inner/visdata"]
        found = read_entries(contents.read_whole())
    assert found == {
        "header": b"header",
        "inner/visdata": (tree / "inner" / "visdata").read_bytes(),
    }


def test_an_empty_file_has_nothing_to_read(librarian: Librarian, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    librarian.upload(tmp_path / "empty", name, null_obsid=True)
    with librarian.open_contents(name) as contents:
        assert list(contents.read_whole()) == []


def test_the_end_of_spoilt_contents_is_never_given_out(
    client_site: Site, librarian: Librarian, put_flat: str, flat: Path
) -> None:
    spoil(client_site.layout.store / "downloads" / put_flat)
    came: list[Piece] = []
    with librarian.open_contents(put_flat) as contents, pytest.raises(CorruptContentsError):
        came.extend(contents.read_whole())
    assert sum(len(piece.data) for piece in came) < flat.stat().st_size


def test_another_copy_serves_for_one_that_is_gone(
    librarian: Librarian, put_flat: str, flat: Path, second_copy: list[Path]
) -> None:
    second_copy[0].unlink()
    with librarian.open_contents(put_flat) as contents:
        assert read_entries(contents.read_whole()) == {"": flat.read_bytes()}


def test_another_copy_serves_for_one_of_another_size(
    librarian: Librarian, put_flat: str, flat: Path, second_copy: list[Path]
) -> None:
    second_copy[0].chmod(0o644)
    os.truncate(second_copy[0], 1_000)
    with librarian.open_contents(put_flat) as contents:
        assert read_entries(contents.read_whole()) == {"": flat.read_bytes()}


def test_another_copy_goes_on_for_one_that_ends_too_soon(
    librarian: Librarian, put_flat: str, flat: Path, second_copy: list[Path]
) -> None:
    with librarian.open_contents(put_flat) as contents:
        second_copy[0].chmod(0o644)
        os.truncate(second_copy[0], 1_200_000)
        assert read_entries(contents.read_whole()) == {"": flat.read_bytes()}


def test_no_copy_that_serves_is_an_error_that_says_so(
    client_site: Site, librarian: Librarian, put_flat: str
) -> None:
    with pytest.raises(UnknownFileError):
        librarian.open_contents("nowhere")
    (client_site.layout.store / "downloads" / put_flat).unlink()
    with pytest.raises(NoInstanceError):
        librarian.open_contents(put_flat)


def test_a_broken_connection_is_made_anew(
    proxied_site: tuple[Site, BadLink], flat: Path, name: str
) -> None:
    site, proxy = proxied_site
    with site.librarian() as librarian:
        librarian.upload(flat, name, null_obsid=True)
        with librarian.open_contents(name) as contents:
            proxy.cut_after_answered_bytes = proxy.answered_bytes + 1_500_000
            assert read_entries(contents.read_whole()) == {"": flat.read_bytes()}
        assert proxy.cut_after_answered_bytes is None
