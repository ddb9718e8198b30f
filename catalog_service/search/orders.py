"""Orders: by what the items that a search finds can be sorted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog_service.search.attributes import ItemKind
from catalog_service.search.mistakes import nearest
from catalog_service.tables import File, Instance, Observation, ObservingSession
from librarian.errors import InvalidRequestError

_DIRECTIONS = {"": False, "asc": False, "desc": True}


@dataclass(frozen=True)
class SortKey:
    """A column to sort by, and the unique one that puts what is alike in an order."""

    column: Any
    # The type of the column's values.
    kind: type[int] | type[float] | type[str] | type[datetime]
    # None when the column is unique itself.
    tie: Any = None
    # The file's column that is null where the sort column has no value.
    absent: Any = None

    @property
    def is_of_one_table(self) -> bool:
        """Say whether one index can hold both columns."""
        return self.tie is None or self.column.table is self.tie.table


@dataclass(frozen=True)
class Order:
    """An order of items; what has no value to be sorted by comes last, either way."""

    item: ItemKind
    key: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.key},desc" if self.descending else self.key

    @property
    def sort_key(self) -> SortKey:
        """Return what it sorts by."""
        return _SORT_KEYS[self.item][self.key]


INSTANCE_SORT_KEY = SortKey(File.name, str, Instance.id)

# The first of each is that of a search that asks for none.
_SORT_KEYS: Mapping[ItemKind, Mapping[str, SortKey]] = {
    ItemKind.FILES: {
        "name": SortKey(File.name, str),
        "create-time": SortKey(File.create_time, datetime, File.id),
        "size": SortKey(File.size_bytes, int, File.id),
        "obsid": SortKey(File.obsid, int, File.id, absent=File.obsid),
        "start-time": SortKey(Observation.start_time_jd, float, File.id, absent=File.obsid),
    },
    ItemKind.OBSERVATIONS: {
        "obsid": SortKey(Observation.obsid, int),
        "start-time": SortKey(Observation.start_time_jd, float, Observation.obsid),
    },
    ItemKind.SESSIONS: {
        "session-id": SortKey(ObservingSession.id, int),
        "start-time": SortKey(ObservingSession.start_time_jd, float, ObservingSession.id),
    },
}


def parse_order(text: str, item: ItemKind, *, instances: bool = False) -> Order:
    """Return the order that `key` or `key,desc` names, or that of the empty text.

    Instances of files come by the files' names alone. Raises InvalidRequestError.
    """
    keys = list(_SORT_KEYS[item])[: 1 if instances else None]
    key, _, direction = (part.strip() for part in text.partition(","))
    if not text.strip():
        return Order(item, keys[0])
    if key not in keys:
        what = "instances" if instances else item.value
        raise InvalidRequestError(f"There is no order of {what} by {key!r}: {nearest(key, keys)}")
    if direction not in _DIRECTIONS:
        raise InvalidRequestError(
            f"The order {text!r} ends with {direction!r}: write {key!r}, or {key + ',desc'!r} for"
            " the largest first."
        )
    return Order(item, key, _DIRECTIONS[direction])
