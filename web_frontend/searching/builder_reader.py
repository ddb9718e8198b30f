"""Reads a search back into the builder's rows, where they can say it."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from librarian.client.search_attributes import ValueKind
from web_frontend.searching.builder import Builder, Group, How, Row
from web_frontend.searching.builder_values import LISTS, write_value
from web_frontend.searching.patterns import inner_text
from web_frontend.searching.quantities import is_age, midnight, read_days, write_days
from web_frontend.searching.vocabulary import Choice, Shorthand, Vocabulary, shorthand_clause

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_HOWS: dict[str, How] = {"or": "any", "none-of": "none"}
_MAX_SHOWN_ROWS = 50

_Member = tuple[str, Any]


class _BeyondRowsError(Exception):
    """The search says more than rows can."""


def read_search(json_form: str, vocabulary: Vocabulary) -> Builder | None:
    """Return the rows of a search in the JSON form as the catalogue writes it.

    None when rows cannot say it.
    """
    reader = _Reader(vocabulary)
    try:
        builder = reader.read(json.loads(json_form))
    except _BeyondRowsError:
        return None
    row_count = sum(len(group.rows) for group in builder.groups)
    return builder if row_count <= _MAX_SHOWN_ROWS else None


class _Reader:
    """Reads one search."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def read(self, document: dict[str, Any]) -> Builder:
        """Return the rows of a whole search."""
        members: list[_Member] = []
        groups: list[Group] = []
        for clause, value in _flat(document):
            if clause in _HOWS:
                groups.append(Group(_HOWS[clause], tuple(self._alternatives(value))))
            elif (clause, value) != ("always-true", True):
                members += self._single(clause, value)
        return Builder((Group("all", tuple(self._rows(members))), *groups))

    def _alternatives(self, value: Any) -> Iterator[Row]:
        """Yield a row for each alternative of a group."""
        objects = value if isinstance(value, list) else [{key: one} for key, one in value.items()]
        for item in objects:
            members = [member for key, one in _flat(item) for member in self._single(key, one)]
            rows = list(self._rows(members))
            if len(rows) != 1:
                raise _BeyondRowsError
            yield rows[0]

    def _single(self, clause: str, value: Any) -> Iterator[_Member]:
        """Yield a clause for each of its values: a list of them means that all hold."""
        choice = self._vocabulary.find(clause)
        if choice is None:
            raise _BeyondRowsError
        several = isinstance(value, list)
        if choice.form in LISTS:
            several = several and bool(value) and isinstance(value[0], list)
        yield from ((clause, one) for one in (value if several else [value]))

    def _rows(self, members: Sequence[_Member]) -> Iterator[Row]:
        remaining = list(members)
        while remaining:
            row = self._days(remaining[:2])
            if row is not None:
                del remaining[:2]
            else:
                row = self._row(*remaining.pop(0))
            yield _shown(row, self._vocabulary)

    def _row(self, clause: str, value: Any) -> Row:
        choice = self._vocabulary.find(clause)
        if choice is None:
            raise _BeyondRowsError
        return _short_row(choice, value, self._vocabulary) or Row(
            clause, *write_value(choice, value)
        )

    def _days(self, pair: Sequence[_Member]) -> Row | None:
        """Return the row of two clauses that say from when to when, in whole days."""
        if len(pair) < 2:
            return None
        (first, start), (second, end) = pair
        attribute = first.removesuffix("-at-least")
        if second == f"{attribute}-less-than":
            days = _midnight(start), _midnight(end)
        elif (first, second) == ("not-older-than", "not-newer-than"):
            attribute, days = "create-time", (_day(start, _MICROSECOND), _day(end))
        else:
            return None
        choice = self._vocabulary.shorthand(attribute, Shorthand.DAYS)
        if choice is None or days[0] is None or days[1] is None or days[0] >= days[1]:
            return None
        return Row(choice.clause, str(days[0]), str(days[1] - _DAY))


def _flat(document: dict[str, Any]) -> Iterator[_Member]:
    """Yield the clauses that must all hold, also of objects within `and`."""
    for clause, value in document.items():
        if clause == "and":
            for item in value if isinstance(value, list) else [value]:
                yield from _flat(item)
        else:
            yield clause, value


def _short_row(choice: Choice, value: Any, vocabulary: Vocabulary) -> Row | None:
    """Return the row of a shorthand that says the same as a clause."""
    if choice.form is ValueKind.PATTERN and choice.clause.endswith("-matches"):
        return _text_row(choice.attribute, value)
    within = vocabulary.shorthand(choice.attribute, Shorthand.WITHIN)
    if within is None:
        return None
    if choice.clause == "not-older-than" and not isinstance(value, str):
        return Row(within.clause, write_days(float(value)))
    if choice.clause.endswith("-at-least") and isinstance(value, str) and is_age(value):
        return Row(within.clause, write_days(read_days(value)))
    return None


def _text_row(attribute: str, pattern: str) -> Row | None:
    match inner_text(pattern):
        case (True, text, True):
            return Row(shorthand_clause(attribute, Shorthand.CONTAINS), text)
        case (False, text, True):
            return Row(shorthand_clause(attribute, Shorthand.BEGINS), text)
        case _:
            return None


def _shown(row: Row, vocabulary: Vocabulary) -> Row:
    """Return a row that a form can hold: one without value, or with a line's end, would be lost."""
    choice = vocabulary.find(row.clause)
    values = [row.value, row.second] if choice and choice.has_second else [row.value]
    empty = not (choice and choice.form is ValueKind.NOTHING) and not all(
        value.strip() for value in values
    )
    if empty or not all(value.isprintable() for value in values):
        raise _BeyondRowsError
    return row


def _midnight(value: Any) -> date | None:
    return None if isinstance(value, str) else midnight(value)


def _day(value: Any, later: timedelta = timedelta()) -> date | None:
    """Return the day that begins at a time, or None."""
    try:
        moment = datetime.fromisoformat(value) + later
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.date() if moment.time() == moment.min.time() else None
