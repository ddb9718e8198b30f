"""Noticing an agent that says nothing, though its host still answers: one that was stopped."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from librarian.client.channel import Connection
from librarian.errors import LibrarianError, NotReachableError

STALL_SECONDS = 60.0

_Item = TypeVar("_Item")


class StalledError(NotReachableError):
    """An agent took, or sent, nothing for a long time."""


class Watch:
    """Measures how long the other side is waited for; the time that we take does not count."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self) -> None:
        """Begin to wait for the other side."""
        self._since = time.monotonic()

    def end(self) -> None:
        """Note that the other side did something."""
        self._since = None

    def each(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Yield what the other side sends."""
        self.begin()
        for item in items:
            self.end()
            yield item
            self.begin()
        self.end()

    def waited_seconds(self) -> float:
        """Return for how long the other side has done nothing."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since


@contextmanager
def watched(connection: Connection) -> Iterator[Watch]:
    """Give a watch over one call; raise StalledError once it waited for too long.

    The connection is closed then, which alone ends a call that is blocked.
    """
    watch, over, stalled = Watch(), threading.Event(), threading.Event()
    arguments = (watch, over, stalled, connection.close)
    threading.Thread(target=_look, args=arguments, name="stall-watch", daemon=True).start()
    try:
        yield watch
    except LibrarianError:
        if stalled.is_set():
            raise StalledError(
                f"The store agent at {connection.address} has done nothing for"
                f" {STALL_SECONDS:.0f} seconds: the same command goes on where this one was."
            ) from None
        raise
    finally:
        over.set()


def _look(
    watch: Watch, over: threading.Event, stalled: threading.Event, close: Callable[[], None]
) -> None:
    while not over.wait(min(1.0, STALL_SECONDS / 4)):
        if watch.waited_seconds() > STALL_SECONDS:
            stalled.set()
            close()
            return
