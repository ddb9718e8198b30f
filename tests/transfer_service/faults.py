"""Servers' calls that go wrong when a test says so: refused, late, or done and the answer lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from librarian.errors import NotReachableError

# gRPC itself repeats a call that may be repeated: so many answers are lost that it gives up.
LOST_ANSWERS = 5


class Faults:
    """What is to go wrong, by the name of the call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[str, list[Exception]] = {}
        self._lost: dict[str, int] = {}
        self._gates: dict[str, threading.Event] = {}
        self.calls: list[str] = []

    def fail(self, call: str, *errors: Exception) -> None:
        """Refuse the next calls."""
        self._errors.setdefault(call, []).extend(errors)

    def lose(self, call: str, count: int = LOST_ANSWERS) -> None:
        """Do the next calls, and lose their answers."""
        self._lost[call] = count

    def hold(self, call: str) -> Callable[[], None]:
        """Let calls wait until what is returned is called."""
        gate = self._gates[call] = threading.Event()
        return gate.set

    def close(self) -> None:
        """Let all go that wait."""
        for gate in self._gates.values():
            gate.set()

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        """Surround the work of a call."""
        with self._lock:
            self.calls.append(call)
            errors = self._errors.get(call)
            error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        if call in self._gates:
            self._gates[call].wait(100)
        yield
        with self._lock:
            lost = self._lost.get(call, 0)
            self._lost[call] = max(0, lost - 1)
        if lost:
            raise NotReachableError("The answer was lost.")
