"""Waiting for something to come true, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    predicate: Callable[[], Value],
    *,
    what: str,
    timeout_seconds: float = 60.0,
    interval_seconds: float = 0.01,
) -> Value:
    """Return the predicate's first true answer, or fail at the deadline and say what for."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        # Read the clock first: on a busy machine the predicate gets one try after the deadline.
        late = time.monotonic() >= deadline
        value = predicate()
        if value:
            return value
        if late:
            raise AssertionError(f"Waited {timeout_seconds} s in vain for {what}.")
        time.sleep(interval_seconds)
