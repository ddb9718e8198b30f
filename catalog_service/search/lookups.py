"""What only the catalogue knows of the names in a search: stores and metadata keys."""

from datetime import datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.search.mistakes import located, nearest
from catalog_service.search.tree import Comparison, Place
from catalog_service.tables import Store


class Lookups:
    """Answers for one search; its ages count from `now`."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db = db
        self.now = now

    def store_id(self, clause: Comparison) -> int:
        """Return the key of the store that a clause names; raise InvalidRequestError."""
        name = str(clause.value)
        if name not in self._stores:
            known = nearest(name, self._stores)
            raise located(f"There is no store {name!r}: {known}", _place(clause))
        return self._stores[name]

    @cached_property
    def _stores(self) -> dict[str, int]:
        return {name: key for name, key in self._db.execute(select(Store.name, Store.id))}


def _place(clause: Comparison) -> Place:
    return clause.place or Place(1, 1)
