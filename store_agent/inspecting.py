"""Inspecting what lies under a store: size, checksum and observation of each file."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from librarian.checksums import DEFAULT_ALGORITHM
from librarian.errors import InvalidRequestError, LibrarianError
from librarian.manifests import describe_contents
from librarian.names import RESERVED_PREFIX, check_file_name, check_parent_dirs, show_name
from librarian.observations import ObservationFacts
from store_agent.comparing import compare
from store_agent.faults import explain
from store_agent.instances import check_folder_path, check_instance_path
from store_agent.kept_manifests import keep_manifest
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, open_beneath
from store_agent.reading import Reader, open_instance
from store_agent.verifying import find_observation

_MIRIAD_ITEMS = {"header", "vartable", "visdata"}
_MAX_DEPTH = 64


@dataclass(frozen=True)
class Inspected:
    """A file as it was found, or why it could not be inspected."""

    path: str
    size_bytes: int = 0
    checksum: str = ""
    observation: ObservationFacts | None = None
    error: LibrarianError | None = None


class Inspector:
    """Inspects files beneath a store's open root."""

    def __init__(self, root_fd: int, reader: Reader) -> None:
        self._root_fd = root_fd
        self._reader = reader

    def inspect(self, paths: Iterable[str], *, recursive: bool) -> Iterator[Inspected]:
        """Inspect the files at the paths, or those below them."""
        for path in paths:
            if recursive:
                yield from self._inspect_below(path)
            else:
                yield self._inspect_path(path)

    def _inspect_path(self, path: str) -> Inspected:
        try:
            fd = open_instance(self._root_fd, check_instance_path(path))
        except LibrarianError as error:
            return Inspected(path, error=error)
        except OSError as error:
            return Inspected(path, error=explain(error, show_name(path)))
        try:
            return self._inspect_open(fd, path)
        finally:
            os.close(fd)

    def _inspect_below(self, path: str) -> Iterator[Inspected]:
        try:
            folder = check_folder_path(path)
            fd = open_beneath(self._root_fd, folder, DIRECTORY_FLAGS)
        except NotADirectoryError:
            yield self._inspect_path(path)
        except LibrarianError as error:
            yield Inspected(path, error=error)
        except OSError as error:
            yield Inspected(path, error=explain(error, f"The store, at {show_name(path)},"))
        else:
            try:
                yield from self._walk(fd, "" if folder == "." else folder, 0)
            finally:
                os.close(fd)

    def _walk(self, dir_fd: int, path: str, depth: int) -> Iterator[Inspected]:
        """Inspect the files of an open directory, or the directory if it is a dataset."""
        folders, names = _list_directory(dir_fd)
        if path and set(names) >= _MIRIAD_ITEMS:
            yield self._inspect_open(dir_fd, path)
            return
        prefix = path and f"{path}/"
        for name in names:
            yield self._inspect_entry(dir_fd, name, prefix)
        for name in folders:
            yield from self._walk_folder(dir_fd, name, prefix, depth + 1)

    def _walk_folder(self, dir_fd: int, name: str, prefix: str, depth: int) -> Iterator[Inspected]:
        path = prefix + name
        try:
            if depth > _MAX_DEPTH:
                raise InvalidRequestError(f"{show_name(path)} lies too deep to be a file's place.")
            check_parent_dirs(path)
            fd = os.open(name, DIRECTORY_FLAGS | os.O_NOFOLLOW, dir_fd=dir_fd)
        except LibrarianError as error:
            yield Inspected(_shown(path), error=error)
        except OSError as error:
            yield Inspected(_shown(path), error=explain(error, show_name(path)))
        else:
            try:
                yield from self._walk(fd, path, depth)
            finally:
                os.close(fd)

    def _inspect_entry(self, dir_fd: int, name: str, prefix: str) -> Inspected:
        path = prefix + name
        try:
            check_file_name(name)
            fd = os.open(name, FILE_FLAGS, dir_fd=dir_fd)
        except LibrarianError as error:
            return Inspected(_shown(path), error=error)
        except OSError as error:
            return Inspected(_shown(path), error=_unreadable(path, error))
        try:
            return self._inspect_open(fd, path)
        finally:
            os.close(fd)

    def _inspect_open(self, fd: int, path: str) -> Inspected:
        try:
            mode = os.fstat(fd).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise _special(path)
            contents = describe_contents(fd, read_file=self._reader.read_file)
            if contents.manifest is not None:
                compare(contents, contents.size_bytes, "")
                keep_manifest(self._root_fd, contents)
            # Nothing shorter than this tells of anything: the look at it is saved.
            facts = find_observation(fd) if contents.size_bytes else None
            return Inspected(
                path, contents.size_bytes, contents.checksums[DEFAULT_ALGORITHM], facts
            )
        except LibrarianError as error:
            return Inspected(path, error=error)
        except OSError as error:
            return Inspected(path, error=explain(error, show_name(path)))


def _list_directory(dir_fd: int) -> tuple[list[str], list[str]]:
    """List the names of an open directory's directories, and those of all else, sorted."""
    folders: list[str] = []
    names: list[str] = []
    with os.scandir(dir_fd) as entries:
        for entry in entries:
            if not entry.name.startswith(RESERVED_PREFIX):
                (folders if entry.is_dir(follow_symlinks=False) else names).append(entry.name)
    return sorted(folders), sorted(names)


def _unreadable(path: str, error: OSError) -> LibrarianError:
    # O_NOFOLLOW meets a link with ELOOP, a socket with ENXIO.
    return (
        _special(path)
        if error.errno in (errno.ELOOP, errno.ENXIO)
        else explain(error, show_name(path))
    )


def _special(path: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{show_name(path)} is a symbolic link or a special file: only files and directories are"
        " kept."
    )


def _shown(path: str) -> str:
    """Return a path that can be sent: one that is not UTF-8 is told with escapes."""
    return path.encode(errors="backslashreplace").decode()
