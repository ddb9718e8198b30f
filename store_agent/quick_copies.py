"""Staged copies of small flat files, by as few calls as can be: they come by the ten thousand.

Whatever is out of the ordinary is left to the thorough way, which also tells what is wrong.
"""

import contextlib
import os
import re
from typing import NamedTuple

from blake3 import blake3

from librarian.checksums import checksum_of
from librarian.errors import LibrarianError
from librarian.names import check_parent_dirs
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, make_directories, open_beneath
from store_agent.writing import WRITE_FLAGS

_MAX_QUICK_BYTES = 128 << 10
_MAX_NAME_BYTES = 255
# Of these the rules of names need no further look.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}", re.ASCII)


class StagedCopy(NamedTuple):
    """A file to stage, and what it must be."""

    key: int
    store_name: str
    parent_dirs: str
    name: str
    size_bytes: int
    checksum: str


class QuickCopier:
    """Copies one job's small files, directory by directory."""

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._parent_dirs: str | None = None
        self._fds: list[int] = []

    def copy(self, root_fd: int, destination_fd: int, item: StagedCopy) -> bool:
        """Copy a file, and tell whether it is done; if not, nothing is."""
        if item.size_bytes > _MAX_QUICK_BYTES or not _PLAIN_NAME.fullmatch(item.name):
            return False
        try:
            self._turn_to(root_fd, destination_fd, item.parent_dirs)
            if os.access(item.name, os.F_OK, dir_fd=self._fds[1], follow_symlinks=False):
                return False
            data = self._read(item)
            return data is not None and self._write(item, data)
        except (OSError, LibrarianError):
            return False

    def close(self) -> None:
        """Close the directories that were kept open."""
        self._parent_dirs = None
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()

    def _turn_to(self, root_fd: int, destination_fd: int, parent_dirs: str) -> None:
        if parent_dirs == self._parent_dirs:
            return
        self.close()
        check_parent_dirs(parent_dirs)
        self._fds.append(open_beneath(root_fd, parent_dirs, DIRECTORY_FLAGS))
        self._fds.append(make_directories(destination_fd, parent_dirs or ".", durable=False))
        self._parent_dirs = parent_dirs

    def _read(self, item: StagedCopy) -> bytes | None:
        """Return the contents when they are those on record, whatever else happens to the file."""
        fd = os.open(item.name, FILE_FLAGS, dir_fd=self._fds[0])
        try:
            data = os.read(fd, item.size_bytes + 1)
        finally:
            os.close(fd)
        right = f"blake3:{blake3(data).hexdigest()}" == item.checksum
        return data if right and len(data) == item.size_bytes else None

    def _write(self, item: StagedCopy, data: bytes) -> bool:
        dir_fd = self._fds[1]
        temporary = temporary_name(item.name, self._job_id)
        fd = os.open(temporary, WRITE_FLAGS | os.O_EXCL, 0o666, dir_fd=dir_fd)
        try:
            whole = os.write(fd, data) == len(data)
            if whole:
                os.rename(temporary, item.name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
            else:
                os.unlink(temporary, dir_fd=dir_fd)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=dir_fd)
            raise
        finally:
            os.close(fd)
        return whole


def temporary_name(name: str, job_id: int) -> str:
    """Return the name of a copy that is not whole yet: the same again after a crash."""
    temporary = f".{name}.librarian-tmp-{job_id}"
    if len(temporary.encode()) <= _MAX_NAME_BYTES:
        return temporary
    digest = checksum_of(name.encode()).rpartition(":")[2]
    return f".{digest}.librarian-tmp-{job_id}"
