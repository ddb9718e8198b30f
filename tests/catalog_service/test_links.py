"""The circuit breaker: what fails is left alone for a while, and its state is told."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from catalog_service import links
from catalog_service.clock import database_time
from catalog_service.tables import Librarian
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.staging_rows import opened


@pytest.fixture
def db(database_url: str) -> Iterator[Session]:
    with opened(database_url) as database, database.transactions.begin() as db:
        yield db


def fail(db: Session, librarian: Librarian, cause: str = "UNREACHABLE") -> None:
    links.note_failure(db, librarian, cause, "It does not answer.")


def waits(db: Session, librarian: Librarian) -> float:
    assert librarian.link_try_time is not None
    return (librarian.link_try_time - database_time(db)).total_seconds()


def test_a_link_opens_after_three_failures_in_a_row(db: Session) -> None:
    librarian, now = add_librarian(db), database_time(db)
    for failures in (1, 2):
        fail(db, librarian)
        assert (librarian.link_state, librarian.link_failures) == ("CLOSED", failures)
        assert links.may_try(librarian, now, 0)
    fail(db, librarian)
    assert (librarian.link_state, librarian.link_cause) == ("OPEN", "UNREACHABLE")
    assert librarian.link_error == "It does not answer."
    assert librarian.link_open_time is not None
    assert not links.may_try(librarian, now, 0)
    assert 3.9 < waits(db, librarian) <= 6.0


def test_a_success_in_between_begins_the_count_anew(db: Session) -> None:
    librarian = add_librarian(db)
    for _ in range(4):
        fail(db, librarian)
        fail(db, librarian)
        links.note_success(db, librarian)
    assert (librarian.link_state, librarian.link_failures) == ("CLOSED", 0)


@pytest.mark.parametrize(("cause", "least", "most"), [("REFUSED", 3.9, 6), ("FULL", 23.9, 36)])
def test_a_refusal_and_a_full_neighbour_open_it_at_once(
    db: Session, cause: str, least: float, most: float
) -> None:
    librarian = add_librarian(db)
    fail(db, librarian, cause)
    assert (librarian.link_state, librarian.link_cause) == ("OPEN", cause)
    assert least < waits(db, librarian) <= most


def test_one_batch_tries_and_closes_it(db: Session) -> None:
    librarian = add_librarian(db, batches=4)
    fail(db, librarian, "REFUSED")
    later = database_time(db) + timedelta(minutes=1)
    assert links.may_try(librarian, later, 0)
    links.note_try(librarian)
    assert librarian.link_state == "HALF_OPEN"
    assert not links.may_try(librarian, later, 1)
    links.note_success(db, librarian)
    assert (librarian.link_state, librarian.link_error) == ("CLOSED", "")
    assert (librarian.link_open_time, librarian.link_try_time) == (None, None)
    assert links.may_try(librarian, later, 3)


@pytest.mark.parametrize(("cause", "longest"), [("UNREACHABLE", 600.0), ("FULL", 300.0)])
def test_waits_double_up_to_a_limit(db: Session, cause: str, longest: float) -> None:
    librarian, seconds = add_librarian(db), []
    since = None
    while librarian.link_state == "CLOSED":
        fail(db, librarian, cause)
    for _ in range(12):
        since = since or librarian.link_open_time
        seconds.append(waits(db, librarian))
        links.note_try(librarian)
        fail(db, librarian, cause)
    assert all(b > a * 1.2 for a, b in pairwise(seconds[:4]))
    assert longest * 0.75 < seconds[-1] <= longest
    assert librarian.link_open_time == since


def test_a_late_batch_that_fails_as_well_does_not_prolong_the_wait(db: Session) -> None:
    librarian = add_librarian(db)
    fail(db, librarian, "REFUSED")
    before = (librarian.link_failures, librarian.link_try_time)
    fail(db, librarian, "UNREACHABLE")
    assert (librarian.link_failures, librarian.link_try_time) == before


def test_every_change_is_told_in_a_sentence(db: Session, caplog: pytest.LogCaptureFixture) -> None:
    librarian = add_librarian(db, "archive")
    with caplog.at_level(logging.INFO, "catalog_service.links"):
        fail(db, librarian, "REFUSED")
        links.note_try(librarian)
        links.note_success(db, librarian)
    opened, tried, closed = [record.getMessage() for record in caplog.records]
    assert opened.startswith("Nothing is sent to archive for ")
    assert opened.endswith("seconds: It does not answer.")
    assert (tried, closed) == (
        "The link to archive is tried again.",
        "The link to archive works again.",
    )


def test_a_disabled_neighbour_is_not_tried(db: Session) -> None:
    librarian = add_librarian(db, transfers_enabled=False)
    assert not links.may_try(librarian, database_time(db), 0)
