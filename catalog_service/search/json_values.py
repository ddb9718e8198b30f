"""The values of clauses in JSON, each kind read by a function that gives None for what it isn't."""

from collections.abc import Callable, Mapping
from typing import cast

from catalog_service.search.attributes import Kind
from catalog_service.search.json_reader import Array, Node, Scalar, Texts
from catalog_service.search.mistakes import located, shown
from catalog_service.search.patterns import check_pattern
from catalog_service.search.regexes import check_regex
from catalog_service.search.times import parse_time
from catalog_service.search.tree import Age, Value
from catalog_service.search.tree import Scalar as ScalarValue
from catalog_service.search.values import (
    check_metadata_key,
    check_text,
    check_whole,
    read_age,
)

_HOURS = 24


def _text(node: Node) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return check_text(node.value, node.place)
    return None


def _pattern(node: Node) -> str | None:
    text = _text(node)
    return None if text is None else check_pattern(text, node.place)


def _regex(node: Node) -> str | None:
    text = _text(node)
    return None if text is None else check_regex(text, node.place)


def _metadata_key(node: Node) -> str | None:
    text = _text(node)
    return None if text is None else check_metadata_key(text, node.place)


def _number(node: Node) -> int | float | None:
    # To Python, true and false are numbers as well.
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        return cast(int | float, node.value)
    return None


def _whole_number(node: Node) -> int | None:
    number = _number(node)
    if isinstance(number, float) and number.is_integer() and abs(number) >= 2**63:
        raise located(f"The number {shown(number)} is beyond 64 bits.", node.place)
    return check_whole(number, node.place) if isinstance(number, int) else None


def _jd(node: Node) -> float | Age | None:
    number = _number(node)
    if number is not None:
        return float(number)
    text = _text(node)
    if text is None:
        return None
    return read_age(text) or parse_time(text, node.place).jd


def _jd_of_range(node: Node) -> float | None:
    jd = _jd(node)
    if isinstance(jd, Age):
        raise located("A range of times has no ages as its ends.", node.place)
    return jd


def _moment(node: Node) -> Value | None:
    number = _number(node)
    if number is not None:
        return Age(float(number))
    text = _text(node)
    if text is None:
        return None
    return read_age(text) or parse_time(text, node.place).moment


def _scalar(node: Node) -> ScalarValue | None:
    if isinstance(node, Scalar) and node.value is not None:
        return _text(node) if isinstance(node.value, str) else node.value
    return None


def _listed(node: Node) -> ScalarValue | None:
    value = _scalar(node)
    return None if isinstance(value, bool) else value


def _texts(node: Node) -> tuple[ScalarValue, ...] | None:
    if isinstance(node, Texts):
        # Looked at in one go: there can be very many.
        if "\0" in (together := "".join(node.texts)) or not together.isascii():
            for text in node.texts:
                check_text(text, node.place)
        return node.texts
    return _each(node, _text)


def _scalars(node: Node) -> tuple[ScalarValue, ...] | None:
    return _texts(node) if isinstance(node, Texts) else _each(node, _listed)


def _each(node: Node, read: Callable[[Node], ScalarValue | None]) -> tuple[ScalarValue, ...] | None:
    if not isinstance(node, Array):
        return None
    values = [value for item in node.items if (value := read(item)) is not None]
    return tuple(values) if values and len(values) == len(node.items) else None


def _number_range(node: Node) -> Value | None:
    return _range(node, _number)


def _jd_range(node: Node) -> Value | None:
    return _range(node, _jd_of_range)


def _scalar_range(node: Node) -> Value | None:
    return _range(node, _listed)


def _range(node: Node, read: Callable[[Node], ScalarValue | None]) -> Value | None:
    """Return the ends of a range, the smaller first however they were written."""
    ends = _each(node, read)
    if ends is None or len(ends) != 2 or isinstance(ends[0], str) != isinstance(ends[1], str):
        return None
    low, high = cast(tuple[float, float], ends)
    return (low, high) if low <= high else (high, low)


def _hours_range(node: Node) -> Value | None:
    """Return the ends of a range of hours as written: it may wrap past 24 h."""
    ends = _each(node, _number)
    if ends is None or len(ends) != 2:
        return None
    for end in cast(tuple[float, float], ends):
        if not 0 <= end <= _HOURS:
            raise located(f"Hours are from 0 to {_HOURS}, not {shown(end)}.", node.place)
    return ends


def _anything(_node: Node) -> Value:
    return True


READERS: Mapping[Kind, Callable[[Node], Value | None]] = {
    Kind.TEXT: _text,
    Kind.PATTERN: _pattern,
    Kind.REGEX: _regex,
    Kind.TEXTS: _texts,
    Kind.WHOLE_NUMBER: _whole_number,
    Kind.NUMBER: _number,
    Kind.NUMBER_RANGE: _number_range,
    Kind.JD: _jd,
    Kind.JD_RANGE: _jd_range,
    Kind.MOMENT: _moment,
    Kind.HOURS_RANGE: _hours_range,
    Kind.ANYTHING: _anything,
    Kind.SCALAR: _scalar,
    Kind.SCALARS: _scalars,
    Kind.SCALAR_RANGE: _scalar_range,
    Kind.METADATA_KEY: _metadata_key,
}
"""How the value of a clause of each kind is read; None when it does not fit."""

LISTS = frozenset(
    {Kind.TEXTS, Kind.SCALARS, Kind.NUMBER_RANGE, Kind.JD_RANGE, Kind.SCALAR_RANGE}
    | {Kind.HOURS_RANGE}
)
"""The kinds whose value is a list itself."""
