"""Verifying what has arrived: each byte read at most once, compared, and put on disk."""

import fcntl
import logging
import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from librarian.checksums import DEFAULT_ALGORITHM
from librarian.datasets import changed
from librarian.errors import (
    BusyError,
    InvalidRequestError,
)
from librarian.manifests import describe_contents
from librarian.names import show_name
from librarian.observations import ObservationFacts, read_observation
from librarian.service.killpoints import reach
from store_agent.comparing import algorithms_for, compare
from store_agent.digests import StreamedDigests
from store_agent.faults import explained
from store_agent.kept_manifests import keep_manifest
from store_agent.modes import make_read_only
from store_agent.reading import Reader, Stop, stamp_of
from store_agent.staging_places import lock_place, open_data, opened_place
from store_agent.stores import Store

logger = logging.getLogger(__name__)

_MAX_FLUSHES = 64
_SMALL_BYTES = 1 << 20


@dataclass(frozen=True)
class Expected:
    """An upload and what it must be; without a checksum, whatever it is."""

    upload_id: str
    size_bytes: int
    checksum: str


@dataclass(frozen=True)
class Verified:
    """What an upload was found to be; the inode is that of the file or directory itself."""

    checksum: str
    inode: int
    observation: ObservationFacts | None


class Verifier:
    """Verifies uploads to one store, whose root is open."""

    def __init__(self, store: Store, root_fd: int, digests: StreamedDigests, stop: Stop) -> None:
        self._store = store
        self._where = f"The store {show_name(store.name)}"
        self._root_fd = root_fd
        self._digests = digests
        self._reader = Reader(stop)

    def verify(self, expected: Expected) -> Verified:
        """Verify an upload; raise what is wrong with it.

        Raises BusyError while somebody writes, InvalidRequestError for what cannot be a file,
        CorruptContentsError when it is not what was expected.
        """
        with (
            explained(self._where),
            opened_place(self._root_fd, expected.upload_id) as place_fd,
        ):
            lock_place(place_fd, expected.upload_id)
            fd = open_data(place_fd, expected.upload_id)
            try:
                return self._verify_data(fd, expected)
            finally:
                os.close(fd)

    def _verify_data(self, fd: int, expected: Expected) -> Verified:
        algorithms = algorithms_for(expected.checksum)
        flushes = _Flushes(self._store)
        try:
            contents = describe_contents(fd, algorithms, self._reading(expected, flushes))
        finally:
            flushes.wait()
        reach("agent.hashed")
        compare(contents, expected.size_bytes, expected.checksum)
        if contents.manifest is not None:
            settle_tree(fd)
            keep_manifest(self._root_fd, contents)
        else:
            make_read_only(fd)
        reach("agent.verified")
        return Verified(
            contents.checksums[algorithms[0]], os.fstat(fd).st_ino, find_observation(fd)
        )

    def _reading(self, expected: Expected, flushes: "_Flushes") -> "_Reading":
        return _Reading(expected.upload_id, self._reader, self._digests, flushes)


class _Reading:
    """Reads an upload's entries, unless their checksum is known from when they came in."""

    def __init__(
        self, upload_id: str, reader: Reader, digests: StreamedDigests, flushes: "_Flushes"
    ) -> None:
        self._upload_id = upload_id
        self._reader = reader
        self._digests = digests
        self._flushes = flushes

    def __call__(self, fd: int, path: str, algorithms: Iterable[str]) -> tuple[int, dict[str, str]]:
        _refuse_open_writers(fd, path)
        wanted = list(algorithms)
        stamp = stamp_of(fd)
        self._flushes.start(fd, at_once=not path and stamp.size_bytes <= _SMALL_BYTES)
        known = self._digests.take(self._upload_id, path, stamp)
        if known is None or wanted != [DEFAULT_ALGORITHM]:
            return self._reader.read_file(fd, path, wanted)
        if stamp_of(fd) != stamp:
            raise changed(path or "the file")
        return stamp.size_bytes, {DEFAULT_ALGORITHM: known}


class _Flushes:
    """Puts files on disk while others are read.

    An fsync that failed is never repeated: the kernel would say that all is well, and the bytes
    would be gone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Future[None]] = deque()

    def start(self, fd: int, *, at_once: bool) -> None:
        """Begin to put an open file on disk, or do it at once: for a small file that is quicker."""
        if at_once:
            os.fsync(fd)
            return
        if len(self._waiting) >= _MAX_FLUSHES:
            self._waiting.popleft().result()
        own_fd = os.dup(fd)
        try:
            self._waiting.append(self._store.flush.submit(_flush, own_fd))
        except BaseException:
            os.close(own_fd)
            raise

    def wait(self) -> None:
        """Wait until all is on disk; raise the first error, once all are done."""
        errors = [error for flush in self._waiting if (error := flush.exception())]
        self._waiting.clear()
        if errors:
            raise errors[0]


def _flush(fd: int) -> None:
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def settle_tree(dir_fd: int) -> None:
    """Make a verified dataset read-only, and put its directories on disk, the inner ones first.

    The outermost directory stays writable: it could not be moved otherwise.
    """
    with os.scandir(dir_fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        fd = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd
        )
        try:
            if is_folder:
                settle_tree(fd)
            make_read_only(fd)
        finally:
            os.close(fd)
    os.fsync(dir_fd)


def find_observation(fd: int) -> ObservationFacts | None:
    """Return the observation that contents speak of; damaged ones speak of none.

    Whether that is an error is the catalogue's to say: a person may have told the observation.
    """
    try:
        return read_observation(fd)
    except InvalidRequestError as error:
        logger.info("No observation was found: %s", error)
        return None


def _refuse_open_writers(fd: int, path: str) -> None:
    """Raise BusyError while anybody has the file open for writing: the lock binds only the polite.

    The kernel grants a lease for reading only on a file that nobody can write to.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        raise BusyError(
            f"Somebody has {show_name(path or 'the file')} open for writing: repeat when they are"
            " done."
        ) from None
    except OSError:
        return  # Not every file system has leases, nor may the agent take one on another's file.
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
