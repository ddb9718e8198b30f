"""What arrived on each day: counted in the transaction that records it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.bulk import Row, execute_many, insert_or, table_of
from catalog_service.tables import Arrival

_ARRIVALS = table_of(Arrival)


@dataclass(frozen=True)
class Day:
    """What arrived on one day, UTC."""

    day: date
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class Arrivals:
    """What arrived on some days, and what had before them."""

    days: Sequence[Day]
    file_count_before: int
    total_bytes_before: int


def count_arrivals(db: Session, time: datetime, files: Iterable[tuple[int, int]]) -> None:
    """Count files that are put on record now, given by their stores' keys and their sizes.

    The caller has locked the stores' rows: so each waits for a day's counts no longer than it
    waited for the store's own.
    """
    day, rows = time.astimezone(UTC).date(), dict[int, Row]()
    for store_id, size_bytes in files:
        empty = {"day": day, "store_id": store_id, "file_count": 0, "total_bytes": 0}
        row = rows.setdefault(store_id, empty)
        row["file_count"] += 1
        row["total_bytes"] += size_bytes
    statement = insert_or(db, _ARRIVALS)
    new, old = statement.excluded, _ARRIVALS.c
    statement = statement.on_conflict_do_update(
        index_elements=[old.day, old.store_id],
        set_={
            "file_count": old.file_count + new.file_count,
            "total_bytes": old.total_bytes + new.total_bytes,
        },
    )
    execute_many(db, statement, [rows[store_id] for store_id in sorted(rows)])


def list_arrivals(db: Session, min_day: date | None, max_day: date | None) -> Arrivals:
    """Return what arrived from one day to another, by day; without limits, all."""
    columns = _ARRIVALS.c
    files, size_bytes = func.sum(columns.file_count), func.sum(columns.total_bytes)
    statement = select(columns.day, files, size_bytes).group_by(columns.day).order_by(columns.day)
    if min_day is not None:
        statement = statement.where(columns.day >= min_day)
    if max_day is not None:
        statement = statement.where(columns.day <= max_day)
    days = [Day(day, int(count), int(size)) for day, count, size in db.execute(statement)]
    if min_day is None:
        return Arrivals(days, 0, 0)
    before = db.execute(select(files, size_bytes).where(columns.day < min_day)).one()
    return Arrivals(days, int(before[0] or 0), int(before[1] or 0))


def sum_arrivals(db: Session) -> tuple[int, int]:
    """Return how many files are on record, and their bytes."""
    columns = _ARRIVALS.c
    row = db.execute(select(func.sum(columns.file_count), func.sum(columns.total_bytes))).one()
    return int(row[0] or 0), int(row[1] or 0)
