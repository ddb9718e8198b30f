"""Why a push ends before all of its batch is settled."""

from enum import IntEnum

from librarian.errors import (
    BusyError,
    LibrarianError,
    NotAllowedError,
    NotFoundError,
    NotReachableError,
    NotSignedInError,
    StoreFullError,
)


class Cause(IntEnum):
    """What is in the way of a batch, with the number of `Link.Cause`."""

    UNREACHABLE = 1
    REFUSED = 2
    FULL = 3
    MISCONFIGURED = 4


class TroubleError(Exception):
    """Something is in the way of the whole batch: it is kept together until that is gone."""

    def __init__(self, cause: int, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class HandOnError(Exception):
    """This worker must stop, by no fault of the neighbour: another goes on with the batch."""


class LostLeaseError(Exception):
    """Another worker may have the batch: nothing more may be written."""


class UnrecordedError(Exception):
    """The catalogue cannot take what must be written: the batch waits until its lease runs out."""


# What passes by itself, and is then tried again with the same batch.
_PASSING_ERRORS = (BusyError, NotFoundError, NotReachableError)


def trouble_from(error: LibrarianError, name: str) -> TroubleError:
    """Return what an error of a neighbour's catalogue means for the batch."""
    match error:
        case NotSignedInError() | NotAllowedError():
            return TroubleError(Cause.REFUSED, f"{name} refuses this site's account: {error}")
        case StoreFullError():
            return TroubleError(Cause.FULL, f"{name} has no room: {error}")
        case _ if isinstance(error, _PASSING_ERRORS):
            return TroubleError(Cause.UNREACHABLE, f"{name}: {error}")
        case _:
            return TroubleError(Cause.MISCONFIGURED, f"{name} cannot take the batch: {error}")
