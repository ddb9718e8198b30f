"""Copies of instances in another site's staging places: within the kernel where it can.

Nothing is hashed here: what was copied is read there, and compared with the record.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from librarian.datasets import changed, open_entry, walk_dataset
from librarian.names import show_name
from store_agent.faults import explained
from store_agent.paths import make_directories, open_beneath
from store_agent.pushing.sources import check_size
from store_agent.pushing.ways import Cause, PushFile, TroubleError
from store_agent.reading import is_directory, open_instance, stamp_of, start_writing_back_after
from store_agent.staging_places import DATA
from store_agent.writing import COPY_FLAGS, remove_tree, write_all

Advance = Callable[[int], None]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_IN_KERNEL = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)


def copy_instance(
    root_fd: int, file: PushFile, place_fd: int, piece_bytes: int, advance: Advance
) -> None:
    """Copy an instance beneath an open root into an open staging place, instead of what is there.

    Raises TroubleError for what is wrong there, and other errors for what is wrong here.
    """
    with explained(f"The store {show_name(file.store_name)}"):
        fd = open_instance(root_fd, file.path())
        try:
            with _there():
                remove_tree(place_fd, DATA)
            copier = _Copier(place_fd, piece_bytes, advance)
            if is_directory(fd):
                check_size(file, copier.copy_tree(fd))
            else:
                check_size(file, os.fstat(fd).st_size)
                copier.copy_flat(fd, DATA)
        finally:
            os.close(fd)


class _Copier:
    def __init__(self, place_fd: int, piece_bytes: int, advance: Advance) -> None:
        self._place_fd = place_fd
        self._piece_bytes = piece_bytes
        self._advance = advance
        self._in_kernel = True

    def copy_tree(self, fd: int) -> int:
        """Copy an open directory; return the size of what is in it."""
        size_bytes = 0
        for place in walk_dataset(fd):
            path = f"{DATA}/{place.path.removeprefix('./')}"
            with _there():
                parent = path.rpartition("/")[0]
                os.close(make_directories(self._place_fd, parent, durable=False))
            if place.is_empty_directory:
                continue
            entry_fd = open_entry(place)
            try:
                size_bytes += self.copy_flat(entry_fd, path)
            finally:
                os.close(entry_fd)
        return size_bytes

    def copy_flat(self, fd: int, path: str) -> int:
        """Copy an open file to a path where nothing is; return its size."""
        before = stamp_of(fd)
        with _there():
            to_fd = open_beneath(self._place_fd, path, COPY_FLAGS | os.O_EXCL, 0o644)
        try:
            offset = 0
            while offset < before.size_bytes:
                count = self._copy_piece(fd, to_fd, offset)
                if not count:
                    break
                offset += count
                self._advance(count)
        finally:
            os.close(to_fd)
        if offset != before.size_bytes or stamp_of(fd) != before:
            raise changed(path.partition("/")[2] or "the file")
        return offset

    def _copy_piece(self, fd: int, to_fd: int, offset: int) -> int:
        if self._in_kernel:
            try:
                return os.copy_file_range(fd, to_fd, self._piece_bytes, offset, offset)
            except OSError as error:
                # Which of both it was shows when they are read and written one by one.
                self._in_kernel = error.errno not in _NOT_IN_KERNEL
        data = os.pread(fd, self._piece_bytes, offset)
        with _there():
            write_all(to_fd, data, offset)
            start_writing_back_after(to_fd, offset, offset + len(data))
        return len(data)


@contextmanager
def _there() -> Iterator[None]:
    """Tell the errors of the staging place from those of the instance."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise TroubleError(
                Cause.FULL, "The neighbour's store has no space left: free some there."
            ) from error
        raise TroubleError(
            Cause.MISCONFIGURED, f"The staging place cannot be written: {error.strerror}."
        ) from error
