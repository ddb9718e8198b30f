"""Places for searches: some hold a thread for long, and some much memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from librarian.errors import BusyError

# Of the server's threads: those of streams, and those of the streams of one account.
_STREAMS_PART = 2
_ACCOUNTS_PART = 8
_LEAST_OF_AN_ACCOUNT = 2
# Who takes nothing for so long makes room for others, and may go on with another call.
_STALL_SECONDS = 600.0
# From this size on, searches are large: as text they can have four times as many bytes.
LARGE_BYTES = 1 << 20
_LARGE_AT_ONCE = 2
# Who waits holds a thread.
_MOST_PATIENCE_SECONDS = 30.0

# All services of the process read searches, and share its memory.
_large = threading.BoundedSemaphore(_LARGE_AT_ONCE)


@contextmanager
def room_for(size_bytes: int, seconds_left: float) -> Iterator[None]:
    """Wait until a search of that size may be read; raise BusyError when that takes too long."""
    if size_bytes <= LARGE_BYTES:
        yield
        return
    if not _large.acquire(timeout=min(seconds_left, _MOST_PATIENCE_SECONDS)):
        raise BusyError("Too many large searches are read at the moment: repeat the call later.")
    try:
        yield
    finally:
        _large.release()


@dataclass(eq=False)
class StreamPlace:
    """The place of one stream; `sent_at` says since when its reader was to take something."""

    account_name: str
    context: grpc.ServicerContext
    sent_at: float | None = None

    def end_if_stalled(self) -> None:
        """End a stream whose reader takes nothing."""
        sent_at = self.sent_at
        if sent_at is not None and time.monotonic() - sent_at > _STALL_SECONDS:
            self.context.cancel()


class StreamPlaces:
    """The streams under way, of which each holds a thread until it was read."""

    def __init__(self, threads: int) -> None:
        self._most = threads // _STREAMS_PART
        self._most_of_one = min(self._most, max(_LEAST_OF_AN_ACCOUNT, threads // _ACCOUNTS_PART))
        self._taken: set[StreamPlace] = set()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, account_name: str, context: grpc.ServicerContext) -> Iterator[StreamPlace]:
        """Take a place for an account; raise BusyError when it has, or all have, too many."""
        place = StreamPlace(account_name, context)
        with self._lock:
            self._check_room(account_name)
            self._taken.add(place)
        try:
            yield place
        finally:
            with self._lock:
                self._taken.remove(place)

    def _check_room(self, account_name: str) -> None:
        own = [place for place in self._taken if place.account_name == account_name]
        if len(own) < self._most_of_one and len(self._taken) < self._most:
            return
        for place in own if len(own) >= self._most_of_one else self._taken:
            place.end_if_stalled()
        if len(own) >= self._most_of_one:
            raise BusyError(
                f"{account_name!r} reads {self._most_of_one} searches at the moment, which is"
                " the most: read one to its end or close it, and repeat the call."
            )
        raise BusyError("Too many searches are read at the moment: repeat the call later.")
