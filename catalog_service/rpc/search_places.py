"""Places for searches: some hold a thread for long, and some much memory."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from librarian.errors import BusyError

# Of the server's threads: those of streams, and those of the streams of one account.
_STREAMS_PART = 2
_ACCOUNTS_PART = 8
_LEAST_OF_AN_ACCOUNT = 2
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


class StreamPlaces:
    """The streams under way, of which each holds a thread until it was read."""

    def __init__(self, threads: int) -> None:
        self._most = threads // _STREAMS_PART
        self._most_of_one = min(self._most, max(_LEAST_OF_AN_ACCOUNT, threads // _ACCOUNTS_PART))
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, account_name: str) -> Iterator[None]:
        """Take a place for an account; raise BusyError when it has, or all have, too many."""
        with self._lock:
            if self._taken[account_name] >= self._most_of_one:
                raise BusyError(
                    f"{account_name!r} reads {self._most_of_one} searches at the moment, which is"
                    " the most: read one to its end or close it, and repeat the call."
                )
            if self._taken.total() >= self._most:
                raise BusyError("Too many searches are read at the moment: repeat the call later.")
            self._taken[account_name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= Counter([account_name])
