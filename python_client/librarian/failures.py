"""Errors of single items of a batch, as messages and back."""

from librarian.errors import LibrarianError, error_classes
from librarian.v1 import uploads_pb2

_CLASSES = error_classes()


def failure_message(error: LibrarianError) -> uploads_pb2.Failure:
    """Return the message that tells of an error."""
    return uploads_pb2.Failure(reason=error.reason, message=str(error))


def error_from(reason: str, message: str) -> LibrarianError:
    """Return the error of a reason; one that this version does not know is a LibrarianError."""
    return _CLASSES.get(reason, LibrarianError)(message)
