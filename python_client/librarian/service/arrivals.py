"""Messages of callers, read with a deadline: gRPC itself would let a call wait for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc

from librarian.errors import BusyError, InvalidRequestError

# The largest message over a slow line takes a while; no caller opens a call and then thinks.
ARRIVAL_SECONDS = 30.0
_LOOK_SECONDS = 0.5

_Message = TypeVar("_Message")


class Arrivals:
    """Reads messages, and ends the calls whose message does not come."""

    def __init__(self) -> None:
        self._deadlines: dict[grpc.ServicerContext, float] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to end the calls whose message does not come."""
        threading.Thread(target=self._watch, name="arrivals", daemon=True).start()

    def read(self, messages: Iterator[_Message], context: grpc.ServicerContext) -> _Message:
        """Return a call's next message; raise InvalidRequestError when there is none."""
        for message in self.each(messages, context):
            return message
        raise InvalidRequestError("The call brought no message.")

    def each(
        self, messages: Iterator[_Message], context: grpc.ServicerContext
    ) -> Iterator[_Message]:
        """Yield a call's messages; each must come in time."""
        while True:
            with self._awaited(context):
                try:
                    message = next(messages)
                except StopIteration:
                    return
                except grpc.RpcError as error:
                    raise BusyError("The caller went away before all had been sent.") from error
            yield message

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()

    @contextmanager
    def _awaited(self, context: grpc.ServicerContext) -> Iterator[None]:
        self._deadlines[context] = time.monotonic() + ARRIVAL_SECONDS
        try:
            yield
        finally:
            del self._deadlines[context]

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            now = time.monotonic()
            # Copied in one step, for calls come and go meanwhile.
            for context, deadline in list(self._deadlines.items()):
                if deadline < now:
                    context.cancel()
