"""How much was observed at which sidereal time in which nights, from what observations count.

A night is the whole part of a Julian date in UTC, which changes at noon there. Where the
telescope's own night holds that moment, its second half counts as the next one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, select, text
from sqlalchemy.orm import Session

from catalog_service.bulk import is_sqlite, table_of
from catalog_service.tables import Observation
from librarian.errors import InvalidRequestError

# The finest cells: every ten minutes of sidereal time.
_FINEST_BINS = 144
_USUAL_BINS = 48
_USUAL_COLUMNS, _MOST_COLUMNS = 180, 400
# Julian dates that any database, and any sum with them, can hold.
_MAX_NIGHT = 10_000_000

_OBSERVATIONS = table_of(Observation)


@dataclass(frozen=True)
class Wanted:
    """Which nights, and how coarse; 0 columns or bins stand for what is usual."""

    min_night: int | None = None
    max_night: int | None = None
    max_columns: int = 0
    lst_bins: int = 0


class Cell(NamedTuple):
    """Observations that start at about the same sidereal time in the same few nights."""

    column: int
    lst_bin: int
    file_count: int
    total_bytes: int
    observation_count: int


@dataclass(frozen=True)
class Coverage:
    """Cells, and what their numbers stand for."""

    min_night: int = 0
    max_night: int = 0
    nights_per_column: int = 1
    lst_bins: int = _USUAL_BINS
    cells: Sequence[Cell] = ()
    # Of all that is on record; 0 when nothing is.
    first_night: int = 0
    last_night: int = 0


def find_coverage(db: Session, wanted: Wanted) -> Coverage:
    """Return how much was observed; raise InvalidRequestError for what cannot be."""
    bins, most_columns = _check(wanted)
    span = func.min(_OBSERVATIONS.c.start_time_jd), func.max(_OBSERVATIONS.c.start_time_jd)
    # One at a time, for each is the end of an index.
    first_jd, last_jd = (db.scalar(select(end)) for end in span)
    if first_jd is None or last_jd is None:
        return Coverage(lst_bins=bins)
    first, last = math.floor(first_jd), math.floor(last_jd)
    # Where one end is given, beyond all that is on record, that one night is told.
    high = max(last, wanted.min_night or 0) if wanted.max_night is None else wanted.max_night
    low = min(first, high) if wanted.min_night is None else wanted.min_night
    nights = math.ceil((high - low + 1) / most_columns)
    cells = _count_cells(db, low, high, nights, bins)
    return Coverage(low, high, nights, bins, cells, first, last)


def _check(wanted: Wanted) -> tuple[int, int]:
    bins, columns = wanted.lst_bins or _USUAL_BINS, wanted.max_columns or _USUAL_COLUMNS
    if bins < 0 or _FINEST_BINS % bins:
        raise InvalidRequestError(
            f"A sidereal day cannot have {bins} cells: give a divisor of 144."
        )
    if not 1 <= columns <= _MOST_COLUMNS:
        raise InvalidRequestError(f"Ask for 1 to {_MOST_COLUMNS} columns, not for {columns}.")
    for night in (wanted.min_night, wanted.max_night):
        if night is not None and not 0 <= night <= _MAX_NIGHT:
            raise InvalidRequestError(f"{night} is no Julian date of a night, in whole days.")
    first, last = wanted.min_night, wanted.max_night
    if first is not None and last is not None and first > last:
        raise InvalidRequestError("The first night is after the last: swap them.")
    return bins, columns


def _count_cells(db: Session, low: int, high: int, nights: int, bins: int) -> list[Cell]:
    columns = _OBSERVATIONS.c
    column = _whole(db, (columns.start_time_jd - low) / nights)
    lst_bin = _whole(db, columns.start_lst_hr * bins / 24.0)
    statement = (
        select(
            column,
            lst_bin,
            # PostgreSQL's sums are of another kind, which takes time to read.
            cast(func.sum(columns.file_count), BigInteger),
            cast(func.sum(columns.total_bytes), BigInteger),
            func.count(),
        )
        .where(columns.start_time_jd >= low, columns.start_time_jd < high + 1)
        .where(columns.start_lst_hr.is_not(None), columns.file_count > 0)
        .group_by(text("1"), text("2"))
    )
    if not is_sqlite(db):
        # There are few cells, which PostgreSQL cannot know: it would sort all observations.
        db.execute(text("SET LOCAL work_mem = '64MB'"))
    return sorted(Cell(*row) for row in db.execute(statement))


def _whole(db: Session, value: Any) -> ColumnElement[int]:
    """Return the whole part of what is not negative: PostgreSQL's cast would round it."""
    return cast(value if is_sqlite(db) else func.floor(value), Integer)
