"""Writes the builder's rows as a search in the JSON form."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from librarian.client.search_attributes import ValueKind
from librarian.errors import InvalidRequestError
from web_frontend.searching.builder import Builder, Group, Row
from web_frontend.searching.builder_values import read_value
from web_frontend.searching.patterns import literal_pattern
from web_frontend.searching.quantities import day_jd, read_date, read_days
from web_frontend.searching.vocabulary import Choice, Shorthand, Vocabulary

Member = tuple[str, Any]
"""A clause and its value."""

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_GROUPS = {"any": "or", "none": "none-of"}


def write_search(builder: Builder, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the search that the rows mean; without any it is that of everything.

    Rows that are not filled in say nothing. Raises InvalidRequestError naming the row.
    """
    parts: list[dict[str, Any]] = []
    number = 0
    for group in builder.groups:
        objects = list(_objects(group, vocabulary, number))
        number += len(group.rows)
        if group.how == "all":
            parts += objects
        elif objects:
            parts.append({_GROUPS[group.how]: objects})
    return {"and": parts} if parts else {"always-true": True}


def _objects(group: Group, vocabulary: Vocabulary, before: int) -> Iterator[dict[str, Any]]:
    """Yield an object for each row that says something."""
    for number, row in enumerate(group.rows, before + 1):
        choice = vocabulary.find(row.clause)
        if row.clause and choice is None:
            raise InvalidRequestError(f"Row {number} asks about what is not known: choose again.")
        if choice is None or not _is_filled(choice, row):
            continue
        try:
            yield dict(_members(choice, row))
        except InvalidRequestError as error:
            raise InvalidRequestError(f"Row {number}: {error}") from error


def _is_filled(choice: Choice, row: Row) -> bool:
    if choice.form is ValueKind.NOTHING:
        return True
    return bool(row.value.strip() or (choice.has_second and row.second.strip()))


def _members(choice: Choice, row: Row) -> Iterable[Member]:
    match choice.form:
        case Shorthand.CONTAINS:
            return [(f"{choice.attribute}-matches", f"%{literal_pattern(row.value)}%")]
        case Shorthand.BEGINS:
            return [(f"{choice.attribute}-matches", f"{literal_pattern(row.value)}%")]
        case Shorthand.WITHIN:
            return [_within(choice, read_days(row.value))]
        case Shorthand.DAYS:
            return _on_days(choice, row)
    return [(choice.clause, read_value(choice, row))]


def _within(choice: Choice, days: float) -> Member:
    if choice.attribute == "create-time":
        return "not-older-than", days
    return f"{choice.attribute}-at-least", f"{days!r}d"


def _on_days(choice: Choice, row: Row) -> list[Member]:
    """Write whole days: from the start of the first, to before the day after the last."""
    first = read_date(row.value or row.second)
    last = read_date(row.second or row.value)
    first, last = min(first, last), max(first, last)
    if last == date.max or first == date.min:
        raise InvalidRequestError("No archive has files of that day: choose another.")
    if choice.attribute == "create-time":
        # Newer and older are strict, and times on record are whole microseconds.
        return [
            ("not-older-than", _iso(_start(first) - _MICROSECOND)),
            ("not-newer-than", _iso(_start(last + _DAY))),
        ]
    return [
        (f"{choice.attribute}-at-least", day_jd(first)),
        (f"{choice.attribute}-less-than", day_jd(last + _DAY)),
    ]


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
