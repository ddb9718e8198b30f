"""Stopping all threads of a push, and pausing in ways that can be stopped."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_FIRST_PAUSE_SECONDS = 0.1
_MAX_PAUSE_SECONDS = 5.0


class Brake:
    """Stops whoever takes part in a push, for the first reason that is given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulled = threading.Event()
        self._reason: Exception | None = None
        self._cancels: list[Callable[[], None]] = []

    def pull(self, reason: Exception) -> None:
        """Stop all; later reasons count for nothing."""
        with self._lock:
            self._reason = self._reason or reason
            cancels = list(self._cancels)
        self._pulled.set()
        for cancel in cancels:
            cancel()

    @property
    def reason(self) -> Exception | None:
        """Return why all must stop; None as long as they need not."""
        return self._reason

    def check(self) -> None:
        """Raise the reason when there is one."""
        if self._reason is not None:
            raise self._reason

    def wait(self, seconds: float) -> None:
        """Wait, and raise the reason as soon as there is one."""
        self._pulled.wait(seconds)
        self.check()

    @contextmanager
    def cancelling(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Have something cancelled when all must stop meanwhile."""
        with self._lock:
            self._cancels.append(cancel)
            # Under the lock: whoever pulls has either seen this one, or is seen here.
            is_late = self._reason is not None
        if is_late:
            cancel()
        try:
            yield
        finally:
            with self._lock:
                self._cancels.remove(cancel)


class Patience:
    """Pauses between attempts, later and later, until nothing went well for too long."""

    def __init__(self, wait: Callable[[float], object], patience_seconds: float) -> None:
        self._wait = wait
        self._patience_seconds = patience_seconds
        self.reset()

    def reset(self) -> None:
        """Begin anew: something went well."""
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        # It begins with the first failure, however long all went well before.
        self._give_up_at: float | None = None

    def pause(self) -> bool:
        """Pause before the next attempt, or return False when the patience is at an end."""
        now = time.monotonic()
        if self._give_up_at is None:
            self._give_up_at = now + self._patience_seconds
        if now >= self._give_up_at:
            return False
        # With jitter, so that workers that lost the same server do not come back together.
        self._wait(self._pause_seconds * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
        self._pause_seconds = min(self._pause_seconds * 2, _MAX_PAUSE_SECONDS)
        return True
