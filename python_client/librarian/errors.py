"""Every error that crosses a wire, each with the reason that names it there.

The service raises one of these classes, an interceptor turns it into a gRPC status with the
class's `reason` in the trailer, and the client turns the reason back into the same class. A
class exists only where some caller acts on it differently.
"""

from typing import ClassVar


class LibrarianError(Exception):
    """Something the Librarian could not do; the message is a sentence for the caller."""

    reason: ClassVar[str] = "INTERNAL"


class InvalidRequestError(LibrarianError):
    """The request itself is wrong: correct it."""

    reason = "INVALID_REQUEST"


class NotFoundError(LibrarianError):
    """Nothing has that name: correct the name."""

    reason = "NOT_FOUND"


class UnknownFileError(NotFoundError):
    """No file has that name."""

    reason = "UNKNOWN_FILE"


class NoInstanceError(NotFoundError):
    """The file is on record, but no available instance of it is here."""

    reason = "NO_INSTANCE"


class UnknownStoreError(NotFoundError):
    """No store has that name."""

    reason = "UNKNOWN_STORE"


class UnknownAccountError(NotFoundError):
    """No account or token has that name."""

    reason = "UNKNOWN_ACCOUNT"


class UnknownJobError(NotFoundError):
    """No job has that number."""

    reason = "UNKNOWN_JOB"


class UnknownLibrarianError(NotFoundError):
    """No neighbouring librarian has that name."""

    reason = "UNKNOWN_LIBRARIAN"


class UnknownTransferError(NotFoundError):
    """No transfer has that number."""

    reason = "UNKNOWN_TRANSFER"


class UnknownStandingOrderError(NotFoundError):
    """No standing order has that name."""

    reason = "UNKNOWN_STANDING_ORDER"


class UnknownUploadError(NotFoundError):
    """No upload has that identifier, or it was discarded."""

    reason = "UNKNOWN_UPLOAD"


class ConflictError(LibrarianError):
    """Something else already has that name: choose another."""

    reason = "CONFLICT"


class FileMismatchError(ConflictError):
    """A file of that name is on record with other contents, and stays as it is."""

    reason = "FILE_MISMATCH"


class StateError(LibrarianError):
    """The present state forbids it: change the state first."""

    reason = "STATE"


class StoreUnusableError(StateError):
    """A store is disabled, read-only, or its disk is not there."""

    reason = "STORE_UNUSABLE"


class ChangedWhileReadError(StateError):
    """A file changed while it was being read: wait until its writer is done."""

    reason = "CHANGED_WHILE_READ"


class BusyError(LibrarianError):
    """Another worker holds the claim or the lock: repeat the whole operation later."""

    reason = "BUSY"


class TakenOverError(BusyError):
    """Another worker has taken the work over for good: leave it to that one."""

    reason = "TAKEN_OVER"


class StoreFullError(LibrarianError):
    """No store has room: wait, free space, or choose another store."""

    reason = "STORE_FULL"


class CorruptContentsError(LibrarianError):
    """Contents differ from their checksum: stop, a person must look."""

    reason = "CORRUPT_CONTENTS"


class NotReachableError(LibrarianError):
    """A catalogue, agent or database did not answer: repeat with back-off."""

    reason = "NOT_REACHABLE"


class WaitTimedOutError(NotReachableError):
    """What was waited for did not happen in time; it may still go on."""

    reason = "WAIT_TIMED_OUT"


class NotSignedInError(LibrarianError):
    """No valid token came with the call: sign in, or get a new token."""

    reason = "NOT_SIGNED_IN"


class NotAllowedError(LibrarianError):
    """The account's role does not allow it."""

    reason = "NOT_ALLOWED"


def error_classes() -> dict[str, type[LibrarianError]]:
    """Return every class of this module by its reason."""
    found = [item for item in globals().values() if isinstance(item, type)]
    return {item.reason: item for item in found if issubclass(item, LibrarianError)}
