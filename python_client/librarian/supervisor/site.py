"""The processes of one site, kept running until they are told to stop."""

import logging
import random
import time
from dataclasses import dataclass, field

from librarian.supervisor.processes import Process
from librarian.supervisor.signals import StopSignals

logger = logging.getLogger(__name__)

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
# A process that ran this long was in order: its next end counts as its first.
_GOOD_RUN_SECONDS = 60.0
_CHECK_SECONDS = 1.0


@dataclass
class _Watch:
    """What is known of one process's lives."""

    process: Process
    ends: int = 0
    started: float = field(default_factory=time.monotonic)
    # When to start it again; None while it runs.
    restart_at: float | None = None


class RunningSite:
    """Processes in the order in which they start; they stop in the reverse order."""

    def __init__(self, processes: list[Process]) -> None:
        self._processes = processes

    def start(self) -> list[str]:
        """Start the first and then the others, and return the addresses at which they listen.

        An agent that found no catalogue would wait before it tried again. When one does not
        start, others are running: stop them.
        """
        first, *others = self._processes
        addresses = [first.start_listening()]
        for process in others:
            process.start()
        return [*addresses, *(process.wait_until_listening() for process in others)]

    def stop(self) -> None:
        """Stop those that run, the last one first."""
        for process in reversed(self._processes):
            process.stop()

    def watch(self, signals: StopSignals) -> None:
        """Start anew what ends by itself, later and later, until a signal to stop comes."""
        watches = [_Watch(process) for process in self._processes]
        while not signals.received:
            for watch in watches:
                _tend(watch)
            signals.wait(_CHECK_SECONDS)


def _tend(watch: _Watch) -> None:
    now = time.monotonic()
    if watch.restart_at is None and not watch.process.is_running():
        delay = _delay_after_end(watch, now)
        watch.restart_at = now + delay
        logger.error(
            "%s ended with status %s; it is started again in %.1f seconds.",
            watch.process.module,
            watch.process.exit_code(),
            delay,
        )
    if watch.restart_at is not None and now >= watch.restart_at:
        watch.restart_at, watch.started = None, now
        watch.process.stop()
        watch.process.start()


def _delay_after_end(watch: _Watch, now: float) -> float:
    watch.ends = 1 if now - watch.started >= _GOOD_RUN_SECONDS else watch.ends + 1
    longest: float = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** (watch.ends - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
