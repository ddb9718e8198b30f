import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from librarian.errors import InvalidRequestError
from store_agent.paths import (
    DIRECTORY_FLAGS,
    FILE_FLAGS,
    kernel_can_confine,
    make_directories,
    move_without_replacing,
    open_beneath,
)

OPENS = 5000
AT_FDCWD = -100
RENAME_EXCHANGE = 2
LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, DIRECTORY_FLAGS)
    try:
        yield fd
    finally:
        os.close(fd)


def test_this_kernel_can_confine() -> None:
    assert kernel_can_confine()


@pytest.mark.parametrize(
    "path", ["../canary", "/etc/passwd", "a/../../canary", "link", "out/canary"]
)
def test_a_path_that_leaves_its_root_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "canary").write_text("secret")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "canary")
    (tmp_path / "root" / "out").symlink_to(tmp_path)
    with opened(tmp_path / "root") as fd, pytest.raises(InvalidRequestError, match="leads"):
        open_beneath(fd, path, FILE_FLAGS)


def test_a_nul_in_a_path_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as fd, pytest.raises(InvalidRequestError, match="NUL"):
        open_beneath(fd, "a\0b", FILE_FLAGS)


def test_links_swapped_in_while_it_works_never_lead_out(tmp_path: Path) -> None:
    """Reads and writes beside a thread that swaps a directory for a link to outside."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"canary")
    (root / "link").symlink_to(outside)
    (root / "dir").mkdir()
    (root / "dir" / "file").write_bytes(b"inside")
    stop = threading.Event()

    def swap() -> None:
        names = bytes(root / "dir"), bytes(root / "link")
        while not stop.is_set():
            assert LIBC.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0

    swapper = threading.Thread(target=swap)
    swapper.start()
    outcomes = {"inside": 0, "refused": 0}
    try:
        with opened(root) as fd:
            for _ in range(OPENS):
                outcomes[_write_and_read(fd)] += 1
    finally:
        stop.set()
        swapper.join()
    assert (outside / "file").read_bytes() == b"canary"
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert min(outcomes.values()) > 0


def _write_and_read(root_fd: int) -> str:
    try:
        fd = open_beneath(root_fd, "dir/file", os.O_RDWR | os.O_CREAT, 0o600)
    except InvalidRequestError:
        return "refused"
    try:
        os.pwrite(fd, b"inside", 0)
        assert os.pread(fd, 6, 0) == b"inside"
    finally:
        os.close(fd)
    try:
        os.close(make_directories(root_fd, "dir/new", durable=False))
    except InvalidRequestError:
        return "refused"
    return "inside"


def test_moving_replaces_neither_files_nor_empty_directories(tmp_path: Path) -> None:
    for name in ("from", "to"):
        (tmp_path / name / "directory").mkdir(parents=True)
        (tmp_path / name / "file").write_text(name)
    with opened(tmp_path / "from") as from_fd, opened(tmp_path / "to") as to_fd:
        for name in ("file", "directory"):
            with pytest.raises(FileExistsError):
                move_without_replacing(from_fd, name, to_fd, name)
    assert (tmp_path / "to" / "file").read_text() == "to"
