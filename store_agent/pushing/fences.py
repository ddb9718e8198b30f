"""One push of a batch at a time: a newer claim of the batch ends the older push here."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from librarian.errors import BusyError

_MAX_BATCHES = 10_000
_END_SECONDS = 30.0


@dataclass(eq=False)
class Running:
    """A push under way: `told` asks it to end, `over` says that it has."""

    fence: int
    older: "Running | None"
    told: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


class PushFences:
    """The pushes under way, and the highest fencing number that was seen of each batch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Running] = {}
        self._highest: OrderedDict[str, int] = OrderedDict()

    def begin(self, batch_id: str, fence: int) -> Running:
        """Begin a push once the older one of its batch has ended.

        Raises BusyError when a later worker has the batch, or the older push does not end.
        """
        own = self._enter(batch_id, fence)
        try:
            _end_older(own)
        except BusyError:
            own.over.set()
            raise
        return own

    def end(self, batch_id: str, own: Running) -> None:
        """Note that a push has ended."""
        own.over.set()
        with self._lock:
            if self._running.get(batch_id) is own:
                del self._running[batch_id]

    def _enter(self, batch_id: str, fence: int) -> Running:
        with self._lock:
            if fence < self._highest.get(batch_id, fence):
                raise _taken_over()
            self._highest[batch_id] = fence
            self._highest.move_to_end(batch_id)
            if len(self._highest) > _MAX_BATCHES:
                self._highest.popitem(last=False)
            own = self._running[batch_id] = Running(fence, self._running.get(batch_id))
            return own


def _end_older(own: Running) -> None:
    """End all that came before: one that gave up waiting may have left an older one running."""
    older = own.older
    while older is not None:
        older.told.set()
        if not older.over.wait(_END_SECONDS):
            raise BusyError(
                "An earlier push of the same batch does not end: it waits for a disk or the"
                " network. Repeat later."
            )
        older = older.older
    own.older = None
    if own.told.is_set():
        raise _taken_over()


def _taken_over() -> BusyError:
    return BusyError("A later worker has taken the batch over: this one must leave it.")
