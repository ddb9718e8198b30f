"""Chores: work besides the batches, done whenever the catalogue has been heard from."""

import logging
import threading
from typing import Protocol, runtime_checkable

from librarian.errors import LibrarianError
from transfer_service.brakes import Patience

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0


class Chore(Protocol):
    """Work that comes in units."""

    def run_once(self) -> bool:
        """Do one unit, and say whether there was one to do."""
        ...


@runtime_checkable
class StoppableChore(Protocol):
    """A chore whose units are long."""

    def stop(self) -> None:
        """Leave the present unit soon, in a state from which another worker can go on."""
        ...


class Bell:
    """Wakes all who wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """Return how often it rang."""
        return self._rings

    def ring(self) -> None:
        """Wake all who wait."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait_past(self, rings: int, seconds: float) -> None:
        """Wait until it has rung more often than that, or time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings > rings, seconds)


class ChoreRunner:
    """A thread that does a chore, and outlives whatever it raises."""

    def __init__(self, chore: Chore, bell: Bell) -> None:
        self._chore = chore
        self._bell = bell
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=type(chore).__name__, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """End the thread, soon."""
        self._stopping.set()
        if isinstance(self._chore, StoppableChore):
            self._chore.stop()
        self._bell.ring()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        patience = Patience(self._stopping.wait, float("inf"))
        while not self._stopping.is_set():
            rings = self._bell.rings
            try:
                worked = self._chore.run_once()
            except Exception as error:
                self._note(error)
                patience.pause()
                continue
            self._failing = False
            patience.reset()
            if not worked:
                self._bell.wait_past(rings, _LOOK_SECONDS)

    def _note(self, error: Exception) -> None:
        """Log the first of failures in a row: the others would say the same."""
        if not self._failing and not self._stopping.is_set():
            expected = isinstance(error, LibrarianError)
            logger.warning(
                "%s: %s", type(self._chore).__name__, error, exc_info=None if expected else error
            )
        self._failing = True
