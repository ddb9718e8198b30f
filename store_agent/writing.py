"""Writing that lasts: whole, on disk, and never half of it under its name."""

import contextlib
import os
import uuid

WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
# A copy is read again, to be compared with what it shall be.
COPY_FLAGS = (WRITE_FLAGS & ~os.O_WRONLY) | os.O_RDWR


def write_all(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of a piece at its offset: the kernel may take less than it is given."""
    view = memoryview(data)
    while view:
        count = os.pwrite(fd, view, offset)
        view = view[count:]
        offset += count


def put_durable(dir_fd: int, name: str, data: bytes, mode: int = 0o644) -> None:
    """Put a small file into an open directory: all of it, on disk, replacing what was there."""
    temporary = f".{uuid.uuid4().hex}.librarian-tmp"
    fd = os.open(temporary, WRITE_FLAGS | os.O_EXCL, mode, dir_fd=dir_fd)
    try:
        try:
            write_all(fd, data, 0)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=dir_fd)
        raise
    os.fsync(dir_fd)


def remove_tree(dir_fd: int, name: str) -> None:
    """Remove an entry of an open directory and all beneath it, also what is read-only.

    What is gone already is no error, and no link is followed.
    """
    try:
        os.unlink(name, dir_fd=dir_fd)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        # A directory, and most often an empty one.
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=dir_fd)
            return
        _remove_directory(dir_fd, name)


def _remove_directory(dir_fd: int, name: str) -> None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, dir_fd=dir_fd)
    try:
        if os.fstat(fd).st_mode & 0o700 != 0o700:
            os.fchmod(fd, 0o700)
        with os.scandir(fd) as entries:
            names = [entry.name for entry in entries]
        for inner in names:
            remove_tree(fd, inner)
    finally:
        os.close(fd)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(name, dir_fd=dir_fd)
