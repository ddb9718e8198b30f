"""Batches of transfers: each is one worker's at a time, and holds nothing else back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from catalog_service import transfer_batches, transfer_claims, transfer_picks
from catalog_service.clock import database_time
from catalog_service.database import Database, open_database
from catalog_service.tables import (
    Agent,
    Instance,
    Librarian,
    StandingOrder,
    Store,
    Transfer,
    TransferBatch,
)
from catalog_service.transfer_changes import cancel_transfers
from catalog_service.transfer_claims import Hold
from catalog_service.transfer_outcomes import Report
from catalog_service.workers import this_worker
from librarian.errors import BusyError
from tests.catalog_service.neighbour_rows import add_librarian, add_order, add_transfer
from tests.catalog_service.staging_rows import NOW, opened
from tests.catalog_service.transfers.queues import (
    OTHER_WORKER,
    add_heard_store,
    change,
    claim,
    claimed,
    confirm_all,
    end,
    expire_lease,
    hold_of,
    ids_in,
    open_now,
    put_file,
    queue_files,
    read_librarian,
    read_transfer,
    record,
)


def prepare(db: Session, **changes: Any) -> tuple[Librarian, Store]:
    return add_librarian(db, **changes), add_heard_store(db)


def queued(database: Database, count: int, **changes: Any) -> list[int]:
    with database.transactions.begin() as db:
        librarian, store = prepare(db, **changes)
        return queue_files(db, librarian, store, count)


def count_batches(database: Database) -> int:
    with database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(TransferBatch)).scalar_one()


def test_workers_at_once_never_share_a_transfer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 2)
    ids = queued(database, 180, batches=100)
    start = threading.Barrier(3)

    def work(worker: int) -> list[int]:
        start.wait()
        return ids_in(database, claimed(database, worker=f"far/{worker}/1"))

    with ThreadPoolExecutor(3) as pool:
        rounds = [taken for _ in range(30) for taken in pool.map(work, range(3))]
    assert sorted(key for taken in rounds for key in taken) == ids


def test_a_lease_that_ran_out_while_its_owner_lives_is_taken_over_and_the_owner_refused(
    database: Database,
) -> None:
    [first, second] = queued(database, 2)
    late = claimed(database)
    record(database, late, Report(first, "OFFERED", upload_id="u-1"))
    expire_lease(database, late)
    new = claimed(database, worker=OTHER_WORKER)
    assert (new.batch_id, new.fence) == (late.batch_id, late.fence + 1)
    for write in (
        lambda: record(database, late, Report(second, "CONFIRMED", checksum="blake3:00")),
        lambda: end(database, late),
        lambda: end(database, late, cause="UNREACHABLE", error="Late."),
        lambda: renew(database, late),
    ):
        with pytest.raises(BusyError):
            write()
    assert [read_transfer(database, i).state for i in (first, second)] == ["OFFERED", "QUEUED"]
    assert read_transfer(database, first).upload_id == "u-1"
    assert read_librarian(database).link_failures == 0
    renew(database, new)


def renew(database: Database, hold: Hold, done: int = 0) -> transfer_claims.Renewal:
    with database.transactions.begin() as db:
        return transfer_claims.renew(db, hold, done)


def test_an_owner_that_was_not_relieved_may_renew_a_lease_that_ran_out(database: Database) -> None:
    queued(database, 1)
    hold = claimed(database)
    expire_lease(database, hold)
    assert renew(database, hold, 7).batch.bytes_done == 7
    assert claim(database, worker=OTHER_WORKER) is None


def test_a_batch_whose_worker_is_gone_is_taken_at_once(database: Database) -> None:
    queued(database, 1)
    host, pid, _ = this_worker().split("/")
    dead = claimed(database, worker=f"{host}/{pid}/another")
    assert claimed(database, worker=this_worker()).batch_id == dead.batch_id
    assert claim(database, worker=OTHER_WORKER) is None


def test_a_batch_that_met_an_obstacle_stays_together_until_the_breaker_lets_it(
    database: Database,
) -> None:
    ids = queued(database, 3)
    hold = claimed(database)
    record(database, hold, Report(ids[0], "SENDING"))
    end(database, hold, cause="REFUSED", error="The token is no good.")
    assert read_librarian(database).link_state == "OPEN"
    assert claim(database) is None
    change(database, Librarian, 1, link_try_time=NOW)
    again = claimed(database)
    assert (again.batch_id, again.fence) == (hold.batch_id, hold.fence + 1)
    assert ids_in(database, again) == ids
    assert read_transfer(database, ids[0]).state == "SENDING"
    assert read_librarian(database).link_state == "HALF_OPEN"
    end(database, again, site_id="site-1")
    found = read_librarian(database)
    assert (found.link_state, found.site_id) == ("CLOSED", "site-1")


def test_a_batch_that_is_handed_on_is_gone_on_with_at_once(database: Database) -> None:
    ids = queued(database, 2)
    hold = claimed(database)
    record(database, hold, Report(ids[0], "OFFERED", upload_id="u-1"))
    end(database, hold, handed_on=True)
    again = claimed(database, worker=OTHER_WORKER)
    assert (again.batch_id, ids_in(database, again)) == (hold.batch_id, ids)


def test_what_has_not_ended_waits_again_when_a_batch_ends(database: Database) -> None:
    ids = queued(database, 3)
    hold = claimed(database)
    record(
        database,
        hold,
        Report(ids[0], "CONFIRMED", checksum="blake3:00"),
        Report(ids[1], "SENDING", upload_id="u-1"),
    )
    end(database, hold)
    end(database, hold)
    assert count_batches(database) == 0
    rows = [read_transfer(database, i) for i in ids]
    assert [row.state for row in rows] == ["CONFIRMED", "QUEUED", "QUEUED"]
    assert {(row.batch_id, row.upload_id) for row in rows} == {(None, "")}
    assert ids_in(database, claimed(database)) == ids[1:]


def test_an_instance_without_a_problem_is_sent_when_there_is_one(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        other = add_heard_store(db, "pot2", db.get_one(Agent, store.agent_id))
        file = put_file(db, "zen.uv", [store, other])
        transfer_id = add_transfer(db, file, librarian).id
        bad, good = db.scalars(select(Instance.id).order_by(Instance.id))
    change(database, Instance, bad, problem="It has rotted.")
    hold = claimed(database)
    assert read_transfer(database, transfer_id).instance_id == good
    end(database, hold)
    change(database, Instance, good, available=False)
    claimed(database)
    assert read_transfer(database, transfer_id).instance_id == bad


def test_a_file_without_an_instance_waits_and_holds_nothing_back(database: Database) -> None:
    ids = queued(database, 3)
    with database.transactions.begin() as db:
        first = db.scalars(select(Instance).order_by(Instance.id).limit(1)).one()
        first.available = False
    assert ids_in(database, claimed(database)) == ids[1:]
    row = read_transfer(database, ids[0])
    assert (row.state, row.attempts, row.fault) == ("QUEUED", 1, "SOURCE")
    assert row.error == "No copy of the file that could be sent is available at this site."
    assert row.run_time > NOW


def test_a_batch_whose_instance_is_gone_meanwhile_leaves_that_file(database: Database) -> None:
    ids = queued(database, 2)
    hold = claimed(database)
    with database.transactions.begin() as db:
        first = db.scalars(select(Instance).order_by(Instance.id).limit(1)).one()
        first.available = False
    end(database, hold, handed_on=True)
    assert ids_in(database, claimed(database)) == ids[1:]
    assert read_transfer(database, ids[0]).batch_id is None


def test_a_batch_is_of_one_agent_and_the_other_agents_files_come_in_another(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        other = add_heard_store(db, "pot2")
        here = queue_files(db, librarian, store, 2, prefix="here")
        there = queue_files(db, librarian, other, 2, prefix="there")
        both = add_transfer(db, put_file(db, "both.uv", [other, store]), librarian).id
    assert ids_in(database, claimed(database)) == [*here, both]
    assert ids_in(database, claimed(database)) == there


def test_a_silent_agents_files_wait_without_that_being_an_attempt(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        silent = add_heard_store(db, "pot2")
        db.get_one(Agent, silent.agent_id).report_time = NOW
        waiting = queue_files(db, librarian, silent, 2, prefix="silent")
        heard = queue_files(db, librarian, store, 1)
    assert ids_in(database, claimed(database)) == heard
    assert claim(database) is None
    row = read_transfer(database, waiting[0])
    assert (row.state, row.attempts, row.fault) == ("QUEUED", 0, "SOURCE")
    assert row.run_time > NOW


def test_a_batch_has_at_most_so_many_bytes_but_at_least_one_file(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_BYTES", 25)
    with database.transactions.begin() as db:
        librarian, store = prepare(db, batches=16)
        small = queue_files(db, librarian, store, 3, prefix="small")
        [large] = queue_files(db, librarian, store, 1, prefix="large", size_bytes=1000)
    assert [ids_in(database, claimed(database)) for _ in range(3)] == [
        small[:2],
        [small[2]],
        [large],
    ]


def test_a_neighbour_has_so_many_batches_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    queued(database, 5, batches=3)
    holds = [claimed(database) for _ in range(3)]
    assert claim(database) is None
    confirm_all(database, holds[0])
    assert claim(database) is not None


def test_a_lane_with_a_limit_has_one_batch_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    with database.transactions.begin() as db:
        librarian, store = prepare(db, batches=8)
        order = add_order(db, librarian, bandwidth=1000)
        queue_files(db, librarian, store, 3, lane=order.id, order_name=order.name)
    first = claim(database)
    assert first is not None
    assert first.lane.bandwidth == 1000
    assert claim(database) is None
    confirm_all(database, hold_of(first))
    assert claim(database) is not None


def test_one_batch_tries_a_link_that_was_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    ids = queued(database, 3, link_state="OPEN", link_try_time=NOW, link_failures=1)
    hold = claimed(database)
    assert claim(database) is None
    # Bytes that came through say enough: the batch may take hours yet.
    record(database, hold, Report(ids[0], "SENT"))
    assert read_librarian(database).link_state == "CLOSED"
    assert claim(database) is not None


def test_nothing_starts_outside_of_an_orders_hours_nor_while_it_is_disabled(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        now = database_time(db)
        closed = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
        order = add_order(db, librarian, hours=closed)
        queue_files(db, librarian, store, 1, lane=order.id, order_name=order.name)
    assert claim(database) is None
    with database.readings.begin() as db:
        outlook = transfer_batches.look_for_work(db)
    assert outlook.librarian_ids == []
    assert outlook.next_time is not None
    assert timedelta(minutes=50) < outlook.next_time - now <= timedelta(hours=2)
    change(database, StandingOrder, order.id, hours="")
    hold = claimed(database)
    end(database, hold, handed_on=True)
    change(database, StandingOrder, order.id, enabled=False)
    assert claim(database) is None
    change(database, StandingOrder, order.id, enabled=True)
    assert claimed(database).batch_id == hold.batch_id


def test_what_was_cancelled_meanwhile_is_told_and_a_batch_without_more_is_gone(
    database: Database,
) -> None:
    ids = queued(database, 3)
    hold = claimed(database)
    record(database, hold, *(Report(i, "OFFERED", upload_id=f"u-{i}") for i in ids))
    with database.transactions.begin() as db:
        cancel_transfers(db, ids[1:])
    assert renew(database, hold).cancelled_ids == ids[1:]
    told = record(database, hold, *(Report(i, "SENT") for i in ids))
    assert told == ids[1:]
    states = [read_transfer(database, i).state for i in ids]
    assert states == ["SENT", "CANCELLED", "CANCELLED"]
    with database.transactions.begin() as db:
        cancel_transfers(db, ids[:1])
    # Its uploads at the neighbour are still to be withdrawn, by whoever has it next.
    end(database, hold, handed_on=True)
    again = claimed(database)
    assert again.batch_id == hold.batch_id
    end(database, again)
    assert count_batches(database) == 0
    assert claim(database) is None


def test_a_batch_that_was_cancelled_before_its_offer_is_gone(database: Database) -> None:
    ids = queued(database, 2)
    hold = claimed(database)
    with database.transactions.begin() as db:
        cancel_transfers(db, ids)
    expire_lease(database, hold)
    assert claim(database) is None
    assert count_batches(database) == 0


def test_transfers_that_were_disabled_are_stopped(database: Database) -> None:
    queued(database, 1)
    hold = claimed(database)
    assert not renew(database, hold).stop
    change(database, Librarian, 1, transfers_enabled=False)
    assert renew(database, hold).stop
    end(database, hold, handed_on=True)
    assert claim(database) is None


def test_a_neighbour_that_fails_holds_no_other_back(database: Database) -> None:
    with database.transactions.begin() as db:
        broken, store = prepare(db, link_state="OPEN", link_try_time=database_time(db) + HOUR)
        healthy = add_librarian(db, "archive")
        queue_files(db, broken, store, 1, prefix="a")
        queue_files(db, healthy, store, 1, prefix="b")
    with database.readings.begin() as db:
        assert transfer_batches.look_for_work(db).librarian_ids == [healthy.id]


def test_transfers_of_an_order_that_is_gone_go_on_in_the_lane_by_hand(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        order = add_order(db, librarian)
        ids = queue_files(db, librarian, store, 2, lane=order.id, order_name=order.name)
    hold = claimed(database)
    with database.transactions.begin() as db:
        db.delete(db.get_one(StandingOrder, order.id))
    record(database, hold, Report(ids[0], "FAILED", error="Broken.", fault="LINK"))
    end(database, hold)
    assert [read_transfer(database, i).lane for i in ids] == [0, 0]
    open_now(database, ids)
    assert ids_in(database, claimed(database)) == ids


def test_the_rate_to_a_neighbour_follows_what_batches_reach(database: Database) -> None:
    queued(database, 1)
    end(database, claimed(database), sent_bytes=1000, sending_seconds=2.0)
    assert read_librarian(database).rate_bytes_per_second == 500.0
    end(database, claimed(database), sent_bytes=1000, sending_seconds=1.0)
    assert 500.0 < read_librarian(database).rate_bytes_per_second < 1000.0
    end(database, claimed(database))
    assert read_librarian(database).rate_bytes_per_second > 500.0


HOUR = timedelta(hours=1)


@pytest.fixture(params=[-1, 1])
def skewed(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Database]:
    """Return a database whose clock is an hour from this host's."""
    setting = open_database(postgres_url)
    with setting.transactions.begin() as db:
        db.execute(text("CREATE SCHEMA skewed"))
        db.execute(
            text(
                "CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
                f" 'SELECT pg_catalog.clock_timestamp() + interval ''{request.param} hour'''"
            )
        )
        name = db.scalar(text("SELECT current_database()"))
        path = "skewed, public, pg_catalog"
        db.execute(text(f"ALTER DATABASE {name} SET search_path = {path}"))
    setting.dispose()
    with opened(postgres_url) as database:
        yield database


def test_only_the_databases_clock_counts(skewed: Database) -> None:
    ids = queued(skewed, 2)
    with skewed.transactions.begin() as db:
        here = db.execute(text("SELECT pg_catalog.clock_timestamp()")).scalar_one()
        now = database_time(db)
        change_all = db.scalars(select(Transfer)).all()
        for row in change_all:
            row.run_time = now
    assert abs(abs(now - here) - HOUR) < timedelta(minutes=1)
    hold = claimed(skewed)
    assert ids_in(skewed, hold) == ids
    assert claim(skewed, worker=OTHER_WORKER) is None
    renew(skewed, hold)
    assert claim(skewed, worker=OTHER_WORKER) is None
    expire_lease(skewed, hold)
    again = claimed(skewed, worker=OTHER_WORKER)
    record(skewed, again, Report(ids[0], "FAILED", error="Broken.", fault="LINK"))
    waits = read_transfer(skewed, ids[0]).run_time - now
    assert timedelta(0) < waits < timedelta(minutes=1)
    end(skewed, again, cause="REFUSED", error="No.")
    try_time = read_librarian(skewed).link_try_time
    assert try_time is not None
    assert timedelta(0) < try_time - now < timedelta(minutes=1)
