"""Every error has a reason of its own and a status, and comes back as the class it was."""

import grpc
import pytest

from librarian import errors
from librarian.errors import (
    FileMismatchError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    error_classes,
)
from librarian.failures import error_from, failure_message
from librarian.service.errors import STATUSES, status_of

CLASSES = [item for item in vars(errors).values() if isinstance(item, type)]


def test_every_class_has_a_reason_of_its_own():
    assert len(CLASSES) > 15
    assert set(error_classes().values()) == {c for c in CLASSES if issubclass(c, LibrarianError)}


@pytest.mark.parametrize("error_class", [c for c in CLASSES if c is not LibrarianError])
def test_every_class_but_the_base_has_a_status(error_class):
    assert status_of(error_class("What is wrong.")) is not grpc.StatusCode.INTERNAL


def test_every_status_stands_for_one_branch_of_the_tree():
    assert len(set(STATUSES.values())) == len(STATUSES)


def test_a_failure_message_comes_back_as_the_class_it_was():
    failure = failure_message(FileMismatchError("Other contents."))
    error = error_from(failure.reason, failure.message)
    assert type(error) is FileMismatchError
    assert str(error) == "Other contents."


def test_a_reason_of_a_newer_version_is_still_an_error():
    assert type(error_from("NOT_INVENTED_YET", "Something.")) is LibrarianError


def test_an_error_that_is_no_errors_of_ours_is_internal():
    assert status_of(ValueError("secret")) is grpc.StatusCode.INTERNAL
    assert status_of(InvalidRequestError("x")) is not status_of(NotFoundError("x"))
