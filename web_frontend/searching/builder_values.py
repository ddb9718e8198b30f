"""The value of a row: as it is typed, and as the JSON form has it."""

import shlex
from typing import Any

from librarian.client.search_attributes import RANGES, ValueKind
from librarian.errors import InvalidRequestError
from web_frontend.searching.builder import Row
from web_frontend.searching.patterns import from_pattern, to_pattern
from web_frontend.searching.quantities import (
    read_number,
    read_time,
    shown,
    write_days,
    write_jd,
    write_number,
)
from web_frontend.searching.vocabulary import Choice

LISTS = RANGES | {ValueKind.TEXTS, ValueKind.NUMBERS}
"""The kinds whose value is a list itself."""

_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_NUMBERS = frozenset(
    {
        ValueKind.WHOLE_NUMBER,
        ValueKind.NUMBER,
        ValueKind.NUMBER_RANGE,
        ValueKind.HOURS_RANGE,
    }
)
_MOMENTS = frozenset({ValueKind.MOMENT, ValueKind.DATE, ValueKind.DATE_RANGE})


def read_value(choice: Choice, row: Row) -> Any:
    """Return what a row compares with, or raise InvalidRequestError saying what is expected."""
    if choice.form in RANGES:
        return [_read_one(choice, row.value), _read_one(choice, row.second)]
    if choice.form in (ValueKind.TEXTS, ValueKind.NUMBERS):
        texts = _split(row.value)
        return texts if choice.form is ValueKind.TEXTS else [read_number(one) for one in texts]
    return _read_one(choice, row.value)


def write_value(choice: Choice, value: Any) -> tuple[str, str]:
    """Return the one or two texts that a person would have typed for a value."""
    if choice.form in RANGES:
        first, second = value
        return _write_one(choice, first), _write_one(choice, second)
    if choice.form is ValueKind.TEXTS:
        return shlex.join(value), ""
    if choice.form is ValueKind.NUMBERS:
        return " ".join(write_number(one) for one in value), ""
    return _write_one(choice, value), ""


def _read_one(choice: Choice, text: str) -> Any:
    match choice.form:
        case ValueKind.PATTERN:
            return to_pattern(text)
        case ValueKind.TIME | ValueKind.TIME_RANGE:
            return read_time(text)
        case ValueKind.BOOLEAN:
            return _read_boolean(text)
        case ValueKind.NOTHING:
            return True
    if choice.form in _NUMBERS:
        return read_number(text, choice.unit)
    return text.strip() if choice.form in _MOMENTS else text


def _write_one(choice: Choice, value: Any) -> str:
    if choice.form is ValueKind.PATTERN:
        return from_pattern(value)
    if choice.form is ValueKind.NOTHING:
        return ""
    if choice.form is ValueKind.BOOLEAN:
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    match choice.form:
        case ValueKind.TIME | ValueKind.TIME_RANGE:
            return write_jd(value)
        case ValueKind.MOMENT:
            return write_days(float(value))
        case _:
            return write_number(value, choice.unit)


def _read_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.strip().lower())
    if value is None:
        raise InvalidRequestError(f"{shown(text)} is neither true nor false.")
    return value


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise InvalidRequestError(
            "A quote is not closed in the list: texts stand between blanks, and those with blanks"
            " in quotes."
        ) from None
