"""The runner: threads that turn a loop, and outlive whatever it raises."""

import logging
import random
import threading
from typing import Protocol, runtime_checkable

from catalog_service.wakeups import Subscription, Wakeups

logger = logging.getLogger(__name__)

_FIRST_BACK_OFF_SECONDS = 0.5
_LONGEST_BACK_OFF_SECONDS = 60.0


class Loop(Protocol):
    """Work that comes in units."""

    def run_once(self) -> bool:
        """Do one unit, and say whether there was one to do."""
        ...


@runtime_checkable
class StoppableLoop(Protocol):
    """A loop whose units are long."""

    def stop(self) -> None:
        """Leave the present unit soon, in a state from which it can go on."""
        ...


class LoopRunner:
    """Turns a loop whenever its topic is woken, and every `poll_seconds`."""

    def __init__(
        self, loop: Loop, wakeups: Wakeups, topic: str, poll_seconds: float, *, threads: int = 1
    ) -> None:
        self._loop = loop
        self._wakeups = wakeups
        self._topic = topic
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._ears: list[Subscription] = []
        name = type(loop).__name__
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the present units end, and the threads with them."""
        self._stopping.set()
        if isinstance(self._loop, StoppableLoop):
            self._loop.stop()
        for ear in list(self._ears):
            ear.wake()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with self._wakeups.subscribe(self._topic) as ear:
            self._ears.append(ear)
            failures = 0
            while not self._stopping.is_set():
                try:
                    worked = self._loop.run_once()
                except Exception:
                    failures += 1
                    logger.exception("%s failed; it will try again.", type(self._loop).__name__)
                    self._stopping.wait(_back_off_seconds(failures))
                    continue
                failures = 0
                if not worked:
                    ear.wait(self._poll_seconds)


def _back_off_seconds(failures: int) -> float:
    # With jitter, so that loops that fell together do not come back together.
    longest = min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2 ** min(failures, 10))
    return random.uniform(0, longest)  # noqa: S311 - it spreads load, it keeps no secret.
