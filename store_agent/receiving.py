"""Taking streamed contents into staging places, hashed on their way."""

import os
import stat
from dataclasses import dataclass, field

from librarian.checksums import DEFAULT_ALGORITHM, Hasher, new_hasher
from librarian.errors import InvalidRequestError, StateError
from librarian.names import check_entry_path, show_name
from librarian.service.killpoints import reach
from store_agent.digests import StreamedDigests
from store_agent.paths import make_directories, open_beneath
from store_agent.reading import BUFFER_BYTES, stamp_of, start_writing_back_after
from store_agent.staging_places import DATA
from store_agent.writing import COPY_FLAGS, write_all


@dataclass
class _Entry:
    path: str
    fd: int
    size_bytes: int = 0
    hasher: Hasher = field(default_factory=lambda: new_hasher(DEFAULT_ALGORITHM))


class Receiver:
    """Writes the entries of one upload, whose staging place the caller holds locked."""

    def __init__(self, upload_id: str, place_fd: int, digests: StreamedDigests) -> None:
        self._upload_id = upload_id
        self._place_fd = place_fd
        self._digests = digests
        self._entry: _Entry | None = None
        self._parents: tuple[str, int] | None = None

    def receive(self, path: str, offset: int, data: bytes) -> None:
        """Write a piece of an entry; raise InvalidRequestError when it does not follow."""
        if path.endswith("/"):
            self._make_directory(path)
            return
        entry = self._entry
        if entry is None or entry.path != path or offset == 0:
            entry = self._begin(path, offset)
        elif offset != entry.size_bytes:
            raise _wrong_offset(path, offset, entry.size_bytes)
        if data:
            write_all(entry.fd, data, offset)
            reach("agent.written")
            entry.hasher.update(data)
            entry.size_bytes += len(data)
            start_writing_back_after(entry.fd, offset, entry.size_bytes)

    def close(self) -> None:
        """Close what is open, and keep the checksum of the last entry."""
        self._end_entry()
        if self._parents is not None:
            os.close(self._parents[1])
            self._parents = None

    def _begin(self, path: str, offset: int) -> _Entry:
        self._end_entry()
        entry = self._entry = _Entry(path, self._open(path))
        found_bytes = os.fstat(entry.fd).st_size
        if offset == 0:
            if found_bytes:
                os.ftruncate(entry.fd, 0)
        elif offset != found_bytes:
            raise _wrong_offset(path, offset, found_bytes)
        else:
            _read_back(entry, offset)
        return entry

    def _open(self, path: str) -> int:
        if not path:
            fd = open_beneath(self._place_fd, DATA, COPY_FLAGS, 0o666)
        else:
            parent, _, name = check_entry_path(path).rpartition("/")
            fd = open_beneath(self._parent_fd(parent), name, COPY_FLAGS, 0o666)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or not status.st_mode & stat.S_IWUSR:
            os.close(fd)
            raise StateError(f"Upload {self._upload_id} is verified: nothing can be added to it.")
        return fd

    def _parent_fd(self, parent: str) -> int:
        """Return the directory of an entry, kept open: the next entry is likely to be in it."""
        if self._parents is not None and self._parents[0] == parent:
            return self._parents[1]
        if self._parents is not None:
            os.close(self._parents[1])
            self._parents = None
        path = f"{DATA}/{parent}" if parent else DATA
        fd = make_directories(self._place_fd, path, durable=False)
        self._parents = (parent, fd)
        return fd

    def _make_directory(self, path: str) -> None:
        inner = "" if path == "./" else f"/{check_entry_path(path.removesuffix('/'))}"
        os.close(make_directories(self._place_fd, DATA + inner, durable=False))

    def _end_entry(self) -> None:
        entry, self._entry = self._entry, None
        if entry is None:
            return
        checksum = f"{DEFAULT_ALGORITHM}:{entry.hasher.hexdigest()}"
        stamp = stamp_of(entry.fd)
        if stamp.size_bytes == entry.size_bytes:
            self._digests.put(self._upload_id, entry.path, stamp, checksum)
        os.close(entry.fd)


def _read_back(entry: _Entry, size_bytes: int) -> None:
    """Hash what arrived before: its size alone says nothing of what it is."""
    while entry.size_bytes < size_bytes:
        wanted = min(BUFFER_BYTES, size_bytes - entry.size_bytes)
        data = os.pread(entry.fd, wanted, entry.size_bytes)
        if not data:
            raise _wrong_offset(entry.path, size_bytes, entry.size_bytes)
        entry.hasher.update(data)
        entry.size_bytes += len(data)


def _wrong_offset(path: str, offset: int, arrived_bytes: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"The piece of {show_name(path) if path else 'the file'} begins at byte {offset}, but"
        f" {arrived_bytes} bytes have arrived: go on from there, or begin again at 0."
    )
