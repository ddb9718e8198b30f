"""Batches of transfers: each is one worker's at a time, and holds nothing else back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from catalog_service import transfer_picks
from catalog_service.clock import database_time
from catalog_service.database import Database, open_database
from catalog_service.tables import (
    Librarian,
    Transfer,
    TransferBatch,
)
from catalog_service.transfer_changes import cancel_transfers
from catalog_service.transfer_outcomes import Report
from librarian.errors import BusyError
from librarian.service.workers import this_worker
from tests.catalog_service.staging_rows import NOW, opened
from tests.catalog_service.transfers.queues import (
    OTHER_WORKER,
    change,
    claim,
    claimed,
    end,
    expire_lease,
    ids_in,
    queued,
    read_librarian,
    read_transfer,
    record,
    renew,
)


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
