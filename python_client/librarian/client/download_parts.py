"""The part of a download that is here: resumed, verified, and given its name when it is whole."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from librarian.checksums import parse_checksum
from librarian.client.copying import (
    explained,
    hash_prefix,
    start_write_back,
    write_piece,
)
from librarian.client.download_ways import Listing, Piece, Way
from librarian.client.tallies import Tally
from librarian.datasets import DatasetEntry, list_entries
from librarian.errors import BusyError, ConflictError, CorruptContentsError, LibrarianError
from librarian.hashing import hashing_beside
from librarian.manifests import describe_contents
from librarian.names import check_entry_path, show_name
from librarian.v1 import instances_pb2

_ENTRIES_AT_ONCE = 1000
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def is_already_there(target: Path, opened: instances_pb2.OpenFileResponse) -> bool:
    """Tell whether the file is at its target; raise ConflictError when something else is."""
    if not os.path.lexists(target):
        return False
    algorithm = parse_checksum(opened.checksum).algorithm
    try:
        fd = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = describe_contents(fd, [algorithm]).checksums[algorithm]
        finally:
            os.close(fd)
    except (OSError, LibrarianError) as error:
        raise _something_else(target) from error
    if found != opened.checksum:
        raise _something_else(target)
    return True


class Part:
    """A partial download beside its target, `.<name>.librarian-part`, held by one process."""

    def __init__(self, target: Path, advance: Callable[[int], None]) -> None:
        self._target = target
        self._advance = advance
        self._path = target.with_name(f".{target.name}.librarian-part")
        self.counted_bytes = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the part, so that two processes do not write to it; raises BusyError."""
        lock = self._target.with_name(f".{self._target.name}.librarian-lock")
        with explained(str(self._target.parent)):
            fd = os.open(lock, _FLAGS, 0o600)
        try:
            if not _is_locked(fd, lock):
                raise BusyError(
                    f"Another process is getting {self._target} just now: wait until it is done."
                )
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
        finally:
            os.close(fd)

    def fetch(self, way: Way, opened: instances_pb2.OpenFileResponse) -> None:
        """Bring what is missing, and compare all with the record.

        Raises CorruptContentsError, and removes the part, when it differs although nothing of it
        was here before.
        """
        self._recount()
        listing = way.list()
        was_resumed = self._prepare(listing)
        if self._bring(way, listing, opened.checksum) == opened.checksum:
            return
        self.remove()
        if not was_resumed:
            raise CorruptContentsError(
                f"The contents of {show_name(self._target.name)} at {' '.join(way.key)} differ"
                " from the record: tell the site's administrator."
            )
        # What was here before may have been wrong, rather than what came.
        self.fetch(way, opened)

    def publish(self) -> None:
        """Give the part its name; it is on disk before."""
        if os.path.lexists(self._target):
            raise _something_else(self._target)
        with explained(str(self._target.parent)):
            os.rename(self._path, self._target)
            _flush(self._target.parent)

    def remove(self) -> None:
        """Remove what is here."""
        with explained(str(self._target.parent)):
            if self._path.is_dir() and not self._path.is_symlink():
                shutil.rmtree(self._path)
            else:
                self._path.unlink(missing_ok=True)

    def _recount(self) -> None:
        self._advance(-self.counted_bytes)
        self.counted_bytes = 0

    def _prepare(self, listing: Listing) -> bool:
        """Make room for what the instance holds; tell whether some of it was here before."""
        if not os.path.lexists(self._path):
            return False
        is_directory = self._path.is_dir() and not self._path.is_symlink()
        if is_directory != listing.is_directory or (is_directory and self._has_strays(listing)):
            self.remove()
            return False
        return True

    def _has_strays(self, listing: Listing) -> bool:
        wanted = {entry.path for entry in listing.entries}
        fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return any(
                not entry.path.endswith("/") and entry.path not in wanted
                for entry in list_entries(fd)
            )
        except LibrarianError:
            return True
        finally:
            os.close(fd)

    def _bring(self, way: Way, listing: Listing, checksum: str) -> str:
        tally = Tally(listing.is_directory, checksum)
        for first in range(0, len(listing.entries), _ENTRIES_AT_ONCE):
            self._bring_some(way, listing.entries[first : first + _ENTRIES_AT_ONCE], tally)
        if listing.is_directory:
            with explained(str(self._target.parent)):
                _flush_directories(self._path)
        return tally.checksum()

    def _bring_some(self, way: Way, entries: list[DatasetEntry], tally: Tally) -> None:
        offsets = {entry.path: self._present_bytes(entry) for entry in entries}
        wanted = [(e.path, offsets[e.path]) for e in entries if offsets[e.path] < e.size_bytes]
        pieces = way.read(wanted) if wanted else iter(())
        for entry in entries:
            if entry.path.endswith("/"):
                self._make_directory(self._path / entry.path)
                tally.add_empty_directory(entry.path)
            else:
                self._bring_entry(entry, offsets[entry.path], pieces, tally)

    def _bring_entry(
        self, entry: DatasetEntry, offset: int, pieces: Iterator[Piece], tally: Tally
    ) -> None:
        hasher = tally.new_hasher()
        with explained(str(self._target.parent)):
            fd = os.open(self._place_of(entry.path), _FLAGS, 0o666)
        try:
            with explained(str(self._target.parent)):
                os.ftruncate(fd, offset)
                self._count(hash_prefix(fd, offset, hasher))
            with hashing_beside(hasher, entry.size_bytes - offset) as update:
                while offset < entry.size_bytes:
                    piece = _next_piece(pieces, entry, offset)
                    update(piece.data)
                    self._write(fd, piece)
                    offset += len(piece.data)
            with explained(str(self._target.parent)):
                os.fsync(fd)
        finally:
            os.close(fd)
        tally.add(entry.path, entry.size_bytes, hasher)

    def _write(self, fd: int, piece: Piece) -> None:
        end = piece.offset + len(piece.data)
        with explained(str(self._target.parent)):
            write_piece(fd, piece.data, piece.offset)
            start_write_back(fd, piece.offset, end)
        self._count(len(piece.data))

    def _count(self, size_bytes: int) -> None:
        self.counted_bytes += size_bytes
        self._advance(size_bytes)

    def _present_bytes(self, entry: DatasetEntry) -> int:
        try:
            size_bytes = os.lstat(self._path / entry.path if entry.path else self._path).st_size
        except OSError:
            return 0
        return size_bytes if size_bytes <= entry.size_bytes else 0

    def _place_of(self, path: str) -> Path:
        if not path:
            return self._path
        place = self._path / check_entry_path(path)
        self._make_directory(place.parent)
        return place

    def _make_directory(self, path: Path) -> None:
        with explained(str(self._target.parent)):
            path.mkdir(parents=True, exist_ok=True)


def _is_locked(fd: int, lock: Path) -> bool:
    """Lock an open file, and tell whether it is still the one of that path."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(fd), os.lstat(lock))
    except (BlockingIOError, FileNotFoundError):
        return False


def _next_piece(pieces: Iterator[Piece], entry: DatasetEntry, offset: int) -> Piece:
    piece = next(pieces, None)
    if piece is None or not piece.data:
        raise CorruptContentsError(
            f"The contents of {show_name(entry.path or 'the file')} end at byte {offset} of"
            f" {entry.size_bytes}: tell the site's administrator."
        )
    if (piece.path, piece.offset) != (entry.path, offset):
        raise LibrarianError("The store agent sent something else than it was asked for.")
    return piece


def _flush_directories(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        _flush(Path(folder))


def _flush(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _something_else(target: Path) -> ConflictError:
    return ConflictError(
        f"{target} is there already and is not this file: remove it, or choose another path."
    )
