"""How full stores were: a sample an hour of what their agents announce."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog_service.bulk import insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.hours import hour_of, span_of, time_of
from catalog_service.stores import get_store
from catalog_service.tables import Store, StoreUsage

Item = TypeVar("Item")

MOST_SAMPLES = 1000
_KEPT_DAYS = 400
_USUAL_DAYS = 90

_USAGE = table_of(StoreUsage)


@dataclass(frozen=True)
class Sample:
    """How full a store was."""

    time: datetime
    capacity_bytes: int
    free_bytes: int
    instance_count: int


def sample_usage(db: Session, stores: Iterable[Store], now: datetime) -> None:
    """Keep how full stores are as they were just reported, unless this hour has a sample."""
    hour = hour_of(now)
    for store in stores:
        # Of one that is not mounted there is nothing to tell.
        if not store.problem and _add_sample(db, store, hour):
            old = _USAGE.c.hour < hour - 24 * _KEPT_DAYS
            db.execute(delete(_USAGE).where(_USAGE.c.store_id == store.id, old))


def _add_sample(db: Session, store: Store, hour: int) -> bool:
    """Add a sample, and say whether it is the first of its hour."""
    sample = {
        "store_id": store.id,
        "hour": hour,
        "capacity_bytes": store.capacity_bytes,
        "free_bytes": store.free_bytes,
        "instance_count": store.instance_count,
    }
    statement = insert_or(db, _USAGE).values(**sample).on_conflict_do_nothing()
    return bool(db.connection().execute(statement).rowcount)


def list_usage(db: Session, store_name: str, days: int) -> list[Sample]:
    """Return how full a store was in the last days, 0 for 90; raise UnknownStoreError."""
    # Looked for as any name is: its state tells that there is none.
    store = get_store(db, store_name).store
    columns = _USAGE.c
    least = hour_of(database_time(db)) - 24 * span_of(days, _USUAL_DAYS, _KEPT_DAYS, "days")
    rows = db.execute(
        select(columns.hour, columns.capacity_bytes, columns.free_bytes, columns.instance_count)
        .where(columns.store_id == store.id, columns.hour >= least)
        .order_by(columns.hour)
    ).all()
    return [Sample(time_of(row[0]), *row[1:]) for row in thin(rows, MOST_SAMPLES)]


def thin(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return at most so many of the items, evenly chosen, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[number * (len(items) - 1) // (most - 1)] for number in range(most)]
