"""A limit of bytes a second, over all that goes on at once."""

import threading
import time

from store_agent.reading import BUFFER_BYTES, Stop

_BURST_SECONDS = 0.1
_LOOK_SECONDS = 0.1
_LEAST_PIECE_BYTES = 16 << 10
_PIECES_A_SECOND = 16


class Bandwidth:
    """Holds its callers back so that together they keep a limit; 0 is none."""

    def __init__(self, bytes_per_second: int, stop: Stop) -> None:
        self._bytes_per_second = bytes_per_second
        self._stop = stop
        self._lock = threading.Lock()
        self._due = time.monotonic()
        # Large pieces would come in bursts.
        share = bytes_per_second // _PIECES_A_SECOND if bytes_per_second else BUFFER_BYTES
        self.piece_bytes = max(_LEAST_PIECE_BYTES, min(share, BUFFER_BYTES))

    def take(self, count: int) -> None:
        """Wait until so many bytes may go; raise BusyError when the work is to stop."""
        self._stop.check()
        if not self._bytes_per_second:
            return
        with self._lock:
            earliest = time.monotonic() - _BURST_SECONDS
            self._due = max(self._due, earliest) + count / self._bytes_per_second
            due = self._due
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
            self._stop.check()
