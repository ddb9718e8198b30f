"""Copying on this host: writing, and the errors of it."""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from librarian.checksums import Hasher
from librarian.errors import StoreFullError, StoreUnusableError
from librarian.hashing import PIECE_BYTES, Piece

Advance = Callable[[int], None]

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SYNC_FILE_RANGE_WRITE = 2
_WRITE_BACK_BYTES = 8 << 20


def write_piece(fd: int, data: Piece, offset: int) -> None:
    """Write all of a piece: the kernel may take less than it is given."""
    view = memoryview(data)
    while view:
        count = os.pwrite(fd, view, offset)
        view = view[count:]
        offset += count


def start_write_back(fd: int, offset: int, end: int) -> None:
    """Have the kernel begin to write each 8 MiB once they are whole: the fsync is then short."""
    first, last = offset // _WRITE_BACK_BYTES, end // _WRITE_BACK_BYTES
    if last > first:
        start = first * _WRITE_BACK_BYTES
        length = (last - first) * _WRITE_BACK_BYTES
        arguments = (ctypes.c_int(fd), ctypes.c_int64(start), ctypes.c_int64(length))
        _libc().sync_file_range(*arguments, ctypes.c_uint(_SYNC_FILE_RANGE_WRITE))


def hash_prefix(fd: int, size_bytes: int, hasher: Hasher) -> int:
    """Hash the first bytes of an open file; return how many there were."""
    offset = 0
    while offset < size_bytes:
        data = os.pread(fd, min(PIECE_BYTES, size_bytes - offset), offset)
        if not data:
            break
        hasher.update(data)
        offset += len(data)
    return offset


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn an error of writing to a place into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFullError(f"There is no room left in {place}: free some.") from error
        raise StoreUnusableError(
            f"{place} cannot be written: {error.strerror or error}."
        ) from error


def _libc() -> ctypes.CDLL:
    global _loaded
    if _loaded is None:
        _loaded = ctypes.CDLL(None)
    return _loaded


_loaded: ctypes.CDLL | None = None
