"""How full stores were: sampled as their agents announce it, once an hour."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.announcements import Announcement, record_announcement
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.hours import hour_of, time_of
from catalog_service.store_usage import list_usage, sample_usage, thin
from catalog_service.stores import StoreSpace
from catalog_service.tables import Store, StoreUsage
from librarian.errors import InvalidRequestError, UnknownStoreError

_HOUR = timedelta(hours=1)


def announce(db: Session, free_bytes: int, problem: str = "") -> None:
    agent = Announcement("node1", "127.0.0.1:1", False, "", b"key", "1")
    spaces = {"pot1": StoreSpace(1000, free_bytes, problem)}
    record_announcement(db, "node1", agent, spaces)


def store_of(db: Session, name: str = "pot1") -> Store:
    return db.scalars(select(Store).where(Store.name == name)).one()


def test_what_an_agent_announces_is_kept_once_an_hour(database: Database) -> None:
    with database.transactions.begin() as db:
        announce(db, 700)
        announce(db, 600)
        [sample] = list_usage(db, "pot1", 0)
        assert (sample.capacity_bytes, sample.free_bytes) == (1000, 700)
        assert database_time(db) - sample.time < 2 * _HOUR
        assert list_usage(db, "pot2", 0) == []


def test_of_a_store_that_is_not_there_nothing_is_kept(database: Database) -> None:
    with database.transactions.begin() as db:
        announce(db, 0, "It is not mounted.")
        assert list_usage(db, "pot1", 0) == []


def test_samples_are_told_by_time_and_forgotten_after_400_days(database: Database) -> None:
    with database.transactions.begin() as db:
        store, now = store_of(db), database_time(db)
        for days in (401, 399, 100, 10, 0):
            store.free_bytes = days
            sample_usage(db, [store], now - timedelta(days=days))
        assert [one.free_bytes for one in list_usage(db, "pot1", 400)] == [399, 100, 10, 0]
        assert [one.free_bytes for one in list_usage(db, "pot1", 0)] == [10, 0]
        assert db.scalar(select(func.count()).select_from(StoreUsage)) == 4


def test_a_long_history_is_thinned_evenly(database: Database) -> None:
    with database.transactions.begin() as db:
        store, last = store_of(db), hour_of(database_time(db))
        rows = [
            {"store_id": store.id, "hour": last - n, "capacity_bytes": 1, "free_bytes": n}
            for n in range(2000)
        ]
        db.execute(StoreUsage.__table__.insert(), [{**row, "instance_count": 0} for row in rows])  # type: ignore[attr-defined]
        found = list_usage(db, "pot1", 400)
    assert len(found) == 1000
    assert (found[0].time, found[-1].time) == (time_of(last - 1999), time_of(last))
    gaps = {later.time - earlier.time for earlier, later in pairwise(found)}
    assert gaps == {2 * _HOUR, 3 * _HOUR}


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 100])
def test_thinned_the_first_and_the_last_stay(count: int) -> None:
    thinned = thin(range(count), 10)
    assert len(thinned) == min(count, 10)
    assert list(thinned) == sorted(set(thinned))
    if count:
        assert (thinned[0], thinned[-1]) == (0, count - 1)


def test_unknown_stores_and_odd_spans_are_refused(database: Database) -> None:
    with database.readings.begin() as db:
        for name in ("pot9", "pot\0", "x" * 1000):
            with pytest.raises(UnknownStoreError):
                list_usage(db, name, 0)
        for days in (-1, 401):
            with pytest.raises(InvalidRequestError):
                list_usage(db, "pot1", days)
