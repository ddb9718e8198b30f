"""Spans of numbers: what all comparisons of numbers come down to."""

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers, or texts, from `low` to `high`, without these two when `is_open`.

    None stands for no end.
    """

    low: Any
    high: Any
    is_open: bool = False

    def whole(self) -> "Span":
        """Return the span of the same whole numbers, with ends that an index of them takes."""
        low, high = self.low, self.high
        if low is not None:
            low = math.floor(low) + 1 if self.is_open else math.ceil(low)
        if high is not None:
            high = math.ceil(high) - 1 if self.is_open else math.floor(high)
        if (low is not None and low > _LARGEST) or (high is not None and high < _SMALLEST):
            return _EMPTY
        low = None if low is None or low <= _SMALLEST else low
        return Span(low, None if high is None or high >= _LARGEST else high)

    def before(self, moment: float) -> "Span":
        """Return the span of what lies these numbers before a moment."""
        low, high = (None if end is None else moment - end for end in (self.high, self.low))
        return Span(low, high, self.is_open)


_EMPTY = Span(1, 0)


def span_of(operator: str, value: Any) -> tuple[Span, bool]:
    """Return the span of a comparison, and whether the numbers inside it match or those outside.

    Ranges may be given in either order, but for those of hours that wrap.
    """
    match operator:
        case "is-exactly" | "is-not":
            return Span(value, value), operator == "is-exactly"
        case "greater-than" | "at-least":
            return Span(value, None, operator == "greater-than"), True
        case "less-than" | "at-most":
            return Span(None, value, operator == "less-than"), True
        case "in-range" | "not-in-range":
            return Span(min(value), max(value)), operator == "in-range"
        case "in-wrapping-range":
            first, last = value
            wraps = first > last
            return (Span(last, first, is_open=True), False) if wraps else (Span(first, last), True)
    raise ValueError(f"No condition is known for the operator {operator!r} on a number.")


def span_condition(column: ColumnElement[Any], span: Span, *, inside: bool) -> ColumnElement[bool]:
    """Return the condition that a number is known to lie inside a span, or outside of it."""
    return _inside(column, span) if inside else _outside(column, span)


def _inside(column: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    low, high = span.low, span.high
    if low is not None and low == high and not span.is_open:
        equal: ColumnElement[bool] = column == low
        return equal
    ends: list[ColumnElement[bool]] = []
    if low is not None:
        ends.append(column > low if span.is_open else column >= low)
    if high is not None:
        ends.append(column < high if span.is_open else column <= high)
    return and_(*ends) if ends else column.is_not(None)


def _outside(column: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    low, high = span.low, span.high
    if low is not None and low == high and not span.is_open:
        unequal: ColumnElement[bool] = column != low
        return unequal
    ends: list[ColumnElement[bool]] = []
    if low is not None:
        ends.append(column <= low if span.is_open else column < low)
    if high is not None:
        ends.append(column >= high if span.is_open else column > high)
    return or_(*ends) if ends else false()
