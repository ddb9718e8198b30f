"""The one interceptor of every server: who calls, what it came to, and how it failed.

It gives each call an id, signs the caller in, writes one line to the log, and turns errors into
statuses. Nothing else calls `context.abort`, so nothing need ask whether that happened already.

Each call under way holds a thread. So callers are signed in before their message is awaited, which
gRPC does the other way round: hence every method is served as one that takes a stream.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import grpc

from librarian.errors import BusyError, InvalidRequestError, LibrarianError
from librarian.service.arrivals import Arrivals
from librarian.service.errors import abort_with
from librarian.service.origins import Believes, believe_nobody, origin_of
from librarian.service.tickets import Ticket

logger = logging.getLogger(__name__)

# What can be called without a token, and without asking the service about it.
_PUBLIC_PREFIX = "/grpc.health.v1."
_REFLECTION_PREFIX = "/grpc.reflection."


@dataclass(frozen=True)
class Caller:
    """Who makes a call: an account, or whoever bears a ticket."""

    name: str
    role: int = 0
    ticket: Ticket | None = None
    signed_in: bool = True
    # From where it calls, as an IP address; empty when that is not known.
    address: str = ""
    # Public part of its token, where it has one.
    token_id: str = ""


STRANGER = Caller("nobody", signed_in=False)

# Signs a caller in: gets the full method and the bearer token; raises NotSignedInError or
# NotAllowedError.
Authenticate = Callable[[str, str | None], Caller]

_caller: ContextVar[Caller] = ContextVar("librarian_caller")


def current_caller() -> Caller:
    """Return who makes the call that this thread serves."""
    return _caller.get()


def is_reflection(method: str) -> bool:
    """Tell whether a method only describes the services, which any signed-in caller may see."""
    return method.startswith(_REFLECTION_PREFIX)


class Entrance:
    """Lets callers in: those who are signed in, and a few strangers at a time."""

    def __init__(
        self,
        authenticate: Authenticate,
        arrivals: Arrivals,
        max_strangers: int,
        believes: Believes = believe_nobody,
    ) -> None:
        self._authenticate = authenticate
        self._believes = believes
        self._strangers = threading.BoundedSemaphore(max_strangers)
        self.arrivals = arrivals

    def sign_in(self, method: str, token: str | None) -> Caller:
        """Return who calls; raise NotSignedInError or NotAllowedError."""
        if method.startswith(_PUBLIC_PREFIX):
            return STRANGER
        return self._authenticate(method, token)

    def origin_of(self, peer: str, metadata: dict[str, Any]) -> str:
        """Return the address that a call comes from."""
        return origin_of(peer, metadata, self._believes)

    @contextmanager
    def admitted(self, caller: Caller) -> Iterator[None]:
        """Let a caller hold a thread; raise BusyError when strangers hold enough of them."""
        if caller.signed_in:
            yield
            return
        if not self._strangers.acquire(blocking=False):
            raise BusyError("Too many call without a token at the moment: repeat the call later.")
        try:
            yield
        finally:
            self._strangers.release()


class CallInterceptor(grpc.ServerInterceptor):
    """Wraps every handler of a server."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method, wrapped; unknown methods stay unknown."""
        handler = continuation(details)
        if handler is None:
            return None
        metadata = dict(details.invocation_metadata or ())
        call = _Call(details.method, metadata, self._entrance, handler)
        if handler.response_streaming:
            behavior = handler.stream_stream if handler.request_streaming else handler.unary_stream
            # What answers by callbacks holds no thread, and must not begin to.
            by_callback = getattr(behavior, "experimental_non_blocking", False)
            wrapped = call.by_callback(behavior) if by_callback else call.stream(behavior)
            wrap = grpc.stream_stream_rpc_method_handler
        else:
            behavior = handler.stream_unary if handler.request_streaming else handler.unary_unary
            wrapped, wrap = call.unary(behavior), grpc.stream_unary_rpc_method_handler
        deserialize = handler.request_deserializer if handler.request_streaming else None
        return wrap(wrapped, deserialize, handler.response_serializer)


class _Call:
    """One call under way."""

    def __init__(
        self, method: str, metadata: dict[str, Any], entrance: Entrance, handler: Any
    ) -> None:
        self._method = method
        self._entrance = entrance
        self._handler = handler
        self._metadata = metadata
        self._token = _bearer(metadata.get("authorization"))
        self._id = str(metadata.get("librarian-call-id") or uuid.uuid4().hex[:12])[:64]
        self._who = self._address = "-"
        self._start = time.monotonic()

    def unary(self, behavior: Any) -> Any:
        def handle(messages: Any, context: grpc.ServicerContext, *more: Any) -> Any:
            try:
                with self._entrance.admitted(self._sign_in(context)):
                    response = behavior(self._request(messages, context), context, *more)
            except Exception as error:
                self._fail(error, context)
            self._log("OK", logging.DEBUG)
            return response

        return handle

    def by_callback(self, behavior: Any) -> Any:
        handle = self.unary(behavior)
        handle.experimental_non_blocking = True
        return handle

    def stream(self, behavior: Any) -> Any:
        def handle(messages: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            try:
                with self._entrance.admitted(self._sign_in(context)):
                    yield from behavior(self._request(messages, context), context)
            except Exception as error:
                self._fail(error, context)
            self._log("OK", logging.DEBUG)

        return handle

    def _sign_in(self, context: grpc.ServicerContext) -> Caller:
        # First, so that the log tells also whence somebody was refused.
        address = self._entrance.origin_of(context.peer(), self._metadata)
        self._address = address or "-"
        caller = self._entrance.sign_in(self._method, self._token)
        caller = replace(caller, address=address)
        self._who = caller.name
        _caller.set(caller)
        return caller

    def _request(self, messages: Any, context: grpc.ServicerContext) -> Any:
        """Return what the servicer gets: the one message, or all as they come."""
        if is_reflection(self._method):
            return self._entrance.arrivals.each(messages, context)
        if self._handler.request_streaming:
            return messages
        data = self._entrance.arrivals.read(messages, context)
        try:
            return self._handler.request_deserializer(data)
        except Exception as error:
            raise InvalidRequestError(f"The message is none of {self._method}.") from error

    def _fail(self, error: Exception, context: grpc.ServicerContext) -> None:
        if isinstance(error, LibrarianError) and error.reason != LibrarianError.reason:
            self._log(f"{error.reason}: {error}", logging.INFO)
        else:
            logger.error("%s %s failed", self._id, self._method, exc_info=error)
        abort_with(context, error, self._id)

    def _log(self, outcome: str, level: int) -> None:
        if logger.isEnabledFor(level):
            milliseconds = (time.monotonic() - self._start) * 1000
            line = "%s %s %s %s %.1f ms %s"
            who = (self._who, self._address)
            logger.log(level, line, self._id, self._method, *who, milliseconds, outcome)


def _bearer(authorization: Any) -> str | None:
    scheme, _, token = str(authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
