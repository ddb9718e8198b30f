"""What was tried in vain, and when it is tried again."""

import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

FIRST_BACK_OFF_SECONDS = 0.5
_LONGEST_BACK_OFF_SECONDS = 10.0
_MAX_COUNT = 10

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class _Failure:
    """How often something was tried in vain, and until when it waits."""

    count: int
    until: float


class BackOff(Generic[Key]):
    """Puts off what fails, the longer the oftener; several threads may ask it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[Key, _Failure] = {}

    def waiting(self) -> set[Key]:
        """Return what is not to be tried yet."""
        now = time.monotonic()
        with self._lock:
            return {key for key, last in self._failures.items() if last.until > now}

    def tries(self) -> Mapping[Key, int]:
        """Return how often each was tried in vain, of those that were."""
        with self._lock:
            return {key: last.count for key, last in self._failures.items()}

    def has_any(self) -> bool:
        """Tell whether anything is to be tried again."""
        with self._lock:
            return bool(self._failures)

    def keep_only(self, is_kept: Callable[[Key], bool]) -> None:
        """Forget what need not be tried any more."""
        with self._lock:
            self._failures = {k: last for k, last in self._failures.items() if is_kept(k)}

    def note(self, tried: Iterable[Key], failed: Collection[Key]) -> None:
        """Note what a try came to: it says nothing of what was not tried."""
        now = time.monotonic()
        with self._lock:
            for key in tried:
                last = self._failures.pop(key, None)
                if key not in failed:
                    continue
                count = last.count if last else 0
                seconds = min(_LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2**count)
                self._failures[key] = _Failure(min(count + 1, _MAX_COUNT), now + seconds)
