"""Holders: of a store or a neighbour, an index gives the files in the order of names."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from catalog_service.search.lookups import Lookups
from catalog_service.search.orders import SortKey
from catalog_service.search.tree import Comparison
from catalog_service.tables import File, Instance, RemoteInstance


@dataclass(frozen=True)
class Holder:
    """What has files, by the rows of a table that name them."""

    # Instance or RemoteInstance.
    table: Any
    # What makes of a join of the table with the files one row for each file that it has.
    conditions: tuple[ColumnElement[bool], ...]
    # How many rows there are about.
    row_count: int

    @property
    def sort_key(self) -> SortKey:
        """Return what its files are sorted by to come in the order of names."""
        return SortKey(self.table.file_name, str)


def find_holder(clause: Comparison, lookups: Lookups) -> Holder | None:
    """Return what a clause says that files are at; raise InvalidRequestError if unknown."""
    match clause.attribute, clause.operator:
        case "store", "has":
            store = lookups.store(clause)
            return Holder(Instance, _on_store(store.id), store.instance_count)
        case "librarian", "has":
            librarian = lookups.librarian(clause)
            there = RemoteInstance.librarian_id == librarian.id
            return Holder(RemoteInstance, (there,), librarian.remote_instance_count)
    return None


def _on_store(store_id: int) -> tuple[ColumnElement[bool], ...]:
    other = aliased(Instance)
    earlier = select(other.id).where(
        # SQLite then looks at the file first, which is often not wanted.
        other.file_id == File.id,
        other.store_id == store_id,
        other.available,
        other.id < Instance.id,
    )
    available: Any = Instance.available
    return Instance.store_id == store_id, available, ~earlier.exists()
