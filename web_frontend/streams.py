"""What lasts: live pages and downloads, and work that a person waits for.

Each keeps a thread, so only so many run at once, of each kind and of each person.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

from flask import Flask, Response, current_app, g

from librarian.errors import BusyError

# Of all places one person has half: who opens many leaves some to others.
_PERSONS_PART = 2
_LEAST_OF_A_PERSON = 2


class Slots:
    """How many of a kind may last at once: in all, and of one person."""

    def __init__(self, number: int, kind: str) -> None:
        self._number = number
        self._kind = kind
        self._most_of_one = max(_LEAST_OF_A_PERSON, number // _PERSONS_PART)
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, person: str) -> None:
        """Take a place; raise BusyError when there is none, or the person has many."""
        with self._lock:
            if self._taken[person] >= self._most_of_one:
                raise BusyError(f"You have {self._most_of_one} {self._kind} under way already.")
            if self._taken.total() >= self._number:
                raise BusyError(f"Too many {self._kind} are under way just now.")
            self._taken[person] += 1

    def give_back(self, person: str) -> None:
        """Give back a place that was taken."""
        with self._lock:
            self._taken[person] -= 1
            # Nothing is kept of who has none.
            self._taken += Counter()


class _Held(Iterator[bytes]):
    """Parts of an answer whose place is given back when the server closes it."""

    def __init__(self, parts: Iterable[bytes], slots: Slots, person: str) -> None:
        self._source = parts
        self._parts = iter(parts)
        self._slots: Slots | None = slots
        self._person = person

    def __next__(self) -> bytes:
        return next(self._parts)

    def begin(self) -> None:
        """Have the first part made."""
        self._parts = chain([next(self._parts, b"")], self._parts)

    def close(self) -> None:
        slots, self._slots = self._slots, None
        if slots is None:
            return
        try:
            close = getattr(self._source, "close", None)
            if close:
                close()
        finally:
            slots.give_back(self._person)

    def __del__(self) -> None:
        self.close()


@contextmanager
def long_work() -> Iterator[None]:
    """Take a place for work of a minute or more that a person waits for; raise BusyError."""
    slots, person = _slots("work_slots"), _person()
    slots.take(person)
    try:
        yield
    finally:
        slots.give_back(person)


def streamed(parts: Iterable[bytes], *, media_type: str, begun: bool = False) -> Response:
    """Return an answer that is sent as it is made; raise BusyError when too many are.

    Of one that is to be `begun` the first part is made before: what is wrong is told by a page.
    """
    slots, person = _slots("stream_slots"), _person()
    slots.take(person)
    held = _Held(parts, slots, person)
    try:
        if begun:
            held.begin()
        answer = Response(held, mimetype=media_type)
    except BaseException:
        held.close()
        raise
    # nginx would keep what is live back until there is much of it.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def share_threads(app: Flask, threads: int, streams: int) -> None:
    """Share threads out: so many to what is streamed, half of the others to other long work."""
    app.extensions["stream_slots"] = Slots(streams, "live pages and downloads")
    work = max(1, (threads - streams) // 2)
    app.extensions["work_slots"] = Slots(work, "counts and changes that take long")


def _slots(kind: str) -> Slots:
    slots: Slots = current_app.extensions[kind]
    return slots


def _person() -> str:
    return g.person.account if g.get("person") else ""


def event(text: str, name: str = "") -> bytes:
    """Return a server-sent event with some text."""
    lines = [f"event: {name}"] if name else []
    lines += [f"data: {line}" for line in text.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


HEARTBEAT = b": still here\n\n"
"""Sent now and then when nothing happens: so it is noticed that a browser has gone."""
