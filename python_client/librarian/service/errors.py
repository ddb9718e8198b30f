"""Errors on their way out of a server: the table of statuses, and the one call of `abort`."""

from typing import NoReturn

import grpc

from librarian import errors
from librarian.errors import LibrarianError

STATUSES: dict[type[LibrarianError], grpc.StatusCode] = {
    errors.InvalidRequestError: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFoundError: grpc.StatusCode.NOT_FOUND,
    errors.ConflictError: grpc.StatusCode.ALREADY_EXISTS,
    errors.StateError: grpc.StatusCode.FAILED_PRECONDITION,
    errors.BusyError: grpc.StatusCode.ABORTED,
    errors.StoreFullError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.CorruptContentsError: grpc.StatusCode.DATA_LOSS,
    errors.NotReachableError: grpc.StatusCode.UNAVAILABLE,
    errors.NotSignedInError: grpc.StatusCode.UNAUTHENTICATED,
    errors.NotAllowedError: grpc.StatusCode.PERMISSION_DENIED,
}

_MAX_MESSAGE_BYTES = 2500


def status_of(error: Exception) -> grpc.StatusCode:
    """Return the status of an error: that of its class, or of the nearest class above it."""
    for error_class in type(error).__mro__:
        if error_class in STATUSES:
            return STATUSES[error_class]
    return grpc.StatusCode.INTERNAL


def abort_with(context: grpc.ServicerContext, error: Exception, call_id: str) -> NoReturn:
    """End a call with an error; of one that is not the caller's business only its id is told."""
    status = status_of(error)
    if status is grpc.StatusCode.INTERNAL:
        message = f"Internal error; the server's log has it under call {call_id}."
        reason = LibrarianError.reason
    else:
        message, reason = str(error), getattr(error, "reason", LibrarianError.reason)
    context.set_trailing_metadata((("librarian-reason", reason), ("librarian-call-id", call_id)))
    context.abort(status, _clipped(message))


def _clipped(message: str) -> str:
    """Return a message, cut off where it is so long that it would not arrive.

    It travels in a head of 8 KiB, in which characters that are not of ASCII take nine or more.
    """
    encoded = message.encode(errors="replace")
    if len(encoded) <= _MAX_MESSAGE_BYTES:
        return message
    return f"{encoded[:_MAX_MESSAGE_BYTES].decode(errors='ignore')}…"
