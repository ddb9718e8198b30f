"""What became of transfers: it is recorded once, and one that has ended never changes."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog_service import transfer_failures
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.tables import FileEvent, Instance, RemoteInstance, StandingOrder, Transfer
from catalog_service.transfer_changes import cancel_transfers
from catalog_service.transfer_claims import Hold
from catalog_service.transfer_outcomes import Report, confirm
from tests.catalog_service.neighbour_rows import add_librarian, add_order, add_transfer
from tests.catalog_service.transfers.queues import (
    add_heard_store,
    claimed,
    end,
    ids_in,
    open_now,
    put_file,
    queue_files,
    read_librarian,
    read_transfer,
    record,
)

GOOD = "blake3:00"
PLACE = {"connection_name": "centre", "remote_store_path": "2458396/zen.0.uv"}


def taken(database: Database, count: int = 1, *, order: bool = False) -> tuple[Hold, list[int]]:
    """Queue files, by an order or by hand, and claim them."""
    with database.transactions.begin() as db:
        librarian, store = add_librarian(db), add_heard_store(db)
        lane: dict[str, Any] = {}
        if order:
            lane = {"lane": add_order(db, librarian, "nightly").id, "order_name": "nightly"}
        ids = queue_files(db, librarian, store, count, size_bytes=4000, **lane)
    return claimed(database), ids


def events(database: Database, event_type: str) -> list[dict[str, Any]]:
    with database.readings.begin() as db:
        found = select(FileEvent.payload).where(FileEvent.type == event_type)
        return [json.loads(payload) for payload in db.scalars(found.order_by(FileEvent.id))]


def count(database: Database, table: Any) -> int:
    with database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def read_order(database: Database) -> StandingOrder:
    with database.readings.begin() as db:
        return db.scalars(select(StandingOrder)).one()


def test_a_transfer_moves_on_until_it_is_confirmed(database: Database) -> None:
    hold, [key] = taken(database, order=True)
    record(database, hold, Report(key, "OFFERED", upload_id="u-1"))
    offered = read_transfer(database, key)
    assert (offered.state, offered.upload_id, offered.start_time) == ("OFFERED", "u-1", None)
    record(database, hold, Report(key, "SENDING"), way="RSYNC")
    sending = read_transfer(database, key)
    assert (sending.state, sending.upload_id) == ("SENDING", "u-1")
    assert sending.start_time is not None
    record(database, hold, Report(key, "SENT"))
    record(database, hold, Report(key, "CONFIRMED", checksum=GOOD))
    row = read_transfer(database, key)
    assert (row.state, row.claimed_file_id, row.error) == ("CONFIRMED", None, "")
    assert row.end_time is not None
    with database.readings.begin() as db:
        remote = db.scalars(select(RemoteInstance)).one()
    assert (remote.file_id, remote.librarian_id) == (row.file_id, row.librarian_id)
    assert read_librarian(database).remote_instance_count == 1


def test_pipelines_hear_what_they_have_known_for_long(database: Database) -> None:
    hold, [key] = taken(database, order=True)
    record(database, hold, Report(key, "SENDING"))
    assert events(database, "launch_copy") == [PLACE]
    record(database, hold, Report(key, "CONFIRMED", checksum=GOOD))
    [finished] = events(database, "copy_finished")
    duration, rate = finished.pop("duration"), finished.pop("average_rate")
    assert finished == {**PLACE, "error_code": 0, "error_message": ""}
    assert duration >= 0
    # Both are rounded; the rate is in kilobytes a second.
    assert rate == 0 or rate == pytest.approx(4.0 / duration, rel=0.2, abs=0.001 * rate)
    assert events(database, "standing_order_succeeded:nightly") == [{}]
    order = read_order(database)
    assert (order.sent_count, order.sent_bytes) == (1, 4000)


def test_confirming_twice_has_one_effect(database: Database) -> None:
    hold, ids = taken(database, 2, order=True)
    reports = [Report(key, "CONFIRMED", checksum=GOOD) for key in ids]
    for _ in range(2):
        record(database, hold, *reports)
        with database.transactions.begin() as db:
            confirm(db, ids)
    assert count(database, RemoteInstance) == 2
    assert count(database, FileEvent) == 4
    assert read_order(database).sent_count == 2
    assert read_librarian(database).remote_instance_count == 2


def test_a_neighbour_that_says_it_first_leaves_nothing_for_the_worker_to_do(
    database: Database,
) -> None:
    hold, [key] = taken(database)
    with database.transactions.begin() as db:
        assert confirm(db, [key]) == {key}
        assert confirm(db, [key]) == set()
    first = read_transfer(database, key)
    record(database, hold, Report(key, "FAILED", error="Late.", fault="LINK"))
    assert read_transfer(database, key).end_time == first.end_time
    end(database, hold)
    assert (read_transfer(database, key).state, read_transfer(database, key).error) == (
        "CONFIRMED",
        "",
    )


@pytest.mark.parametrize("state", ["CONFIRMED", "DECLINED", "CANCELLED"])
def test_a_transfer_that_has_ended_never_changes(database: Database, state: str) -> None:
    hold, [key] = taken(database)
    if state == "CANCELLED":
        with database.transactions.begin() as db:
            cancel_transfers(db, [key])
    else:
        record(database, hold, Report(key, state, checksum=GOOD, error="No."))
    before = read_transfer(database, key)
    for late in ("OFFERED", "SENDING", "SENT", "CONFIRMED", "DECLINED", "FAILED", "QUEUED"):
        record(database, hold, Report(key, late, upload_id="u-9", checksum=GOOD, error="Late."))
    after = read_transfer(database, key)
    for name in ("state", "error", "upload_id", "end_time", "update_time", "attempts"):
        assert getattr(after, name) == getattr(before, name)


def test_other_contents_are_no_confirmation(database: Database) -> None:
    hold, [key] = taken(database)
    record(database, hold, Report(key, "CONFIRMED", checksum="blake3:ff"))
    row = read_transfer(database, key)
    assert (row.state, row.fault) == ("DECLINED", "FILE")
    assert "other contents" in row.error
    assert count(database, RemoteInstance) == 0


def test_a_rotten_copy_is_marked_and_the_next_attempt_takes_another(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = add_librarian(db), add_heard_store(db)
        other = add_heard_store(db, "pot2")
        file = put_file(db, "zen.0.uv", [store, other])
        key = add_transfer(db, file, librarian).id
    hold = claimed(database)
    first = read_transfer(database, key).instance_id
    record(database, hold, Report(key, "SENDING"))
    record(database, hold, Report(key, "FAILED", error="It has rotted.", fault="SOURCE"))
    row = read_transfer(database, key)
    assert (row.state, row.attempts, row.fault, row.batch_id) == ("QUEUED", 1, "SOURCE", None)
    with database.readings.begin() as db:
        problems = {i.id: i.problem for i in db.scalars(select(Instance))}
    assert sorted(problems.values()) == ["", "It has rotted."]
    assert first is not None
    assert problems[first] == "It has rotted."
    [finished] = events(database, "copy_finished")
    assert (finished["error_code"], finished["error_message"]) == (1, "It has rotted.")
    end(database, hold)
    open_now(database, [key])
    claimed(database)
    assert read_transfer(database, key).instance_id != first


def test_when_each_copy_is_bad_a_person_must_look_soon(database: Database) -> None:
    hold, [key] = taken(database)
    for _ in range(transfer_failures.MAX_BAD_ATTEMPTS - 1):
        record(database, hold, Report(key, "FAILED", error="It has rotted.", fault="SOURCE"))
        assert read_transfer(database, key).state == "QUEUED"
        end(database, hold)
        open_now(database, [key])
        hold = claimed(database)
    record(database, hold, Report(key, "FAILED", error="It has rotted.", fault="SOURCE"))
    row = read_transfer(database, key)
    assert (row.state, row.fault, row.claimed_file_id) == ("FAILED", "SOURCE", None)
    assert row.error == "It has rotted. No copy here is known to be good: mend one, then retry."


def test_one_bad_file_does_not_stop_the_queue(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_failures, "MAX_ATTEMPTS", 4)
    hold, [bad, *others] = taken(database, 4)
    good = [Report(key, "CONFIRMED", checksum=GOOD) for key in others]
    record(database, hold, Report(bad, "FAILED", error="Broken.", fault="LINK"), *good)
    end(database, hold, site_id="site-1")
    for _ in range(transfer_failures.MAX_ATTEMPTS - 1):
        open_now(database, [bad])
        hold = claimed(database)
        assert ids_in(database, hold) == [bad]
        record(database, hold, Report(bad, "FAILED", error="Broken.", fault="LINK"))
        end(database, hold, site_id="site-1")
    row = read_transfer(database, bad)
    assert (row.state, row.attempts) == ("FAILED", transfer_failures.MAX_ATTEMPTS)
    assert (row.error, row.fault, row.claimed_file_id) == ("Broken.", "LINK", None)
    assert {read_transfer(database, key).state for key in others} == {"CONFIRMED"}
    assert read_librarian(database).link_state == "CLOSED"


@pytest.mark.parametrize(
    ("attempts", "least", "most"), [(0, 5.0, 10.0), (3, 40.0, 80.0), (15, 1800.0, 3600.0)]
)
def test_attempts_that_fail_are_repeated_after_ever_longer(
    database: Database, attempts: int, least: float, most: float
) -> None:
    hold, [key] = taken(database)
    with database.transactions.begin() as db:
        row = db.merge(read_transfer(database, key))
        row.attempts = attempts
        now = database_time(db)
    record(database, hold, Report(key, "FAILED", error="Broken.", fault="LINK"))
    waits = (read_transfer(database, key).run_time - now).total_seconds()
    assert least <= waits <= most + 5


def test_a_neighbour_without_room_is_no_failed_attempt(database: Database) -> None:
    hold, [key] = taken(database)
    record(database, hold, Report(key, "FAILED", error="No room.", fault="DESTINATION"))
    row = read_transfer(database, key)
    assert (row.state, row.attempts, row.error) == ("QUEUED", 0, "No room.")
    assert (row.run_time - row.update_time).total_seconds() >= 30


def test_what_was_not_tried_waits_again_at_once(database: Database) -> None:
    hold, [key] = taken(database)
    record(database, hold, Report(key, "OFFERED", upload_id="u-1"))
    record(database, hold, Report(key, "QUEUED"))
    row = read_transfer(database, key)
    assert (row.state, row.attempts, row.batch_id, row.upload_id) == ("QUEUED", 0, None, "")
    end(database, hold)
    assert ids_in(database, claimed(database)) == [key]


def test_a_resumed_transfer_is_launched_once_and_a_repeated_one_anew(database: Database) -> None:
    hold, [key] = taken(database)
    record(database, hold, Report(key, "SENDING"))
    end(database, hold, cause="UNREACHABLE", error="Cut.")
    again = claimed(database)
    record(database, again, Report(key, "OFFERED", upload_id="u-1"), Report(key, "SENDING"))
    assert len(events(database, "launch_copy")) == 1
    record(database, again, Report(key, "FAILED", error="Broken.", fault="LINK"))
    end(database, again)
    open_now(database, [key])
    record(database, claimed(database), Report(key, "SENDING"))
    assert len(events(database, "launch_copy")) == 2


def test_reports_of_other_batches_transfers_change_nothing(database: Database) -> None:
    hold, [key] = taken(database)
    with database.transactions.begin() as db:
        librarian = add_librarian(db, "archive")
        file = put_file(db, "other.uv", [add_heard_store(db, "pot2")])
        foreign = add_transfer(db, file, librarian).id
    told = record(database, hold, Report(foreign, "CONFIRMED", checksum=GOOD), Report(999, "SENT"))
    assert told == []
    assert read_transfer(database, foreign).state == "QUEUED"
    assert read_transfer(database, key).state == "QUEUED"


@pytest.mark.parametrize(("sent", "problem"), [(True, ""), (False, "It has rotted.")])
def test_a_suspect_copy_that_arrived_as_on_record_is_none_any_more(
    database: Database, sent: bool, problem: str
) -> None:
    hold, [first, second] = taken(database, 2)
    with database.transactions.begin() as db:
        for instance in db.scalars(select(Instance)):
            instance.problem = "It has rotted."
    if sent:
        record(database, hold, Report(first, "SENDING"))
    record(database, hold, Report(first, "CONFIRMED", checksum=GOOD))
    # What the neighbour had already says nothing of the copy here.
    assert problem_of(database, first) == problem
    assert problem_of(database, second) == "It has rotted."


def problem_of(database: Database, transfer_id: int) -> str:
    with database.readings.begin() as db:
        row = db.get_one(Transfer, transfer_id)
        assert row.instance_id is not None
        return db.get_one(Instance, row.instance_id).problem
