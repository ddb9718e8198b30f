"""The builder's rows: what a form says, before it is a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, cast

from librarian.errors import InvalidRequestError

How = Literal["all", "any", "none"]

HOWS: Mapping[How, str] = {
    "all": "All of these hold",
    "any": "Any of these holds",
    "none": "None of these holds",
}

_MAX_ROWS = 100
_MAX_GROUPS = 20
_MOST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as a person typed it; ranges have a second value."""

    clause: str
    value: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which all, any or none are to hold."""

    how: How
    rows: tuple[Row, ...] = ()


class FormFields(Protocol):
    """The fields of a form that was sent."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of a field."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Groups that must all hold; the first is one of which all rows must."""

    groups: tuple[Group, ...] = (Group("all"),)

    @classmethod
    def from_form(cls, form: FormFields) -> "Builder":
        """Return what a form says, or raise InvalidRequestError when it is none of ours."""
        hows = form.getlist("how") or ["all"]
        columns = [form.getlist(name) for name in ("group", "clause", "value", "second")]
        if len({len(column) for column in columns}) > 1 or not set(hows) <= set(HOWS):
            raise InvalidRequestError("The rows of the search are not whole: load the page again.")
        _check_size(len(columns[0]), len(hows))
        rows: list[list[Row]] = [[] for _ in hows]
        for group, clause, value, second in zip(*columns, strict=True):
            rows[_index(group, hows)].append(Row(clause, value, second))
        groups = (Group(cast(How, how), tuple(own)) for how, own in zip(hows, rows, strict=True))
        return cls(tuple(groups))

    def change(self, action: str) -> "Builder":
        """Return it with a row or a group more or less, as a button says it.

        `row:GROUP` and `group:HOW` add, `drop:GROUP:ROW` and `drop-group:GROUP` take away;
        anything else changes nothing.
        """
        match action.split(":"):
            case ["row", group] if self._has(group):
                changed = self._with_rows(int(group), (*self.groups[int(group)].rows, Row("")))
            case ["drop", group, row] if self._has(group) and _is_number(row):
                rows, at = self.groups[int(group)].rows, int(row)
                changed = self._with_rows(int(group), (*rows[:at], *rows[at + 1 :]))
            case ["group", "any" | "none" as how]:
                changed = Builder((*self.groups, Group(cast(How, how), (Row(""),))))
            case ["drop-group", group] if self._has(group) and int(group) > 0:
                changed = Builder((*self.groups[: int(group)], *self.groups[int(group) + 1 :]))
            case _:
                return self
        _check_size(sum(len(group.rows) for group in changed.groups), len(changed.groups))
        return changed

    def _has(self, group: str) -> bool:
        return _is_number(group) and int(group) < len(self.groups)

    def _with_rows(self, number: int, rows: Sequence[Row]) -> "Builder":
        groups = list(self.groups)
        groups[number] = replace(groups[number], rows=tuple(rows))
        return Builder(tuple(groups))


def _check_size(row_count: int, group_count: int) -> None:
    if row_count > _MAX_ROWS or group_count > _MAX_GROUPS:
        raise InvalidRequestError(
            f"The builder has at most {_MAX_ROWS} rows in {_MAX_GROUPS} groups: write the search"
            " as text."
        )


def _index(group: str, hows: Sequence[str]) -> int:
    if not (_is_number(group) and int(group) < len(hows)):
        raise InvalidRequestError("The rows of the search are not whole: load the page again.")
    return int(group)


def _is_number(text: str) -> bool:
    return len(text) <= _MOST_DIGITS and text.isascii() and text.isdecimal()
