"""Searches that list names: the list is gone through in order, some names at a time.

Asked of the whole list, each page would send and sort a hundred thousand names again.
"""

from collections.abc import Iterator, Sequence
from heapq import nlargest, nsmallest

from sqlalchemy import ColumnElement, and_

from catalog_service.search.compiler import Compiled
from catalog_service.search.orders import Order
from catalog_service.search.text_conditions import is_one_of
from catalog_service.tables import File

_FIRST_NAMES = 1000
_MOST_NAMES = 16_000


class NameSlices:
    """The names of one search, given in any order, in the order of its pages."""

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
        left = self._names if name is None else self._beyond(self._names, name, itself=True)
        # To sort them all takes several times as long, and most readers want no more than these.
        choose = nlargest if self._descending else nsmallest
        some = choose(self._width, left)
        if not some:
            return
        yield self._condition(some)
        rest = sorted(set(self._beyond(left, some[-1])), reverse=self._descending)
        first = 0
        while first < len(rest):
            some = rest[first : first + self._width]
            first += len(some)
            yield self._condition(some)

    def found(self, count: int) -> None:
        """Take wider slices when few of their names are found."""
        if count < self._width // 2:
            self._width = min(self._width * 4, _MOST_NAMES)

    def _condition(self, names: Sequence[str]) -> ColumnElement[bool]:
        return and_(is_one_of(File.name, tuple(names)), self._beside)

    def _beyond(self, names: Sequence[str], name: str, *, itself: bool = False) -> list[str]:
        if self._descending:
            return [other for other in names if other < name or (itself and other == name)]
        return [other for other in names if other > name or (itself and other == name)]
