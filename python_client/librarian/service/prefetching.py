"""Reading ahead of whoever works on what is read."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

_CHECK_SECONDS = 0.2


def prefetched(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """Yield the items, read by a thread that is at most so many of them ahead.

    Raises what reading raises. When the caller stops early, the thread ends after the item that
    it reads at that time.
    """
    reader = _Reader(items, depth)
    reader.start()
    try:
        while (read := reader.items.get()) is not None:
            yield read
        if reader.error is not None:
            raise reader.error
    finally:
        reader.stopped.set()


class _Reader(threading.Thread, Generic[Item]):
    """Reads items into a queue; None is its end."""

    def __init__(self, source: Iterator[Item], depth: int) -> None:
        super().__init__(name="prefetch", daemon=True)
        self.items: queue.Queue[Item | None] = queue.Queue(depth)
        self.stopped = threading.Event()
        self.error: BaseException | None = None
        self._source = source

    def run(self) -> None:
        """Read until the end, an error, or the caller has had enough."""
        try:
            for item in self._source:
                if not self._put(item):
                    return
        except BaseException as error:
            self.error = error
        self._put(None)

    def _put(self, item: Item | None) -> bool:
        while not self.stopped.is_set():
            try:
                self.items.put(item, timeout=_CHECK_SECONDS)
            except queue.Full:
                continue
            return True
        return False
