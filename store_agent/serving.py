"""Giving out the contents of instances, in pieces."""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from librarian.datasets import DatasetEntry, list_entries
from librarian.errors import InvalidRequestError, NoInstanceError
from librarian.names import show_name
from store_agent.instances import check_instance_path
from store_agent.paths import FILE_FLAGS, open_beneath
from store_agent.reading import BUFFER_BYTES, is_directory, open_instance


class Piece(NamedTuple):
    """A piece of an entry, and where in the entry it begins."""

    path: str
    offset: int
    data: bytes


def list_instance(root_fd: int, path: str) -> tuple[bool, Iterator[DatasetEntry]]:
    """Return whether an instance is a directory, and its entries by path."""
    fd = open_instance(root_fd, check_instance_path(path))
    if is_directory(fd):
        return True, _list_tree(fd)
    try:
        return False, iter([DatasetEntry("", os.fstat(fd).st_size)])
    finally:
        os.close(fd)


def read_instance(root_fd: int, path: str, entries: Iterable[tuple[str, int]]) -> Iterator[Piece]:
    """Yield the contents of an instance's entries, each from its offset."""
    fd = open_instance(root_fd, check_instance_path(path))
    try:
        if not is_directory(fd):
            offsets = [offset for _, offset in entries]
            for offset in offsets or [0]:
                yield from _read_pieces(fd, "", offset)
            return
        for entry_path, offset in entries:
            yield from _read_entry(fd, entry_path, offset)
    finally:
        os.close(fd)


def _list_tree(fd: int) -> Iterator[DatasetEntry]:
    try:
        yield from list_entries(fd)
    finally:
        os.close(fd)


def _read_entry(tree_fd: int, path: str, offset: int) -> Iterator[Piece]:
    try:
        fd = open_beneath(tree_fd, path, FILE_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        raise NoInstanceError(f"The dataset has no entry {show_name(path)}.") from None
    try:
        if is_directory(fd):
            raise InvalidRequestError(f"{show_name(path)} is a directory: ask for its entries.")
        yield from _read_pieces(fd, path, offset)
    finally:
        os.close(fd)


def _read_pieces(fd: int, path: str, offset: int) -> Iterator[Piece]:
    size_bytes = os.fstat(fd).st_size
    if not 0 <= offset <= size_bytes:
        raise InvalidRequestError(
            f"Reading was to begin at byte {offset}, but there are {size_bytes} bytes."
        )
    os.posix_fadvise(fd, offset, 0, os.POSIX_FADV_SEQUENTIAL)
    if offset == size_bytes:
        yield Piece(path, offset, b"")
    while data := os.pread(fd, BUFFER_BYTES, offset):
        yield Piece(path, offset, data)
        offset += len(data)
