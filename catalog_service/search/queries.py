"""Tree to SQL: each value a person typed is bound, none becomes a part of a statement."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select, true

from catalog_service.search.attributes import COLUMN_BY_ATTRIBUTE
from catalog_service.search.patterns import matches
from catalog_service.search.tree import And, Clause, Comparison, Constant, Or
from catalog_service.tables import File

_LARGEST = 2**63 - 1
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)

FILE_COLUMNS = (
    File.name,
    File.type,
    File.size_bytes,
    File.checksum,
    File.obsid,
    File.create_time,
    File.source,
    File.instance_count,
)


def condition(clause: Clause, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition on the table of files that a tree means; ages count from `now`."""
    if isinstance(clause, Constant):
        return true() if clause.value else false()
    if isinstance(clause, Comparison):
        return _comparison(clause, now)
    conditions = [condition(inner, now=now) for inner in clause.clauses]
    if isinstance(clause, And):
        return and_(*conditions)
    return or_(*conditions) if isinstance(clause, Or) else not_(or_(*conditions))


def file_page(
    matching: ColumnElement[bool], *, after_name: str, limit: int
) -> Select[*tuple[Any, ...]]:
    """Select the next matching files by name, as plain columns: a page by key, not by offset."""
    return (
        select(*FILE_COLUMNS)
        .where(matching, File.name > after_name)
        .order_by(File.name)
        .limit(limit)
    )


def _comparison(clause: Comparison, now: datetime) -> ColumnElement[bool]:
    column: ColumnElement[Any] = COLUMN_BY_ATTRIBUTE[clause.attribute].expression
    value: Any = clause.value
    match clause.operator:
        case "is-exactly":
            equal: ColumnElement[bool] = column == value
            return equal
        case "matches":
            return matches(column, value)
        case "greater-than":
            return column > _floor(value)
        case "not-older-than":
            return column > _days_before(now, value)
    raise ValueError(f"No condition is known for the operator {clause.operator!r}.")


def _floor(value: float) -> int:
    """Return the whole number that compares alike: an index of whole numbers takes no other."""
    return max(-_LARGEST, min(_LARGEST, math.floor(value)))


def _days_before(now: datetime, days: float) -> datetime:
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return _EARLIEST if days > 0 else _LATEST
