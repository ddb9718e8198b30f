"""The table of exit statuses: each error, one number."""

import pytest

from librarian import errors
from librarian.cli.exit_codes import ExitCode, exit_code_of, exit_code_of_all

TABLE = {
    errors.LibrarianError: 1,
    errors.InvalidRequestError: 2,
    errors.NotFoundError: 3,
    errors.UnknownFileError: 3,
    errors.NoInstanceError: 3,
    errors.UnknownStoreError: 3,
    errors.UnknownAccountError: 3,
    errors.UnknownJobError: 3,
    errors.UnknownUploadError: 3,
    errors.UnknownLibrarianError: 3,
    errors.UnknownTransferError: 3,
    errors.UnknownStandingOrderError: 3,
    errors.ConflictError: 6,
    errors.FileMismatchError: 6,
    errors.StateError: 1,
    errors.StoreUnusableError: 1,
    errors.ChangedWhileReadError: 1,
    errors.BusyError: 1,
    errors.TakenOverError: 1,
    errors.StoreFullError: 1,
    errors.CorruptContentsError: 1,
    errors.NotReachableError: 7,
    errors.WaitTimedOutError: 8,
    errors.NotSignedInError: 4,
    errors.NotAllowedError: 4,
}


def test_every_error_that_crosses_a_wire_is_in_this_table() -> None:
    assert set(TABLE) == set(errors.error_classes().values())


@pytest.mark.parametrize("error_class", TABLE, ids=lambda error_class: error_class.__name__)
def test_an_error_has_its_number(error_class: type[errors.LibrarianError]) -> None:
    assert exit_code_of(error_class("It went wrong.")) == TABLE[error_class]


def test_what_is_no_error_of_ours_has_failed() -> None:
    assert exit_code_of(ValueError("?")) == ExitCode.FAILED


@pytest.mark.parametrize(
    ("failures", "done_count", "code"),
    [
        ([], 0, 0),
        ([errors.FileMismatchError("x")], 3, 5),
        ([errors.FileMismatchError("x"), errors.ConflictError("y")], 0, 6),
        ([errors.FileMismatchError("x"), errors.NotFoundError("y")], 0, 1),
    ],
)
def test_many_things_end_in_part_or_as_all_of_them_did(
    failures: list[Exception], done_count: int, code: int
) -> None:
    assert exit_code_of_all(failures, done_count=done_count) == code
