"""Live pages and downloads: each keeps a thread, so only so many may run at once."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flask import Response, current_app

from librarian.errors import BusyError


class Slots:
    """How many answers may last at once."""

    def __init__(self, number: int) -> None:
        self._free = threading.Semaphore(number)

    def hold(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Return the parts of an answer, which takes a place until it ends; raise BusyError."""
        if not self._free.acquire(blocking=False):
            raise BusyError("Too many live pages and downloads are open just now.")
        return _Held(parts, self._free)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place for work of minutes that a person waits for; raise BusyError."""
        if not self._free.acquire(blocking=False):
            raise BusyError("Too much that takes long is under way just now.")
        try:
            yield
        finally:
            self._free.release()


class _Held(Iterator[bytes]):
    """Parts of an answer whose place is given back when the server closes it."""

    def __init__(self, parts: Iterable[bytes], free: threading.Semaphore) -> None:
        self._source = parts
        self._parts = iter(parts)
        self._free: threading.Semaphore | None = free

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        free, self._free = self._free, None
        if free is None:
            return
        try:
            close = getattr(self._source, "close", None)
            if close:
                close()
        finally:
            free.release()

    def __del__(self) -> None:
        self.close()


def stream_slots() -> Slots:
    """Return the application's places for what takes long."""
    slots: Slots = current_app.extensions["stream_slots"]
    return slots


def streamed(parts: Iterable[bytes], *, media_type: str) -> Response:
    """Return an answer that is sent as it is made; raise BusyError when too many are."""
    answer = Response(stream_slots().hold(parts), mimetype=media_type)
    # nginx would keep what is live back until there is much of it.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def event(text: str, name: str = "") -> bytes:
    """Return a server-sent event with some text."""
    lines = [f"event: {name}"] if name else []
    lines += [f"data: {line}" for line in text.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


HEARTBEAT = b": still here\n\n"
"""Sent now and then when nothing happens: so it is noticed that a browser has gone."""
