"""Reading a flat file once: hashed, copied when there is somewhere to copy to, and stoppable."""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import NamedTuple

from librarian.checksums import DEFAULT_ALGORITHM, Hasher, new_hasher
from librarian.datasets import changed
from librarian.errors import BusyError, InvalidRequestError, NoInstanceError
from librarian.hashing import PieceBuffers, hashing_beside
from librarian.names import show_name
from store_agent.paths import FILE_FLAGS, open_beneath, start_writing_back
from store_agent.writing import write_all

BUFFER_BYTES = 1 << 20
# Smaller files are not worth a thread.
_BESIDE_BYTES = 16 << 20
_WRITE_BACK_BYTES = 16 << 20
_PAGE_BYTES = 4096
# 1 GiB in the page cache: 0.47 s of the processor with pieces that stay in its cache, 0.59 s with
# 1 MiB and without the kernel's help.
_COPY_BYTES = 256 << 10
_NOT_IN_KERNEL = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)

_buffers = threading.local()


class Stamp(NamedTuple):
    """What of a file's status changes whenever its contents do."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def stamp_of(fd: int) -> Stamp:
    """Return the stamp of an open file as it is now."""
    status = os.fstat(fd)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Stop:
    """Tells work that nobody waits for it any more."""

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self.is_asked = asked

    def check(self) -> None:
        """Raise BusyError when the work shall stop."""
        if self.is_asked():
            raise BusyError("The work was stopped, because nobody waits for it any more.")


class Reader:
    """Reads flat files, each once, until it is stopped.

    `progress` is called with the bytes of each piece.
    """

    def __init__(self, stop: Stop, progress: Callable[[int], None] | None = None) -> None:
        self._stop = stop
        self._progress = progress

    def check(self) -> None:
        """Raise BusyError when the work shall stop."""
        self._stop.check()

    def read_file(
        self, fd: int, path: str, algorithms: Iterable[str] = (DEFAULT_ALGORITHM,)
    ) -> tuple[int, dict[str, str]]:
        """Hash an open file; raise ChangedWhileReadError when it changes meanwhile."""
        return self.copy_file(fd, path, algorithms, None)

    def copy_file(
        self, fd: int, path: str, algorithms: Iterable[str], to_fd: int | None
    ) -> tuple[int, dict[str, str]]:
        """Hash an open file, and write the same bytes to another."""
        before = stamp_of(fd)
        hashers = {name: new_hasher(name) for name in algorithms}
        read_bytes = self._read(fd, before.size_bytes, list(hashers.values()), to_fd)
        if read_bytes != before.size_bytes or stamp_of(fd) != before:
            raise changed(path or "the file")
        return read_bytes, {
            name: f"{name}:{hasher.hexdigest()}" for name, hasher in hashers.items()
        }

    def _read(self, fd: int, size_bytes: int, hashers: list[Hasher], to_fd: int | None) -> int:
        if size_bytes == 0:
            return 0
        if size_bytes > _BESIDE_BYTES and to_fd is None:
            return self._read_beside(fd, size_bytes, hashers)
        buffer = _buffer(size_bytes)
        copier = _Copier(fd, to_fd, buffer[:_COPY_BYTES]) if to_fd is not None else None
        offset = 0
        while offset <= size_bytes:
            count = copier.copy(offset) if copier else os.preadv(fd, [buffer], offset)
            if count == 0:
                break
            for hasher in hashers:
                hasher.update(buffer[:count])
            offset += count
            self._after_piece(count)
            if offset == size_bytes:
                break  # Small files are many: the read that would only find the end is left out.
        return offset

    def _read_beside(self, fd: int, size_bytes: int, hashers: list[Hasher]) -> int:
        """Read a large file while another core hashes what came before: a third is saved."""
        buffers = PieceBuffers()
        offset = 0
        with ExitStack() as stack:
            updates = [stack.enter_context(hashing_beside(h, size_bytes)) for h in hashers]
            while offset < size_bytes:
                buffer = buffers.next(size_bytes)
                count = os.preadv(fd, [buffer], offset)
                if count == 0:
                    break
                for update in updates:
                    update(buffer[:count])
                offset += count
                self._after_piece(count)
        return offset

    def _after_piece(self, count: int) -> None:
        self._stop.check()
        if self._progress is not None:
            self._progress(count)


class _Copier:
    """Copies pieces of a file within the kernel where it can, and reads them from the copy.

    That saves a third of the time, shares the blocks where a file system can, and what is hashed
    is what the copy holds.
    """

    def __init__(self, fd: int, to_fd: int, buffer: memoryview) -> None:
        self._fd = fd
        self._to_fd = to_fd
        self._buffer = buffer
        self._in_kernel = True

    def copy(self, offset: int) -> int:
        """Copy the piece at an offset, leave it in the buffer, and return its size."""
        count = self._copy_in_kernel(offset) if self._in_kernel else 0
        if count:
            return os.preadv(self._to_fd, [self._buffer[:count]], offset)
        count = os.preadv(self._fd, [self._buffer], offset)
        write_all(self._to_fd, self._buffer[:count], offset)
        return count

    def _copy_in_kernel(self, offset: int) -> int:
        try:
            size = len(self._buffer)
            return os.copy_file_range(self._fd, self._to_fd, size, offset, offset)
        except OSError as error:
            if error.errno not in _NOT_IN_KERNEL:
                raise
            self._in_kernel = False
            return 0


def start_writing_back_after(fd: int, before: int, after: int) -> None:
    """Begin to write what came in to disk whenever another 16 MiB are whole."""
    whole = after // _WRITE_BACK_BYTES * _WRITE_BACK_BYTES
    if before < whole:
        start = before // _WRITE_BACK_BYTES * _WRITE_BACK_BYTES
        start_writing_back(fd, start, whole - start)


def open_instance(root_fd: int, path: str) -> int:
    """Open the flat file or directory at a path beneath a root, for reading.

    Raises NoInstanceError when nothing is there, InvalidRequestError for a special file.
    """
    try:
        fd = open_beneath(root_fd, path, FILE_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        raise NoInstanceError(f"Nothing is at {show_name(path)} on the store.") from None
    return refuse_special(fd, path)


def refuse_special(fd: int, path: str) -> int:
    """Return the descriptor of an open file or directory; of anything else, close it and raise."""
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(fd)
        raise InvalidRequestError(
            f"{show_name(path)} is a special file: only files and directories are kept."
        )
    return fd


def is_directory(fd: int) -> bool:
    """Tell whether an open thing is a directory."""
    return stat.S_ISDIR(os.fstat(fd).st_mode)


def _buffer(size_bytes: int) -> memoryview:
    """Return the thread's own buffer: to make one for each small file would cost more than it."""
    if not hasattr(_buffers, "whole"):
        _buffers.whole = memoryview(bytearray(BUFFER_BYTES))
    whole: memoryview = _buffers.whole
    return whole[: max(_PAGE_BYTES, min(size_bytes, BUFFER_BYTES))]
