"""Searches that list names: the list is gone through in order, some names at a time.

Asked of the whole list, each page would send and sort a hundred thousand names again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_

from catalog_service.search.compiler import Compiled
from catalog_service.search.orders import Order
from catalog_service.search.text_conditions import is_one_of
from catalog_service.tables import File

_FIRST_NAMES = 1000
_MOST_NAMES = 16_000


class NameSlices:
    """The names of one search, in the order of its pages."""

    def __init__(
        self, names: Sequence[str], beside: ColumnElement[bool], *, descending: bool
    ) -> None:
        self._names = names
        self._beside = beside
        self._descending = descending
        self._width = _FIRST_NAMES

    @classmethod
    def of(cls, compiled: Compiled, order: Order) -> "NameSlices | None":
        """Return the names that a search lists, if it does and comes by name."""
        if compiled.names is None or compiled.beside_names is None or order.key != "name":
            return None
        return cls(compiled.names, compiled.beside_names, descending=order.descending)

    def after(self, name: str | None) -> Iterator[ColumnElement[bool]]:
        """Yield the condition of each slice, from that name on, which is in the first."""
        names = self._left(name)
        first = 0
        while first < len(names):
            some = names[first : first + self._width]
            first += len(some)
            yield and_(is_one_of(File.name, tuple(some)), self._beside)

    def found(self, count: int) -> None:
        """Take wider slices when few of their names are found."""
        if count < self._width // 2:
            self._width = min(self._width * 4, _MOST_NAMES)

    def _left(self, name: str | None) -> Sequence[str]:
        if name is None:
            return self._names[::-1] if self._descending else self._names
        if self._descending:
            return self._names[: bisect_right(self._names, name)][::-1]
        return self._names[bisect_left(self._names, name) :]
