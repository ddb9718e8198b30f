"""What every way of moving a batch's bytes to a neighbour looks like."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol

from librarian.errors import LibrarianError
from store_agent.instances import instance_path
from store_agent.reading import Stop


class WayName(IntEnum):
    """A way, with the number of `PushWay`."""

    SHARED = 1
    RSYNC = 2
    STREAM = 3


class Cause(IntEnum):
    """What is in the way of a batch, with the number of `Link.Cause`."""

    UNREACHABLE = 1
    REFUSED = 2
    FULL = 3
    MISCONFIGURED = 4


class TroubleError(LibrarianError):
    """Something is in the way of all that is not there yet.

    MISCONFIGURED speaks of this one way: the next is tried. Any other cause ends the push.
    """

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class WayIn:
    """Where to bring the bytes of a batch, as the neighbour answered; not to be believed."""

    store_name: str
    agent_address: str = ""
    agent_tls: bool = False
    ticket: str = field(default="", repr=False)
    staging_path: str = ""
    ssh_host: str = ""
    ssh_port: int = 22
    ssh_user: str = ""
    rsync_path: str = ""
    ways: tuple[int, ...] = ()


@dataclass(frozen=True)
class Push:
    """A batch to bring to a neighbour, under one claim of it."""

    batch_id: str
    fence: int
    librarian_name: str
    way_in: WayIn
    ways: tuple[int, ...] = ()
    ssh_host_key: str = ""
    ca_pem: str = ""
    bandwidth_bytes_per_second: int = 0


class PushFile(NamedTuple):
    """An instance to bring, and what its contents must be."""

    upload_id: str
    store_name: str
    parent_dirs: str
    name: str
    size_bytes: int
    checksum: str

    def path(self) -> str:
        """Return its path beneath the store's root; raise InvalidRequestError when it is none."""
        return instance_path(self.parent_dirs, self.name)


class Settled(NamedTuple):
    """A file whose bytes are there, or the fault of the copy here for which they are not."""

    upload_id: str
    error: LibrarianError | None


class Progress:
    """What is done of a push; ways report to it from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled: set[str] = set()
        self._news: list[Settled] = []
        self._bytes_done = 0

    def advance(self, count: int) -> None:
        """Count bytes that are there; negative for some that must be brought again."""
        with self._lock:
            self._bytes_done += count

    def settle(self, file: PushFile, error: LibrarianError | None = None) -> None:
        """Report a file whose bytes are all there, or the fault of the copy here; once."""
        with self._lock:
            if file.upload_id not in self._settled:
                self._settled.add(file.upload_id)
                self._news.append(Settled(file.upload_id, error))

    def left(self, files: Sequence[PushFile]) -> list[PushFile]:
        """Return the files that are not settled yet."""
        with self._lock:
            return [file for file in files if file.upload_id not in self._settled]

    def take(self) -> tuple[list[Settled], int]:
        """Return what was settled since the last call, and all bytes that are there."""
        with self._lock:
            news, self._news = self._news, []
            return news, self._bytes_done


class Way(Protocol):
    """A way of moving a batch's bytes.

    `bring` settles each file alone, and returns when all are. It raises TroubleError when
    something is in the way of all that are left, and BusyError as soon as it may when it is to
    stop. What it brought stays for the next claim of the batch.
    """

    name: WayName

    def problem(self, push: Push) -> str | None:
        """Return why the way cannot be taken from here, in a sentence, or None when it can."""

    def bring(self, push: Push, files: Sequence[PushFile], progress: Progress, stop: Stop) -> None:
        """Bring files to the neighbour's store."""
