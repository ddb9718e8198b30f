"""The one interceptor of every server: who calls, what it came to, and how it failed.

It gives each call an id, signs the caller in, writes one line to the log, and turns errors into
statuses. Nothing else calls `context.abort`, so nothing need ask whether that happened already.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc

from librarian.errors import LibrarianError
from librarian.service.errors import abort_with
from librarian.service.tickets import Ticket

logger = logging.getLogger(__name__)

_PUBLIC_PREFIXES = ("/grpc.health.v1.", "/grpc.reflection.")


@dataclass(frozen=True)
class Caller:
    """Who makes a call: an account, or whoever bears a ticket."""

    name: str
    role: int = 0
    ticket: Ticket | None = None


# Signs a caller in: gets the full method and the bearer token; raises NotSignedInError or
# NotAllowedError.
Authenticate = Callable[[str, str | None], Caller]

_caller: ContextVar[Caller] = ContextVar("librarian_caller")


def current_caller() -> Caller:
    """Return who makes the call that this thread serves."""
    return _caller.get()


class CallInterceptor(grpc.ServerInterceptor):
    """Wraps every handler of a server."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method, wrapped; unknown methods stay unknown."""
        handler = continuation(details)
        if handler is None or details.method.startswith(_PUBLIC_PREFIXES):
            return handler
        metadata = dict(details.invocation_metadata or ())
        call = _Call(details.method, metadata, self._authenticate)
        kind = f"{'stream' if handler.request_streaming else 'unary'}_"
        kind += "stream" if handler.response_streaming else "unary"
        behavior = getattr(handler, kind)
        wrapped = call.stream(behavior) if handler.response_streaming else call.unary(behavior)
        return getattr(grpc, f"{kind}_rpc_method_handler")(
            wrapped, handler.request_deserializer, handler.response_serializer
        )


class _Call:
    """One call under way."""

    def __init__(self, method: str, metadata: dict[str, Any], authenticate: Authenticate) -> None:
        self._method = method
        self._authenticate = authenticate
        self._token = _bearer(metadata.get("authorization"))
        self._id = str(metadata.get("librarian-call-id") or uuid.uuid4().hex[:12])[:64]
        self._who = "-"
        self._start = time.monotonic()

    def unary(self, behavior: Any) -> Any:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                self._sign_in()
                response = behavior(request, context)
            except Exception as error:
                self._fail(error, context)
            self._log("OK", logging.DEBUG)
            return response

        return handle

    def stream(self, behavior: Any) -> Any:
        def handle(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            try:
                self._sign_in()
                yield from behavior(request, context)
            except Exception as error:
                self._fail(error, context)
            self._log("OK", logging.DEBUG)

        return handle

    def _sign_in(self) -> None:
        caller = self._authenticate(self._method, self._token)
        self._who = caller.name
        _caller.set(caller)

    def _fail(self, error: Exception, context: grpc.ServicerContext) -> None:
        if isinstance(error, LibrarianError) and error.reason != LibrarianError.reason:
            self._log(f"{error.reason}: {error}", logging.INFO)
        else:
            logger.error("%s %s failed", self._id, self._method, exc_info=error)
        abort_with(context, error, self._id)

    def _log(self, outcome: str, level: int) -> None:
        if logger.isEnabledFor(level):
            milliseconds = (time.monotonic() - self._start) * 1000
            line = "%s %s %s %.1f ms %s"
            logger.log(level, line, self._id, self._method, self._who, milliseconds, outcome)


def _bearer(authorization: Any) -> str | None:
    scheme, _, token = str(authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
