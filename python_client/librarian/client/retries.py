"""Trying again: later and later, and not for ever."""

import random
import time

_FIRST_PAUSE_SECONDS = 0.1
_MAX_PAUSE_SECONDS = 5.0


class Backoff:
    """Bears with failures in a row for a time, and pauses between the attempts."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the failures so far: something went well."""
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._give_up_at: float | None = None

    def pause(self, at_most_seconds: float = _MAX_PAUSE_SECONDS) -> bool:
        """Pause before the next attempt, or return False when the patience is at an end."""
        now = time.monotonic()
        if self._give_up_at is None:
            self._give_up_at = now + self._patience_seconds
        if now >= self._give_up_at:
            return False
        # Many clients that lost the same server must not come back at the same moment.
        pause = self._pause_seconds * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
        time.sleep(max(0.0, min(pause, at_most_seconds)))
        self._pause_seconds = min(self._pause_seconds * 2, _MAX_PAUSE_SECONDS)
        return True
