"""What arrives is counted as it is recorded: once, whoever else records, or not at all."""

import itertools
import threading
from collections import Counter
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from catalog_service.arrivals import Day, count_arrivals, list_arrivals
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.migrate import alembic_config, upgrade
from catalog_service.retrying import run_transaction
from catalog_service.tables import File, Instance, Observation, Store
from catalog_service.totals import get_totals
from tests.catalog_service.statistics.recorded import facts, new_instance, record_new

_NUMBERS = itertools.count()
_OBSID = 1_200_000_000

# Files by number, on which store and of which observation, and whether the transaction survives.
_FILE = st.tuples(st.integers(0, 6), st.integers(0, 1), st.integers(0, 2), st.integers(0, 1000))
_CALLS = st.lists(
    st.tuples(st.lists(_FILE, max_size=5, unique_by=lambda one: one[0]), st.booleans()), max_size=5
)


class KilledError(Exception):
    """The transaction ends before it is committed."""


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=_CALLS)
def test_counts_are_what_the_files_rows_say(database: Database, calls: list[Any]) -> None:
    prefix = f"zen.{next(_NUMBERS)}"
    for files, survives in calls:
        try:
            with database.transactions.begin() as db:
                _record(db, prefix, files)
                if not survives:
                    raise KilledError
        except KilledError:
            pass
    with database.readings.begin() as db:
        totals, arrivals = get_totals(db), list_arrivals(db, None, None)
        assert [(one.day, one.file_count, one.total_bytes) for one in arrivals.days] == _by_day(db)
        held = db.execute(select(func.count(), func.sum(File.size_bytes)).select_from(File)).one()
        copies = select(func.count()).select_from(Instance).where(Instance.available)
        assert (totals.file_count, totals.total_bytes) == (held[0], int(held[1] or 0))
        assert totals.instance_count == db.scalar(copies)
        observed = select(func.count()).select_from(Observation)
        assert totals.observation_count == db.scalar(observed)


def _record(db: Any, prefix: str, files: list[tuple[int, int, int, int]]) -> None:
    stores = db.scalars(select(Store).order_by(Store.id)).all()
    items = [
        new_instance(
            f"{prefix}.{number}.uv",
            stores[store],
            size_bytes,
            facts(_OBSID + obsid, 2458432.5, None) if obsid else None,
        )
        for number, store, obsid, size_bytes in files
    ]
    # A known file gets another copy; the copy that is there already is nobody's to record.
    here = {(row.file_name, row.store_id) for row in db.scalars(select(Instance))}
    record_new(db, [item for item in items if (item.file_name, item.store_id) not in here])


def _by_day(db: Any) -> list[tuple[date, int, int]]:
    counts: Counter[date] = Counter()
    sizes: Counter[date] = Counter()
    first = select(File.size_bytes, func.min(Instance.create_time)).join(
        Instance, Instance.file_id == File.id
    )
    for size_bytes, time in db.execute(first.group_by(File.id, File.size_bytes)):
        counts[time.date()] += 1
        sizes[time.date()] += size_bytes
    return [(day, counts[day], sizes[day]) for day in sorted(counts)]


def test_many_who_record_at_once_lose_no_count(database: Database) -> None:
    with database.readings.begin() as db:
        stores = db.scalars(select(Store).order_by(Store.id)).all()

    def record(worker: int) -> None:
        for turn in range(5):
            items = [
                new_instance(f"zen.{worker}.{turn}.{n}.uv", store)
                # Each begins with another store.
                for n, store in enumerate([*stores[worker % 2 :], *stores[: worker % 2]])
            ]
            run_transaction(database.transactions, partial(record_new, items=items))

    threads = [threading.Thread(target=record, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.readings.begin() as db:
        assert get_totals(db).file_count == 6 * 5 * 2
        [today] = list_arrivals(db, None, None).days
        assert (today.file_count, today.total_bytes) == (60, 600)


def test_days_are_told_in_order_and_what_was_before_is_summed(database: Database) -> None:
    with database.transactions.begin() as db:
        for day, size in ((3, 5), (1, 7), (2, 11)):
            time = datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC)
            count_arrivals(db, time, [(1, size), (2, size), (1, 0)])
        found = list_arrivals(db, date(2026, 11, 2), date(2026, 11, 2))
        assert found.days == [Day(date(2026, 11, 2), 3, 22)]
        assert (found.file_count_before, found.total_bytes_before) == (3, 14)
        everything = list_arrivals(db, None, None)
    assert [one.day.day for one in everything.days] == [1, 2, 3]
    assert (everything.file_count_before, everything.total_bytes_before) == (0, 0)


def test_an_empty_catalogue_has_counts_of_nothing(database: Database) -> None:
    with database.readings.begin() as db:
        assert set(vars(get_totals(db)).values()) == {0}
        assert list_arrivals(db, date(2026, 1, 1), None).days == []


def test_copies_with_something_wrong_are_counted(database: Database) -> None:
    with database.transactions.begin() as db:
        store = db.scalars(select(Store)).first()
        assert store is not None
        record_new(db, [new_instance(f"zen.{n}.uv", store) for n in range(3)])
        row = db.scalars(select(Instance).where(Instance.file_name == "zen.1.uv")).one()
        row.problem = "Its checksum differs."
        db.flush()
        assert get_totals(db).suspect_instance_count == 1


def test_a_catalogue_that_is_filled_already_is_counted_by_the_migrations(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        stores = db.scalars(select(Store)).all()
        items = [new_instance(f"zen.{n}.uv", stores[n % 2], size_bytes=n) for n in range(5)]
        record_new(db, items)
        # Brought by a neighbour: its own time is that at the neighbour's.
        db.execute(text("UPDATE file SET create_time = '2019-01-01 00:00:00.000000'"))
        # Of this one no copy is on record any more.
        db.execute(text("DELETE FROM instance WHERE file_name = 'zen.4.uv'"))
        today = database_time(db).date()
    _migrate_anew(database)
    with database.readings.begin() as db:
        found = list_arrivals(db, None, None)
    assert found.days == [Day(date(2019, 1, 1), 1, 4), Day(today, 4, 0 + 1 + 2 + 3)]


def _migrate_anew(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    command.downgrade(alembic_config(url), "0008")
    upgrade(url)
