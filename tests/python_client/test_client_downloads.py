"""Downloads by the client: each way out, verified, resumed, and never over something else."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.client.progress import Progress
from librarian.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    UnknownFileError,
)


def tree_of(root: Path) -> dict[str, bytes | None]:
    """Return what a directory holds: contents by path, None for a directory."""
    found = {str(path.relative_to(root)): path for path in sorted(root.rglob("*"))}
    return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


def test_a_flat_file_comes_out_each_way(
    librarian: Librarian, way: str, put_flat: str, flat: Path, here: Path
) -> None:
    path = librarian.get(put_flat, here / "got")
    assert path == here / "got"
    assert path.read_bytes() == flat.read_bytes()
    assert os.listdir(here) == ["got"]


def test_a_directory_comes_out_each_way(
    librarian: Librarian, way: str, put_tree: str, tree: Path, here: Path
) -> None:
    assert tree_of(librarian.get(put_tree, here / "got")) == tree_of(tree)
    assert os.listdir(here) == ["got"]


def test_an_empty_file_comes_out_each_way(
    librarian: Librarian, way: str, here: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    librarian.upload(tmp_path / "empty", name, null_obsid=True)
    assert librarian.get(name, here / "got").read_bytes() == b""


def test_a_directory_of_very_many_entries_comes_out(
    librarian: Librarian, way: str, here: Path, tmp_path: Path, name: str
) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(2100):
        (root / f"{number}").write_bytes(b"x" * (number % 50))
    librarian.upload(root, name, null_obsid=True)
    assert tree_of(librarian.get(name, here / "got")) == tree_of(root)


def test_without_a_destination_it_comes_into_the_working_directory(
    librarian: Librarian, put_flat: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    assert librarian.get(put_flat) == here / put_flat


@pytest.mark.parametrize("dest", ["{here}", "{here}/"])
def test_it_comes_into_a_directory_that_is_there(
    librarian: Librarian, put_flat: str, here: Path, dest: str
) -> None:
    assert librarian.get(put_flat, dest.format(here=here)) == here / put_flat


def test_a_directory_got_again_is_not_put_into_itself(
    librarian: Librarian, put_tree: str, here: Path
) -> None:
    first = librarian.get(put_tree, here / put_tree)
    assert librarian.get(put_tree, here / put_tree) == first


def test_a_directory_that_is_missing_is_named(
    librarian: Librarian, put_flat: str, here: Path
) -> None:
    with pytest.raises(NotFoundError, match=r"no directory .*/nowhere: make it"):
        librarian.get(put_flat, here / "nowhere" / "got")


def test_what_is_there_and_the_same_is_left_as_it_is(
    librarian: Librarian, way: str, put_flat: str, here: Path
) -> None:
    before = librarian.get(put_flat, here / "got").stat()
    after = librarian.get(put_flat, here / "got").stat()
    # It may have been read: only that is another time.
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def make_file(path: Path) -> None:
    path.write_bytes(b"precious")


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "precious").write_bytes(b"precious")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [make_file, make_folder, make_dangling_link, os.mkfifo])
def test_what_is_there_and_differs_is_never_replaced(
    librarian: Librarian, put_flat: str, here: Path, make: Callable[[Path], None]
) -> None:
    target = here / put_flat
    make(target)
    before = os.lstat(target)
    with pytest.raises(ConflictError, match="is not this file"):
        librarian.get(put_flat, target)
    assert (os.lstat(target).st_ino, os.lstat(target).st_mode) == (before.st_ino, before.st_mode)
    assert os.listdir(here) == [put_flat]


def bytes_read(librarian: Librarian, name: str, target: Path) -> bytes:
    return librarian.get(name, target).read_bytes()


def test_a_download_goes_on_where_it_was(
    librarian: Librarian, way: str, put_flat: str, flat: Path, here: Path
) -> None:
    part = here / ".got.librarian-part"
    part.write_bytes(flat.read_bytes()[:2_000_001])
    inode = part.stat().st_ino
    got = librarian.get(put_flat, here / "got")
    assert (got.read_bytes(), got.stat().st_ino) == (flat.read_bytes(), inode)
    assert os.listdir(here) == ["got"]


@pytest.mark.parametrize("part", [b"spoilt", b"x" * 3_500_000, b"x" * 4_000_000])
def test_a_part_that_is_not_of_the_file_does_no_harm(
    librarian: Librarian, way: str, put_flat: str, flat: Path, here: Path, part: bytes
) -> None:
    (here / ".got.librarian-part").write_bytes(part)
    assert bytes_read(librarian, put_flat, here / "got") == flat.read_bytes()
    assert os.listdir(here) == ["got"]


def test_a_directory_goes_on_where_it_was(
    librarian: Librarian, way: str, put_tree: str, tree: Path, here: Path
) -> None:
    part = here / ".got.librarian-part"
    (part / "inner").mkdir(parents=True)
    (part / "inner" / "visdata").write_bytes((tree / "inner" / "visdata").read_bytes()[:1_500_000])
    inode = (part / "inner" / "visdata").stat().st_ino
    got = librarian.get(put_tree, here / "got")
    assert tree_of(got) == tree_of(tree)
    assert (got / "inner" / "visdata").stat().st_ino == inode


def make_stray(part: Path) -> None:
    (part / "inner").mkdir(parents=True)
    (part / "inner" / "stray").write_bytes(b"stray")


def make_link_inside(part: Path) -> None:
    part.mkdir()
    (part / "inner").symlink_to("/tmp")


@pytest.mark.parametrize("make", [make_file, make_stray, make_link_inside])
def test_a_part_of_something_else_is_not_kept(
    librarian: Librarian,
    way: str,
    put_tree: str,
    tree: Path,
    here: Path,
    make: Callable[[Path], None],
) -> None:
    make(here / ".got.librarian-part")
    assert tree_of(librarian.get(put_tree, here / "got")) == tree_of(tree)


@pytest.mark.parametrize(
    ("wrong", "error"), [("never-heard-of", UnknownFileError), ("a/b", InvalidRequestError)]
)
def test_a_name_that_is_not_on_record_is_an_error(
    librarian: Librarian, here: Path, wrong: str, error: type[LibrarianError]
) -> None:
    with pytest.raises(error):
        librarian.get(wrong, here)
    assert os.listdir(here) == []


def test_two_processes_do_not_write_to_one_part(
    librarian: Librarian, put_flat: str, here: Path
) -> None:
    with (here / ".got.librarian-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="Another process is getting"):
            librarian.get(put_flat, here / "got")
    assert librarian.get(put_flat, here / "got").exists()


@pytest.mark.usefixtures("reported_at_once")
def test_an_interrupted_download_is_gone_on_with(
    librarian: Librarian, way: str, put_flat: str, flat: Path, here: Path
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.bytes_done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        librarian.get(put_flat, here / "got", progress=interrupt)
    assert os.listdir(here) == [".got.librarian-part"]
    assert bytes_read(librarian, put_flat, here / "got") == flat.read_bytes()


def test_progress_ends_at_the_whole(
    librarian: Librarian, way: str, put_flat: str, here: Path
) -> None:
    seen: list[Progress] = []
    librarian.get(put_flat, here / "got", progress=seen.append)
    assert (seen[-1].files_done, seen[-1].bytes_done) == (1, 3_500_000)
    assert seen[-1].bytes_total == 3_500_000
