"""Ending the calls of one stream when they stall, or nobody wants them any more."""

import threading
from types import TracebackType

from librarian.client.channel import Connection
from librarian.client.stalls import STALL_SECONDS, Watch
from store_agent.pushing.ways import Cause, TroubleError
from store_agent.reading import Stop

_LOOK_SECONDS = 0.2


class StreamWatch:
    """Closes a connection when the work shall stop: that alone ends a call that is blocked."""

    def __init__(self, connection: Connection, stop: Stop) -> None:
        self.watch = Watch()
        self._connection = connection
        self._stop = stop
        self._over = threading.Event()
        self._stalled = False
        self._thread = threading.Thread(target=self._look, name="push-watch", daemon=True)

    def __enter__(self) -> "StreamWatch":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection; raise why it was closed before."""
        self._over.set()
        self._connection.close()
        self._thread.join()
        if isinstance(error, Exception):
            self._stop.check()
        if isinstance(error, Exception) and self._stalled:
            raise TroubleError(
                Cause.UNREACHABLE,
                f"The neighbour's agent at {self._connection.address} has done nothing for"
                f" {STALL_SECONDS:.0f} seconds.",
            ) from error

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._stalled = self.watch.waited_seconds() > STALL_SECONDS
            if self._stalled or self._stop.is_asked():
                self._connection.close()
                return
