"""What only the catalogue knows of the names in a search, such as its stores and metadata keys."""

from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.metadata import load_keys
from catalog_service.metadata_values import MetadataType
from catalog_service.search.mistakes import located, nearest
from catalog_service.search.tree import Comparison, Place
from catalog_service.tables import FileEvent, Librarian, Store

_MANY_EVENTS = 5_000


class KnownStore(NamedTuple):
    """A store: its key, and how many available instances are on it."""

    id: int
    instance_count: int


class KnownLibrarian(NamedTuple):
    """A neighbouring librarian: its key, and how many files are believed to be there."""

    id: int
    remote_instance_count: int


class Lookups:
    """Answers for one search; its ages count from `now`."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db = db
        self.now = now

    def store(self, clause: Comparison) -> KnownStore:
        """Return the store that a clause names; raise InvalidRequestError."""
        name = str(clause.value)
        if name not in self._stores:
            known = nearest(name, self._stores)
            raise located(f"There is no store {name!r}: {known}", place_of(clause))
        return self._stores[name]

    def store_id(self, clause: Comparison) -> int:
        """Return the key of the store that a clause names; raise InvalidRequestError."""
        return self.store(clause).id

    def librarian(self, clause: Comparison) -> KnownLibrarian:
        """Return the librarian that a clause names; raise InvalidRequestError."""
        name = str(clause.value)
        if name not in self._librarians:
            known = nearest(name, self._librarians)
            raise located(f"There is no librarian {name!r}: {known}", place_of(clause))
        return self._librarians[name]

    def is_rare_event(self, event_type: str) -> bool:
        """Say whether few events are of a type."""
        some = select(FileEvent.id).where(FileEvent.type == event_type).limit(_MANY_EVENTS)
        count = select(func.count()).select_from(some.subquery())
        return self._db.execute(count).scalar_one() < _MANY_EVENTS

    def metadata_type(self, key_name: str, clause: Comparison) -> MetadataType:
        """Return the type of a metadata key of a clause; raise InvalidRequestError."""
        if key_name not in self._metadata_keys:
            known = nearest(key_name, self._metadata_keys)
            raise located(f"There is no metadata key {key_name!r}: {known}", place_of(clause))
        return self._metadata_keys[key_name]

    @cached_property
    def _metadata_keys(self) -> dict[str, MetadataType]:
        return load_keys(self._db)

    @cached_property
    def _stores(self) -> dict[str, KnownStore]:
        rows = self._db.execute(select(Store.name, Store.id, Store.instance_count))
        return {name: KnownStore(*known) for name, *known in rows}

    @cached_property
    def _librarians(self) -> dict[str, KnownLibrarian]:
        rows = self._db.execute(
            select(Librarian.name, Librarian.id, Librarian.remote_instance_count)
        )
        return {name: KnownLibrarian(*known) for name, *known in rows}


def place_of(clause: Comparison) -> Place:
    """Return where the value of a clause stands."""
    return clause.place or Place(1, 1)
