"""Local contents to upload: a flat file or a directory tree, as it was when it was looked at."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from blake3 import blake3

from librarian.client.metadata import check_metadata
from librarian.client.records import UploadItem
from librarian.datasets import Place, changed, open_entry, walk_dataset
from librarian.errors import InvalidRequestError, NotFoundError
from librarian.names import check_file_name, check_parent_dirs, show_name

# O_NONBLOCK: opening a FIFO would wait for a writer for ever.
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

# What tells that a file did not change: size, modification and change times, inode.
Stamp = tuple[int, int, int, int]


class SourceEntry(NamedTuple):
    """An entry of local contents; a flat file's path is empty, an empty directory's ends in `/`."""

    path: str
    size_bytes: int
    stamp: Stamp

    @property
    def is_empty_directory(self) -> bool:
        """Tell whether this is a directory without entries, and not a file."""
        return self.path.endswith("/")


@dataclass(frozen=True)
class Source:
    """A local file or directory tree, and the name and directories it shall have."""

    item: UploadItem
    path: str
    name: str
    parent_dirs: str
    is_directory: bool
    entries: list[SourceEntry]
    size_bytes: int
    device: int

    def request_id(self, account_name: str) -> str:
        """Return the key that is the same when the same contents are uploaded again.

        So whoever repeats an upload that was broken off goes on with it, and keeps no state.
        """
        item = self.item
        options = (item.null_obsid, item.obsid, item.store, item.deletion_allowed, item.checksum)
        place = (socket.gethostname(), self.path, self.device, self.name, self.parent_dirs)
        hasher = blake3(repr((account_name, place, options)).encode(errors="surrogateescape"))
        for entry in self.entries:
            hasher.update(repr(entry).encode(errors="surrogateescape"))
        return hasher.hexdigest()


def read_source(item: UploadItem) -> Source:
    """Look at local contents, without reading them.

    Raises NotFoundError when nothing is there, and InvalidRequestError for a name that is not
    legal, metadata that cannot be sent, what may not be read, or what a file must not hold.
    """
    parent_dirs, name = split_destination(item.dest)
    check_metadata(item.metadata)
    path = os.path.abspath(os.fspath(item.local_path))
    with _opened(path) as fd:
        status = os.fstat(fd)
        is_directory = stat.S_ISDIR(status.st_mode)
        if is_directory:
            entries = list(_list_tree(fd, path))
        elif stat.S_ISREG(status.st_mode):
            entries = [SourceEntry("", status.st_size, _stamp(status))]
        else:
            raise InvalidRequestError(
                f"{show_name(path)} is neither a file nor a directory: it cannot be uploaded."
            )
    size_bytes = sum(entry.size_bytes for entry in entries)
    device = status.st_dev
    return Source(item, path, name, parent_dirs, is_directory, entries, size_bytes, device)


def split_destination(dest: str) -> tuple[str, str]:
    """Return the parent directories and the name in `parent/dirs/name`, both checked."""
    if dest.startswith("/"):
        raise InvalidRequestError(
            f"The destination {show_name(dest)} begins with '/': give it relative to the store."
        )
    parent_dirs, _, name = dest.rpartition("/")
    if not name:
        raise InvalidRequestError(
            f"The destination {show_name(dest)} has no name at its end: give 'parent/dirs/name'."
        )
    return check_parent_dirs(parent_dirs), check_file_name(name)


def open_entries(source: Source) -> Iterator[tuple[SourceEntry, int]]:
    """Yield each entry with its open descriptor, which is -1 for an empty directory.

    Raises ChangedWhileReadError when an entry is not as it was, before it is read or after.
    """
    with _opened(source.path) as fd:
        if not source.is_directory:
            yield from _guarded(source.entries[0], lambda: os.dup(fd), source.path)
            return
        expected = iter(source.entries)
        for place in walk_dataset(fd):
            entry = next(expected, None)
            if entry is None or entry.path != place.path:
                raise changed(place.path)
            if place.is_empty_directory:
                yield entry, -1
            else:
                yield from _guarded(entry, _opener(place), place.path)
        if (missing := next(expected, None)) is not None:
            raise changed(missing.path)


def read_piece(fd: int, entry: SourceEntry, offset: int, most_bytes: int) -> bytes:
    """Return the piece of an entry at an offset, at most so long; raise when it cannot be read."""
    try:
        data = os.pread(fd, min(most_bytes, entry.size_bytes - offset), offset)
    except OSError as error:
        raise unreadable(entry.path, error) from error
    if not data and offset < entry.size_bytes:
        raise changed(entry.path or "the file")
    return data


def read_into(fd: int, entry: SourceEntry, offset: int, buffer: memoryview) -> int:
    """Read a piece of an entry at an offset; return its size, which is never 0."""
    try:
        count = os.preadv(fd, [buffer[: entry.size_bytes - offset]], offset)
    except OSError as error:
        raise unreadable(entry.path, error) from error
    if not count:
        raise changed(entry.path or "the file")
    return count


def unreadable(path: str, error: OSError) -> InvalidRequestError:
    """Return the error of local contents that the system does not let us read."""
    return InvalidRequestError(
        f"{show_name(path or 'the file')} cannot be read: {error.strerror or error}."
    )


def _guarded(
    entry: SourceEntry, open_it: Callable[[], int], shown: str
) -> Iterator[tuple[SourceEntry, int]]:
    fd = open_it()
    try:
        if _stamp(os.fstat(fd)) != entry.stamp:
            raise changed(shown)
        yield entry, fd
        # Some systems' files, such as /proc's, have more in them than their size says.
        if _stamp(os.fstat(fd)) != entry.stamp or os.pread(fd, 1, entry.size_bytes):
            raise changed(shown)
    finally:
        os.close(fd)


def _opener(place: Place) -> Callable[[], int]:
    return lambda: open_entry(place)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        fd = os.open(path, _OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"There is nothing at {show_name(path)}.") from None
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError:
        raise InvalidRequestError(f"{show_name(path)} is not a path.") from None
    try:
        yield fd
    finally:
        os.close(fd)


def _list_tree(fd: int, path: str) -> Iterator[SourceEntry]:
    for place in walk_dataset(fd):
        if place.path == "./":
            raise InvalidRequestError(
                f"The directory {show_name(path)} is empty: a file that is a directory must hold"
                " something."
            )
        if place.is_empty_directory:
            yield SourceEntry(place.path, 0, (0, 0, 0, 0))
            continue
        try:
            status = os.stat(place.name, dir_fd=place.directory_fd, follow_symlinks=False)
        except FileNotFoundError:
            raise changed(place.path) from None
        yield SourceEntry(place.path, status.st_size, _stamp(status))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
