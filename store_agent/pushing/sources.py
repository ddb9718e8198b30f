"""Reading the instances of a push, in pieces: what is wrong with one is that one's failure."""

import os
from collections.abc import Callable, Iterator, Mapping

from librarian.datasets import changed, open_entry, walk_dataset
from librarian.errors import CorruptContentsError
from librarian.names import show_name
from store_agent.faults import explained
from store_agent.pushing.ways import PushFile
from store_agent.reading import is_directory, open_instance, stamp_of
from store_agent.serving import Piece

_LARGE_BYTES = 4 << 20


class SourceReader:
    """Reads instances beneath an open store root; what has arrived already is left out.

    `on_kept` is called with the bytes that are.
    """

    def __init__(self, root_fd: int, piece_bytes: int, on_kept: Callable[[int], None]) -> None:
        self._root_fd = root_fd
        self._piece_bytes = piece_bytes
        self._on_kept = on_kept

    def read(self, file: PushFile, arrived: Mapping[str, int]) -> Iterator[Piece]:
        """Yield the pieces of an instance, entry by entry.

        `arrived` has the bytes of each entry that are there. Raises NoInstanceError,
        CorruptContentsError when the size is not that on record, ChangedWhileReadError, and what
        the disk comes to.
        """
        with explained(f"The store {show_name(file.store_name)}"):
            fd = open_instance(self._root_fd, file.path())
            try:
                if is_directory(fd):
                    yield from self._read_tree(fd, file, arrived)
                else:
                    check_size(file, os.fstat(fd).st_size)
                    yield from self._read_flat(fd, "", arrived.get(""))
            finally:
                os.close(fd)

    def _read_tree(self, fd: int, file: PushFile, arrived: Mapping[str, int]) -> Iterator[Piece]:
        size_bytes = 0
        for place in walk_dataset(fd):
            if place.is_empty_directory:
                yield Piece(place.path, 0, b"")
                continue
            entry_fd = open_entry(place)
            try:
                size_bytes += os.fstat(entry_fd).st_size
                yield from self._read_flat(entry_fd, place.path, arrived.get(place.path))
            finally:
                os.close(entry_fd)
        check_size(file, size_bytes)

    def _read_flat(self, fd: int, path: str, arrived: int | None) -> Iterator[Piece]:
        before = stamp_of(fd)
        size_bytes = before.size_bytes
        # More than there is cannot be a part of it: it begins again, which cuts that off.
        offset = arrived if arrived is not None and arrived <= size_bytes else 0
        self._on_kept(offset)
        if size_bytes == 0 and arrived != 0:
            yield Piece(path, 0, b"")
        if size_bytes - offset > _LARGE_BYTES:
            os.posix_fadvise(fd, offset, 0, os.POSIX_FADV_SEQUENTIAL)
        while offset < size_bytes:
            data = os.pread(fd, min(self._piece_bytes, size_bytes - offset), offset)
            if not data:
                raise changed(path or "the file")
            yield Piece(path, offset, data)
            offset += len(data)
        if stamp_of(fd) != before:
            raise changed(path or "the file")


def check_size(file: PushFile, size_bytes: int) -> None:
    """Raise CorruptContentsError when an instance has not the size that is on record."""
    if size_bytes != file.size_bytes:
        raise CorruptContentsError(
            f"{show_name(file.name)} has {size_bytes} bytes on the store"
            f" {show_name(file.store_name)}, and {file.size_bytes} on record."
        )
