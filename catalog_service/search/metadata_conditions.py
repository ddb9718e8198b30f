"""Comparisons of custom metadata: only the catalogue knows of which type a key's values are."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, not_

from catalog_service.metadata import kept_time
from catalog_service.metadata_values import MetadataType, value_column
from catalog_service.search.attributes import METADATA_PREFIX
from catalog_service.search.lookups import Lookups, place_of
from catalog_service.search.mistakes import located, shown
from catalog_service.search.spans import Span, span_condition, span_of
from catalog_service.search.text_conditions import is_one_of, text_condition
from catalog_service.search.times import parse_time
from catalog_service.search.tree import Comparison

_OF_PATTERNS = ("matches", "matches-any-case", "matches-regex")
_OF_EQUALITY = ("is-exactly", "is-not", "in")
_A_DAY = timedelta(days=1) - timedelta(microseconds=1)

_WORDS = {
    MetadataType.TEXT: "texts in quotes",
    MetadataType.NUMBER: "numbers",
    MetadataType.BOOLEAN: "true or false",
    MetadataType.TIME: "times in quotes",
}


def metadata_condition(
    clause: Comparison, *, negated: bool, lookups: Lookups
) -> ColumnElement[bool]:
    """Return the condition that a value of a file's metadata compares, or is known not to.

    Raises InvalidRequestError when there is no such key, or its type does not compare like that.
    """
    key_name = clause.attribute.removeprefix(METADATA_PREFIX)
    kind = lookups.metadata_type(key_name, clause)
    if not _can_compare(kind, clause.operator):
        what = f"which {clause.operator!r} does not compare"
        raise located(
            f"The metadata key {key_name!r} has {_WORDS[kind]}, {what}.", place_of(clause)
        )
    column = value_column(key_name, kind)
    compared = _COMPARE[kind](column, clause, negated)
    # What the key's index holds; a value that is not there compares with nothing anyway.
    return and_(column.is_not(None), compared)


def has_metadata(clause: Comparison, lookups: Lookups) -> ColumnElement[bool]:
    """Return the condition that a file has a key; raise InvalidRequestError when there is none."""
    key_name = str(clause.value)
    return value_column(key_name, lookups.metadata_type(key_name, clause)).is_not(None)


def _can_compare(kind: MetadataType, operator: str) -> bool:
    if kind is MetadataType.BOOLEAN:
        return operator in ("is-exactly", "is-not")
    return kind is MetadataType.TEXT or operator not in _OF_PATTERNS


def _compare_text(column: Any, clause: Comparison, negated: bool) -> ColumnElement[bool]:
    value = _checked(clause, MetadataType.TEXT, str)
    if clause.operator in (*_OF_PATTERNS, *_OF_EQUALITY):
        return text_condition(column, clause.operator, value, negated=negated)
    return _compare_span(column, clause.operator, value, negated)


def _compare_number(column: Any, clause: Comparison, negated: bool) -> ColumnElement[bool]:
    value = _checked(clause, MetadataType.NUMBER, int, float)
    value = tuple(map(float, value)) if isinstance(value, tuple) else float(value)
    if clause.operator == "in":
        return _compare_list(column, value, negated)
    return _compare_span(column, clause.operator, value, negated)


def _compare_boolean(column: Any, clause: Comparison, negated: bool) -> ColumnElement[bool]:
    value = _checked(clause, MetadataType.BOOLEAN, bool)
    is_other = negated != (clause.operator == "is-not")
    found: ColumnElement[bool] = column == literal(value != is_other)
    return found


def _compare_time(column: Any, clause: Comparison, negated: bool) -> ColumnElement[bool]:
    """Compare with a time, or with a whole day when that is what was typed."""
    value = _checked(clause, MetadataType.TIME, str)
    if clause.operator == "in":
        firsts = tuple(_ends(text, clause)[0] for text in value)
        return _compare_list(column, firsts, negated)
    texts = value if isinstance(value, tuple) else (value,)
    ends = sorted(_ends(text, clause) for text in texts)
    first, last = ends[0][0], ends[-1][1]
    span, inside = {
        "greater-than": (Span(last, None, is_open=True), True),
        "at-least": (Span(first, None), True),
        "less-than": (Span(None, first, is_open=True), True),
        "at-most": (Span(None, last), True),
    }.get(clause.operator, (Span(first, last), clause.operator in ("is-exactly", "in-range")))
    return span_condition(column, span, inside=inside != negated)


def _ends(text: str, clause: Comparison) -> tuple[str, str]:
    """Return the first and the last moment that a time means, as metadata keep them."""
    time = parse_time(text, place_of(clause))
    last = time.moment + _A_DAY if time.whole_day else time.moment
    return kept_time(time.moment), kept_time(last)


def _compare_span(column: Any, operator: str, value: Any, negated: bool) -> ColumnElement[bool]:
    span, inside = span_of(operator, value)
    return span_condition(column, span, inside=inside != negated)


def _compare_list(column: Any, values: Any, negated: bool) -> ColumnElement[bool]:
    found = is_one_of(column, values)
    return not_(found) if negated else found


def _checked(clause: Comparison, kind: MetadataType, *types: type) -> Any:
    """Return the clause's value; raise InvalidRequestError when it is not of the key's type."""
    value: Any = clause.value
    for one in value if isinstance(value, tuple) else (value,):
        if type(one) not in types:
            key_name = clause.attribute.removeprefix(METADATA_PREFIX)
            raise located(
                f"The metadata key {key_name!r} has {_WORDS[kind]}, and {shown(one)} is none of"
                " them.",
                place_of(clause),
            )
    return value


_COMPARE: Mapping[MetadataType, Callable[[Any, Comparison, bool], ColumnElement[bool]]] = {
    MetadataType.TEXT: _compare_text,
    MetadataType.NUMBER: _compare_number,
    MetadataType.BOOLEAN: _compare_boolean,
    MetadataType.TIME: _compare_time,
}
