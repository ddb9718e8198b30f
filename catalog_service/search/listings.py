"""Listings: the query of one page, by key and not by offset, for each item and order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select, tuple_
from sqlalchemy.orm import join

from catalog_service.search.attributes import ItemKind
from catalog_service.search.columns import INSTANCE_COLUMNS, ITEM_COLUMNS, Columns
from catalog_service.search.compiler import Compiled
from catalog_service.search.orders import INSTANCE_SORT_KEY, Order
from catalog_service.search.page_tokens import Position
from catalog_service.tables import Agent, File, Instance, Observation, ObservingSession, Store

Row = Sequence[Any]

_TABLES: dict[ItemKind, Any] = {
    ItemKind.FILES: File,
    ItemKind.OBSERVATIONS: Observation,
    ItemKind.SESSIONS: ObservingSession,
}


class Listing:
    """What matches a search, in an order.

    What has no value to be sorted by is listed in a second phase: so indexes serve both, and
    neither database's idea of where nulls belong matters.
    """

    def __init__(
        self,
        compiled: Compiled,
        order: Order,
        *,
        with_metadata: bool = False,
        instances: bool = False,
    ) -> None:
        self.table = _TABLES[compiled.item]
        key = INSTANCE_SORT_KEY if instances else order.sort_key
        # What is at one place comes by name out of an index of what is there.
        by_name = not instances and key.column is File.name
        self._holder = compiled.holder if by_name else None
        self.sort_key = key if self._holder is None else self._holder.sort_key
        # What page tokens of this listing say that they belong to.
        self.name = f"{'instances' if instances else compiled.item.value}:{order}"
        self._condition = compiled.condition
        self._beside_holder = compiled.beside_holder
        self._descending = order.descending
        self._instances = instances
        told = INSTANCE_COLUMNS if instances else ITEM_COLUMNS[compiled.item]
        self._told: Columns = (*told, File.custom) if with_metadata else told
        keys = [key for key in (self.sort_key.column, self.sort_key.tie) if key is not None]
        self._added = [key for key in keys if not _is_among(key, self._told)]
        self._places = [_index(key, (*self._told, *self._added)) for key in keys]

    def phases(self, after: Position | None) -> list[bool]:
        """Return the phases that are left: each says whether it lists what has no sort value."""
        if self.sort_key.absent is None:
            return [False]
        return [False, True] if after is None or after.value is not None else [True]

    def query(
        self,
        after: Position | None,
        limit: int | None,
        *,
        absent: bool = False,
        condition: ColumnElement[bool] | None = None,
    ) -> Select[Any]:
        """Select the next matching rows; another condition may stand for the search's own."""
        key = self.sort_key
        conditions = [self._condition if condition is None else condition]
        if self._holder is not None and self._beside_holder is not None:
            conditions = [*self._holder.conditions, self._beside_holder]
        if key.absent is not None:
            conditions.append(key.absent.is_(None) if absent else key.absent.is_not(None))
        if after is not None:
            conditions.append(self._is_after(after, absent=absent))
        by = [column for column in (None if absent else key.column, key.tie) if column is not None]
        added = [null() if absent and column is key.column else column for column in self._added]
        query = select(*self._told, *added).select_from(self._tables(absent=absent))
        ordered = [column.desc() for column in by] if self._descending else by
        return query.where(and_(*conditions)).order_by(*ordered).limit(limit)

    def collecting(self, query: Select[Any], limit: int, *, absent: bool = False) -> Select[Any]:
        """Select the same as a query for a page, but all that matches before its order."""
        # An offset keeps the database from making one step of the two.
        found = query.order_by(None).limit(None).offset(0).subquery()
        columns = list(found.c)
        by = [columns[place] for place in self._places[1 if absent else 0 :]]
        ordered = [column.desc() for column in by] if self._descending else by
        return select(*columns).order_by(*ordered).limit(limit)

    def count(self) -> Select[Any]:
        """Select how many rows there are."""
        tables = self._with_instances() if self._instances else self.table
        return select(func.count()).select_from(tables).where(self._condition)

    def position(self, row: Row, *, absent: bool = False) -> Position:
        """Return where a row stands."""
        values = [row[place] for place in self._places]
        return Position(None if absent else values[0], values[1] if len(values) > 1 else None)

    def told(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows without what was added to them for the order."""
        return [row[: len(self._told)] for row in rows] if self._added else rows

    def _tables(self, *, absent: bool) -> Any:
        if self._instances:
            return self._with_instances()
        if self._holder is not None:
            # Not by name: PostgreSQL would look for each in the index of trigrams.
            return join(self._holder.table, File, self._holder.table.file_id == File.id)
        if self.sort_key.column.table is self.table.__table__ or absent:
            return self.table
        return join(File, Observation, Observation.obsid == File.obsid)

    def _with_instances(self) -> Any:
        of_file = join(File, Instance, Instance.file_id == File.id)
        stored = of_file.join(Store, Store.id == Instance.store_id)
        return stored.join(Agent, Agent.id == Store.agent_id)

    def _is_after(self, after: Position, *, absent: bool) -> ColumnElement[bool]:
        """Return the condition that a row comes after a position."""
        column, tie = self.sort_key.column, self.sort_key.tie
        if absent:
            return self._beyond(tie, after.tie)
        if tie is None:
            return self._beyond(column, after.value)
        value, number = literal(after.value, column.type), literal(after.tie, tie.type)
        if self.sort_key.is_of_one_table:
            return self._beyond(tuple_(column, tie), tuple_(value, number))
        # The first half says nothing new, and is what an index of the column can use.
        beyond = or_(self._beyond(column, value), self._beyond(tie, number))
        return and_(column <= value if self._descending else column >= value, beyond)

    def _beyond(self, column: Any, value: Any) -> ColumnElement[bool]:
        beyond: ColumnElement[bool] = column < value if self._descending else column > value
        return beyond


def _is_among(column: Any, columns: Columns) -> bool:
    return any(other is column for other in columns)


def _index(column: Any, columns: Columns) -> int:
    return next(index for index, other in enumerate(columns) if other is column)
