import hashlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blake3 import blake3

from librarian.datasets import DatasetEntry, list_entries, open_entry, walk_dataset
from librarian.errors import ChangedWhileReadError, InvalidRequestError
from librarian.manifests import (
    Contents,
    ManifestEntry,
    describe_contents,
    manifest_checksum,
    parse_manifest,
)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def describe(path: Path, *algorithms: str) -> Contents:
    with opened(path) as fd:
        return describe_contents(fd, algorithms or ("blake3",))


def make_tree(root: Path, files: dict[str, bytes]) -> Path:
    """Write files, and empty directories where a path ends in `/`."""
    root.mkdir()
    for path, data in files.items():
        if path.endswith("/"):
            (root / path).mkdir(parents=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    return root


def digest(data: bytes) -> str:
    return f"blake3:{blake3(data).hexdigest()}"


def test_a_flat_file_is_described_by_its_size_and_each_checksum(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"contents")
    contents = describe(tmp_path / "file", "blake3", "sha256")
    expected = {"blake3": digest(b"contents")}
    expected["sha256"] = f"sha256:{hashlib.sha256(b'contents').hexdigest()}"
    assert contents == Contents(8, expected, None)


def test_a_tree_is_described_by_a_manifest_in_the_order_of_whole_paths(tmp_path: Path) -> None:
    files = {"a/b": b"1", "a-b": b"22", "a.b": b"", "A": b"333", "a/c/": b"", "é\\n": b"4"}
    contents = describe(make_tree(tmp_path / "tree", files))
    expected = (
        f"3 {digest(b'333')} A\n"
        f"2 {digest(b'22')} a-b\n"
        f"0 {digest(b'')} a.b\n"
        f"1 {digest(b'1')} a/b\n"
        "- - a/c/\n"
        f"1 {digest(b'4')} é\\\\n\n"
    ).encode()
    assert contents == Contents(7, {"blake3": digest(expected)}, expected)


def test_a_trees_checksum_is_the_one_of_its_manifest(tmp_path: Path) -> None:
    contents = describe(make_tree(tmp_path / "tree", {"x": b"1"}), "blake3", "sha256")
    assert contents.manifest is not None
    for algorithm in ("blake3", "sha256"):
        assert contents.checksums[algorithm] == manifest_checksum(contents.manifest, algorithm)


def test_the_md5_of_a_tree_is_the_one_that_the_predecessors_computed(tmp_path: Path) -> None:
    files = {"visdata": b"1" * 5000, "header": b"2", "a-b": b"", "a/b": b"3", "empty/": b""}
    tree = make_tree(tmp_path / "tree", files)
    # The command that the predecessor's own documentation gives.
    command = "find . ! -type d -print0 | LC_ALL=C sort -z | xargs -0 -n1 md5sum | md5sum"
    output = subprocess.run(["sh", "-c", command], cwd=tree, capture_output=True, check=True).stdout
    assert describe(tree, "md5").checksums == {"md5": f"md5:{output.decode().split()[0]}"}


# reliability.md, finding 14: a sum over the sorted sums of the files told none of these apart.
@pytest.mark.parametrize(
    "other",
    [
        {"a": b"2", "b": b"1"},
        {"a": b"1", "c": b"2"},
        {"a": b"1", "b": b"2", "empty/": b""},
        {"a": b"1", "b/b": b"2"},
        {"a": b"12", "b": b""},
        {"a": b"1"},
    ],
)
def test_trees_that_differ_in_names_places_or_empty_directories_have_other_checksums(
    tmp_path: Path, other: dict[str, bytes]
) -> None:
    one = describe(make_tree(tmp_path / "one", {"a": b"1", "b": b"2"}))
    assert describe(make_tree(tmp_path / "other", other)).checksums != one.checksums


def test_an_empty_directory_is_not_the_same_as_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    tree = describe(make_tree(tmp_path / "tree", {}))
    assert tree.manifest == b"- - ./\n"
    assert tree.checksums != describe(tmp_path / "file").checksums
    assert [*parse_manifest(tree.manifest)] == [ManifestEntry("./", 0, "")]


def test_entries_are_listed_in_the_same_order_without_being_read(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {"b": b"22", "a/z": b"1", "a-": b"", "c/d/": b""})
    with opened(tree) as fd:
        listed = list(list_entries(fd))
    assert listed == [
        DatasetEntry("a-", 0),
        DatasetEntry("a/z", 1),
        DatasetEntry("b", 2),
        DatasetEntry("c/d/", 0),
    ]


def test_a_directory_can_be_walked_twice_at_once(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {str(number): b"" for number in range(100)})
    with opened(tree) as fd:
        first = walk_dataset(fd)
        next(first)
        assert len(list(list_entries(fd))) == 100
        assert len(list(first)) == 99


SPECIAL_FILES: dict[str, Callable[[Path], object]] = {
    "symbolic link": lambda path: path.symlink_to("/etc/passwd"),
    "a symbolic link": lambda path: path.symlink_to(path.parent, target_is_directory=True),
    "is a symbolic link": lambda path: path.symlink_to("nowhere"),
    "FIFO": lambda path: os.mkfifo(path),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
}


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("kind", SPECIAL_FILES)
def test_what_is_neither_file_nor_directory_is_refused_by_its_path(
    tmp_path: Path, kind: str
) -> None:
    tree = make_tree(tmp_path / "tree", {"inner/file": b"1"})
    SPECIAL_FILES[kind](tree / "inner" / "odd")
    for read in (describe_contents, lambda fd: list(list_entries(fd))):
        with opened(tree) as fd, pytest.raises(InvalidRequestError, match=f"inner/odd.*{kind}"):
            read(fd)


def test_a_device_is_refused() -> None:
    # A tree of devices that is there on every machine, and needs no right to make one.
    with opened(Path("/dev")) as fd, pytest.raises(InvalidRequestError, match="is a"):
        describe_contents(fd)


def test_an_illegal_name_inside_a_dataset_is_refused_and_shown_safely(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {"in\x1bner/file": b"1"})
    with pytest.raises(InvalidRequestError, match=r"'in\\x1bner'"):
        describe(tree)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {})
    (Path(os.fsdecode(bytes(tree) + b"/\xff"))).write_bytes(b"")
    with pytest.raises(InvalidRequestError, match="UTF-8"):
        describe(tree)


def test_directories_nested_without_end_are_refused_and_leave_no_descriptor_open(
    tmp_path: Path,
) -> None:
    tree = make_tree(tmp_path / "tree", {"d/" * 70 + "file": b""})
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(InvalidRequestError, match="64 directories"):
        describe(tree)
    assert len(os.listdir("/proc/self/fd")) == open_before


def describe_often(path: Path) -> None:
    for _ in range(1000):
        describe(path)


def test_a_file_that_grows_while_it_is_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    stop = threading.Event()

    def grow() -> None:
        with (tmp_path / "file").open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x" * 4096)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(ChangedWhileReadError):
            describe_often(tmp_path / "file")
    finally:
        stop.set()
        writer.join()


def test_a_directory_that_changes_while_it_is_walked_is_noticed(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {"a": b"1", "b": b"2"})
    with opened(tree) as fd:
        walk = list_entries(fd)
        next(walk)
        (tree / "c").write_bytes(b"")
        with pytest.raises(ChangedWhileReadError):
            list(walk)


def test_a_file_that_vanishes_before_it_is_opened_is_named(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {"inner/a": b"1"})
    with opened(tree) as fd:
        place = next(walk := walk_dataset(fd))
        (tree / "inner" / "a").unlink()
        with pytest.raises(ChangedWhileReadError, match="inner/a"):
            open_entry(place)
        walk.close()


@pytest.mark.parametrize("kind", ["symbolic link", "FIFO"])
def test_a_file_swapped_for_another_kind_is_neither_followed_nor_waited_for(
    tmp_path: Path, kind: str
) -> None:
    tree = make_tree(tmp_path / "tree", {"inner/a": b"1"})
    with opened(tree) as fd:
        place = next(walk := walk_dataset(fd))
        (tree / "inner" / "a").unlink()
        SPECIAL_FILES[kind](tree / "inner" / "a")
        with pytest.raises(InvalidRequestError, match="inner/a"):
            open_entry(place)
        walk.close()


def test_a_directory_swapped_for_a_link_is_not_entered(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {"a": b"1", "b/c": b"2"})
    outside = make_tree(tmp_path / "outside", {"c": b"secret"})
    with opened(tree) as fd:
        walk = walk_dataset(fd)
        next(walk)
        (tree / "b" / "c").unlink()
        (tree / "b").rmdir()
        (tree / "b").symlink_to(outside, target_is_directory=True)
        with pytest.raises(InvalidRequestError, match="'b'"):
            next(walk)


def test_a_tree_of_thousands_of_entries_is_described_whole(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", {f"{n % 7}/{n:05}": b"x" * (n % 3) for n in range(5000)})
    contents = describe(tree)
    assert contents.manifest is not None
    assert contents.manifest.count(b"\n") == 5000
    assert contents.size_bytes == sum(n % 3 for n in range(5000))
