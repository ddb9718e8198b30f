"""What was sent to neighbours hour by hour, and what failed: counted as it is recorded.

All who record something of a link in one hour count in the same rows. So the counts of a
transaction are written at its very end: nobody holds such a row for long, nor waits for anything
else while holding one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, event, func, literal, select
from sqlalchemy.orm import Session

from catalog_service.bulk import insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.hours import hour_of, span_of, time_of
from catalog_service.librarians import get_librarian
from catalog_service.tables import Librarian, LinkHour

_USUAL_HOURS, _MOST_HOURS = 24, 9600
# Beyond so many, days are told.
_HOURS_TOLD = 1000
# Where a transaction's counts are until it ends: by neighbour and cause, files and bytes.
_COUNTS = "link_counts"
_CONFIRMED = ""

_HOURS = table_of(LinkHour)
_LIBRARIANS = table_of(Librarian)


@dataclass
class Throughput:
    """What happened on one link in one hour, or day."""

    librarian_name: str
    time: datetime
    file_count: int = 0
    total_bytes: int = 0
    failures: dict[str, int] = field(default_factory=dict)


def count_confirmed(db: Session, librarian_id: int, size_bytes: int) -> None:
    """Count a file that has arrived at a neighbour."""
    _count(db, librarian_id, _CONFIRMED, size_bytes)


def count_failure(db: Session, librarian_id: int, cause: str) -> None:
    """Count that a transfer to a neighbour failed, by whose fault it was, or that the link did."""
    _count(db, librarian_id, cause, 0)


def forget_link(db: Session, librarian_id: int) -> None:
    """Take a neighbour's counts off the record."""
    db.execute(delete(_HOURS).where(_HOURS.c.librarian_id == librarian_id))


def _count(db: Session, librarian_id: int, cause: str, size_bytes: int) -> None:
    counts = db.info.setdefault(_COUNTS, defaultdict(lambda: [0, 0]))
    counts[librarian_id, cause][0] += 1
    counts[librarian_id, cause][1] += size_bytes


@event.listens_for(Session, "before_commit")
def _write_counts(db: Session) -> None:
    """Add what a transaction has counted, in an order that all keep to."""
    counts = db.info.pop(_COUNTS, None)
    if not counts:
        return
    # What is changed but not written yet would else lock its rows after these.
    db.flush()
    hour = hour_of(database_time(db))
    for (librarian_id, cause), (file_count, total_bytes) in sorted(counts.items()):
        _add(db, librarian_id, hour, cause, (file_count, total_bytes))


@event.listens_for(Session, "after_rollback")
def _drop_counts(db: Session) -> None:
    db.info.pop(_COUNTS, None)


def _add(db: Session, librarian_id: int, hour: int, cause: str, counts: tuple[int, int]) -> None:
    # A neighbour that was removed meanwhile leaves nothing behind.
    known = select(
        _LIBRARIANS.c.id, literal(hour), literal(cause), *(literal(count) for count in counts)
    ).where(_LIBRARIANS.c.id == librarian_id)
    names = ["librarian_id", "hour", "cause", "file_count", "total_bytes"]
    statement = insert_or(db, _HOURS).from_select(names, known)
    new, old = statement.excluded, _HOURS.c
    statement = statement.on_conflict_do_update(
        index_elements=[old.librarian_id, old.hour, old.cause],
        set_={
            "file_count": old.file_count + new.file_count,
            "total_bytes": old.total_bytes + new.total_bytes,
        },
    )
    db.connection().execute(statement)


def list_throughput(db: Session, librarian_name: str, hours: int) -> Sequence[Throughput]:
    """Return what happened on links in the last hours, 0 for 24, by neighbour and time.

    An empty name stands for all neighbours. Raises UnknownLibrarianError.
    """
    span = span_of(hours, _USUAL_HOURS, _MOST_HOURS, "hours")
    unit = 24 if span > _HOURS_TOLD else 1
    columns = _HOURS.c
    begin = columns.hour - columns.hour % unit
    statement = (
        select(
            _LIBRARIANS.c.name,
            begin,
            columns.cause,
            func.sum(columns.file_count),
            func.sum(columns.total_bytes),
        )
        .join(_LIBRARIANS, _LIBRARIANS.c.id == columns.librarian_id)
        .where(columns.hour > hour_of(database_time(db)) - span)
        .group_by(_LIBRARIANS.c.name, begin, columns.cause)
        .order_by(_LIBRARIANS.c.name, begin)
    )
    if librarian_name:
        known = get_librarian(db, librarian_name)
        statement = statement.where(columns.librarian_id == known.id)
    found: dict[tuple[str, int], Throughput] = {}
    for name, hour, cause, file_count, total_bytes in db.execute(statement):
        one = found.setdefault((name, hour), Throughput(name, time_of(hour)))
        if cause == _CONFIRMED:
            one.file_count, one.total_bytes = int(file_count), int(total_bytes)
        else:
            one.failures[cause] = int(file_count)
    return list(found.values())
