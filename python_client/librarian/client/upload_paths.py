"""The way in by path: contents are copied straight into the staging place, on the same host."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from librarian.client.copying import explained, start_write_back, write_piece
from librarian.client.sources import SourceEntry, open_entries, read_into
from librarian.client.tallies import Tally
from librarian.client.upload_runs import Pending, Run
from librarian.errors import BusyError
from librarian.hashing import Piece, PieceBuffers, hashing_beside
from librarian.v1 import uploads_pb2

WAY_VARIABLE = "LIBRARIAN_UPLOAD_WAY"

_DATA = "data"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def is_path_open(way_in: uploads_pb2.WayIn) -> bool:
    """Tell whether the staging place is a directory of our own on this host.

    One of another account's is not used though we might write there, as root or by its group:
    the agent must own what it makes read-only.
    """
    if os.environ.get(WAY_VARIABLE) == "stream":
        return False
    try:
        status = os.lstat(way_in.staging_path)
    except OSError:
        return False
    is_ours = status.st_uid == os.geteuid()
    return is_ours and os.access(way_in.staging_path, os.W_OK | os.X_OK)


def send_by_path(pending: Pending, way_in: uploads_pb2.WayIn, run: Run) -> str:
    """Copy an upload's contents into its staging place, and return their checksum.

    Raises BusyError when somebody else writes there, StoreFullError, and what is wrong with the
    contents themselves.
    """
    source = pending.source
    tally = Tally(source.is_directory, source.item.checksum or "")
    data = os.path.join(way_in.staging_path, _DATA)
    with _locked(way_in.staging_path):
        _remove(data)
        parents: set[str] = set()
        copier = _Copier(pending, tally, run)
        for entry, fd in open_entries(source):
            target = os.path.join(data, entry.path) if source.is_directory else data
            _make_directory(
                target if entry.is_empty_directory else os.path.dirname(target), parents
            )
            if entry.is_empty_directory:
                tally.add_empty_directory(entry.path)
            else:
                copier.copy(entry, fd, target)
    return tally.checksum()


class _Copier:
    """Copies the entries of one upload."""

    def __init__(self, pending: Pending, tally: Tally, run: Run) -> None:
        self._pending = pending
        self._tally = tally
        self._run = run
        self._buffers = PieceBuffers()

    def copy(self, entry: SourceEntry, fd: int, target: str) -> None:
        """Copy an open entry to a path where nothing is."""
        hasher = self._tally.new_hasher()
        with explained("the store"):
            target_fd = os.open(target, _FLAGS, 0o644)
        try:
            with hashing_beside(hasher, entry.size_bytes) as update:
                self._copy_pieces(entry, fd, target_fd, update)
        finally:
            os.close(target_fd)
        self._tally.add(entry.path, entry.size_bytes, hasher)

    def _copy_pieces(
        self, entry: SourceEntry, fd: int, target_fd: int, update: Callable[[Piece], object]
    ) -> None:
        offset = 0
        while offset < entry.size_bytes:
            buffer = self._buffers.next(entry.size_bytes)
            piece = buffer[: read_into(fd, entry, offset, buffer)]
            update(piece)
            self._write(target_fd, piece, offset)
            offset += len(piece)

    def _write(self, fd: int, piece: Piece, offset: int) -> None:
        with explained("the store"):
            write_piece(fd, piece, offset)
            start_write_back(fd, offset, offset + len(piece))
        self._pending.counted_bytes += len(piece)
        self._run.advance(len(piece))


def _make_directory(path: str, made: set[str]) -> None:
    if path not in made:
        with explained("the store"):
            os.makedirs(path, mode=0o755, exist_ok=True)
        made.add(path)


def _remove(data: str) -> None:
    """Remove what an earlier attempt left: it is not known which of it is whole."""
    with explained("the store"):
        if os.path.isdir(data) and not os.path.islink(data):
            shutil.rmtree(data)
        elif os.path.lexists(data):
            os.unlink(data)


@contextmanager
def _locked(staging_path: str) -> Iterator[None]:
    with explained("the store"):
        fd = os.open(staging_path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                "The same upload is under way in another process: wait until it is done."
            ) from None
        yield
    finally:
        os.close(fd)
