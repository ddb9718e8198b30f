"""What is sent to neighbours, and what fails, is counted with what it is recorded by."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from catalog_service import links
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.hours import hour_of
from catalog_service.librarian_removal import remove_some
from catalog_service.link_hours import Throughput, count_confirmed, count_failure, list_throughput
from catalog_service.tables import LinkHour, Transfer
from catalog_service.transfer_claims import lock_librarian
from catalog_service.transfer_outcomes import Report
from librarian.errors import InvalidRequestError, UnknownLibrarianError
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.transfers.queues import (
    claimed,
    confirm_all,
    end,
    open_now,
    queued,
    read_librarian,
    record,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def told(database: Database, name: str = "", hours: int = 0) -> list[Throughput]:
    with database.readings.begin() as db:
        return list(list_throughput(db, name, hours))


def sums(database: Database) -> tuple[int, int, dict[str, int]]:
    """Return files, bytes and failures of the one neighbour: a test may see an hour end."""
    failures: dict[str, int] = {}
    samples = told(database)
    for sample in samples:
        for cause, count in sample.failures.items():
            failures[cause] = failures.get(cause, 0) + count
    return sum(s.file_count for s in samples), sum(s.total_bytes for s in samples), failures


def test_what_is_confirmed_is_counted_once(database: Database) -> None:
    keys = queued(database, 3)
    hold = claimed(database)
    reports = [Report(key, "CONFIRMED", checksum="blake3:00") for key in keys]
    for _ in range(2):
        record(database, hold, *reports)
    assert sums(database) == (3, 30, {})


def test_failures_are_counted_by_whose_fault_they_were(database: Database) -> None:
    keys = queued(database, 4)
    hold = claimed(database)
    record(
        database,
        hold,
        Report(keys[0], "FAILED", error="It is bad.", fault="SOURCE"),
        Report(keys[1], "FAILED", error="It broke.", fault=""),
        Report(keys[2], "DECLINED", error="It has others.", fault="FILE"),
        Report(keys[3], "CONFIRMED", checksum="blake3:ff"),
    )
    assert sums(database) == (0, 0, {"SOURCE": 1, "LINK": 1, "FILE": 2})
    open_now(database, keys[:2])
    confirm_all(database, claimed(database))
    assert sums(database) == (2, 20, {"SOURCE": 1, "LINK": 1, "FILE": 2})


def test_what_waits_again_without_an_attempt_is_no_failure(database: Database) -> None:
    [key] = queued(database, 1)
    record(database, claimed(database), Report(key, "QUEUED"))
    assert sums(database) == (0, 0, {})


def test_a_link_that_fails_is_counted_by_its_cause(database: Database) -> None:
    queued(database, 1)
    for _ in range(2):
        end(database, claimed(database), cause="UNREACHABLE", error="It does not answer.")
    assert sums(database) == (0, 0, {"UNREACHABLE": 2})


def test_what_is_not_committed_is_not_counted(database: Database) -> None:
    queued(database, 1)
    with database.transactions.begin() as db:
        count_confirmed(db, 1, 10)
        db.rollback()
    assert told(database) == []


def test_a_transaction_that_is_run_again_counts_once(database: Database) -> None:
    queued(database, 1)
    with database.transactions() as db:
        count_confirmed(db, 1, 10)
        db.connection()
        db.rollback()
        count_confirmed(db, 1, 10)
        db.commit()
    assert sums(database) == (1, 10, {})


def test_many_who_count_at_once_lose_nothing_and_hold_nobody_up(database: Database) -> None:
    with database.transactions.begin() as db:
        ids = [add_librarian(db, f"centre-{n}").id for n in range(3)]

    failed: list[Exception] = []

    def work(turn: int) -> None:
        # Not repeated when others were in the way: nobody shall be.
        with database.transactions.begin() as db:
            # In another order each time, and with the neighbour's own row locked after that.
            for key in ids[turn % 3 :] + ids[: turn % 3]:
                count_failure(db, key, "LINK")
                count_confirmed(db, key, turn)
            librarian = lock_librarian(db, ids[turn % 3])
            assert librarian is not None
            links.note_failure(db, librarian, "UNREACHABLE", "Away.")

    def work_on() -> None:
        try:
            for turn in range(12):
                work(turn)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    files, total_bytes, failures = sums(database)
    assert (files, total_bytes) == (4 * 12 * 3, 4 * 66 * 3)
    assert failures == {"LINK": 4 * 12 * 3, "UNREACHABLE": 4 * 12}


def test_the_counts_are_the_last_thing_that_a_transaction_writes(database: Database) -> None:
    [key] = queued(database, 1)
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("SELECT"):
            written.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    with database.transactions.begin() as db:
        count_failure(db, 1, "LINK")
        # Not flushed: whoever holds this row may be about to count on the same link.
        db.get_one(Transfer, key).error = "It broke."
    event.remove(database.engine, "before_cursor_execute", note)
    first, last = [one for one in written if "transfer" in one or "link_hour" in one]
    assert first.startswith("UPDATE transfer")
    assert last.startswith("INSERT INTO link_hour")


def test_a_neighbour_takes_its_counts_with_it(database: Database) -> None:
    queued(database, 1)
    confirm_all(database, claimed(database))
    assert sums(database)[0] == 1
    name = read_librarian(database).name
    with database.transactions.begin() as db:
        assert remove_some(db, name, cancel_transfers=False)[1]
        # Whoever had it in hand a moment ago counts for nothing.
        count_failure(db, 1, "LINK")
    with database.readings.begin() as db:
        assert db.scalar(select(func.count()).select_from(LinkHour)) == 0


def test_hours_are_told_by_neighbour_and_time_and_many_as_days(database: Database) -> None:
    with database.transactions.begin() as db:
        now = hour_of(database_time(db))
        ids = {name: add_librarian(db, name).id for name in ("far", "centre")}
        rows = [
            ("far", now - 30, "", 2, 20),
            ("far", now, "", 1, 10),
            ("centre", now, "LINK", 4, 0),
        ]
        rows += [("far", now - 24 * 300 - n, "", 1, 1) for n in range(24)]
        for name, hour, cause, files, size in rows:
            row = {"librarian_id": ids[name], "hour": hour, "cause": cause}
            db.add(LinkHour(**row, file_count=files, total_bytes=size))
    lately = told(database)
    assert [(one.librarian_name, one.file_count) for one in lately] == [("centre", 0), ("far", 1)]
    assert lately[0].failures == {"LINK": 4}
    assert [one.file_count for one in told(database, "far", 48)] == [2, 1]
    days = told(database, "far", 9600)
    assert sum(one.file_count for one in days) == 27
    assert len(days) < 8
    assert {one.time.hour for one in days} == {0}
    assert days == sorted(days, key=lambda one: one.time)
    gap = days[1].time - days[0].time
    assert gap % timedelta(days=1) == timedelta()


def test_unknown_neighbours_and_odd_spans_are_refused(database: Database) -> None:
    for name in ("nobody", "a\0b", "x" * 1000):
        with pytest.raises(UnknownLibrarianError):
            told(database, name)
    for hours in (-1, 9601):
        with pytest.raises(InvalidRequestError):
            told(database, "", hours)
