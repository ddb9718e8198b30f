"""What the command's exit status means: one table for all commands."""

from collections.abc import Sequence
from enum import IntEnum

from librarian import errors


class ExitCode(IntEnum):
    """Exit status of the command; scripts rely on these numbers."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    DONE_IN_PART = 5
    CONFLICT = 6
    NOT_REACHABLE = 7
    TIMED_OUT = 8
    INTERRUPTED = 130


# A class stands for all below it; what is not here has failed.
EXIT_CODES: dict[type[errors.LibrarianError], ExitCode] = {
    errors.LibrarianError: ExitCode.FAILED,
    errors.InvalidRequestError: ExitCode.WRONG_USAGE,
    errors.NotFoundError: ExitCode.NOT_FOUND,
    errors.NotSignedInError: ExitCode.NOT_ALLOWED,
    errors.NotAllowedError: ExitCode.NOT_ALLOWED,
    errors.ConflictError: ExitCode.CONFLICT,
    errors.NotReachableError: ExitCode.NOT_REACHABLE,
    errors.WaitTimedOutError: ExitCode.TIMED_OUT,
}


class CommandError(Exception):
    """A command that could not do all of its work; the message is a sentence for the person."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


def exit_code_of(error: Exception) -> ExitCode:
    """Return the exit status of an error: that of its class, or of the nearest above it."""
    for error_class in type(error).__mro__:
        if error_class in EXIT_CODES:
            return EXIT_CODES[error_class]
    return ExitCode.FAILED


def exit_code_of_all(failures: Sequence[Exception], *, done_count: int) -> ExitCode:
    """Return the exit status of many things, of which some failed and `done_count` did not."""
    if not failures:
        return ExitCode.DONE
    if done_count:
        return ExitCode.DONE_IN_PART
    codes = {exit_code_of(failure) for failure in failures}
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED
