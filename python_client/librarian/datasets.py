"""The walk over a directory dataset: by descriptors, never through a link, in one fixed order."""

import os
import stat
from collections.abc import Generator, Iterator
from typing import NamedTuple

from librarian.errors import ChangedWhileReadError, InvalidRequestError
from librarian.names import check_entry_path, show_name

# Every directory above the one that is read stays open, and descriptors are few.
_MAX_DEPTH = 64

_DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: were the file swapped for a FIFO, opening it would wait for a writer for ever.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Place(NamedTuple):
    """Where the walk is: an open directory, and the name in it of an entry with a path.

    Of a directory without entries the path ends in `/` and the name is empty.
    """

    directory_fd: int
    name: str
    path: str

    @property
    def is_empty_directory(self) -> bool:
        """Tell whether this is a directory without entries, and not a file."""
        return not self.name


class DatasetEntry(NamedTuple):
    """An entry of a dataset that was not read; the path of an empty directory ends in `/`."""

    path: str
    size_bytes: int


def list_entries(dir_fd: int) -> Iterator[DatasetEntry]:
    """Yield the files and empty directories of an open directory, sorted by their paths' bytes.

    Raises InvalidRequestError for what a dataset must not hold, and ChangedWhileReadError.
    """
    for place in walk_dataset(dir_fd):
        if place.is_empty_directory:
            yield DatasetEntry(place.path, 0)
        else:
            yield DatasetEntry(place.path, _lstat(place).st_size)


def walk_dataset(dir_fd: int) -> Generator[Place, None, None]:
    """Yield the places of the files and empty directories, sorted by their paths' bytes.

    A place's directory is open only until the next one is asked for, or the walk is closed.
    """
    # A descriptor of our own: two walks over one would share its position.
    yield from _walk_directory(Place(dir_fd, ".", ""), 0)


def open_entry(place: Place) -> int:
    """Open the file at a place for reading, and return its descriptor; the caller closes it."""
    fd = _open(place, _FILE_FLAGS)
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise _refused(place.path, mode)
    return fd


def changed(path: str) -> ChangedWhileReadError:
    """Return the error of a file that did not stay as it was while it was read."""
    return ChangedWhileReadError(
        f"{show_name(path)} changed while it was being read: wait until its writer is done,"
        " and repeat."
    )


def _walk_directory(place: Place, depth: int) -> Iterator[Place]:
    if depth > _MAX_DEPTH:
        raise InvalidRequestError(
            f"The dataset has more than {_MAX_DEPTH} directories inside one another, at"
            f" {show_name(place.path)}: pack it flatter."
        )
    fd = _open(place, _DIRECTORY_FLAGS)
    prefix = place.path and f"{place.path}/"
    try:
        before = os.fstat(fd).st_mtime_ns
        entries = _sorted_entries(fd, prefix)
        if not entries:
            yield Place(fd, "", prefix or "./")
        for key, name in entries:
            entry = Place(fd, name, prefix + name)
            if key.endswith(b"/"):
                yield from _walk_directory(entry, depth + 1)
            else:
                yield entry
        if os.fstat(fd).st_mtime_ns != before:
            raise changed(prefix or "the dataset")
    finally:
        os.close(fd)


def _sorted_entries(fd: int, prefix: str) -> list[tuple[bytes, str]]:
    """List a directory: with `/` after directories the order is that of whole paths."""
    entries = []
    with os.scandir(fd) as found:
        for entry in found:
            path = check_entry_path(prefix + entry.name)
            if entry.is_dir(follow_symlinks=False):
                entries.append((os.fsencode(entry.name) + b"/", entry.name))
            elif entry.is_file(follow_symlinks=False):
                entries.append((os.fsencode(entry.name), entry.name))
            else:
                raise _refused(path, _lstat(Place(fd, entry.name, path)).st_mode)
    return sorted(entries)


def _open(place: Place, flags: int) -> int:
    try:
        return os.open(place.name, flags, dir_fd=place.directory_fd)
    except FileNotFoundError:
        raise changed(place.path) from None
    except OSError as error:
        raise InvalidRequestError(
            f"{show_name(place.path or '.')} in the dataset cannot be opened: {error.strerror}."
        ) from error


def _lstat(place: Place) -> os.stat_result:
    try:
        return os.stat(place.name, dir_fd=place.directory_fd, follow_symlinks=False)
    except FileNotFoundError:
        raise changed(place.path) from None


def _refused(path: str, mode: int) -> InvalidRequestError:
    kind = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFDIR: "a directory",
    }.get(stat.S_IFMT(mode), "a device")
    return InvalidRequestError(
        f"{show_name(path)} in the dataset is {kind}: a dataset holds files and directories only;"
        " put a copy in its place, or take it out."
    )
