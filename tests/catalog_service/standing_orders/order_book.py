"""A catalogue's standing orders and their loops, turned by hand, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog_service import saved_searches, standing_orders
from catalog_service.database import Database
from catalog_service.file_news import note_files
from catalog_service.loops.order_filling import OrderFilling
from catalog_service.loops.order_loop import OrderLoop
from catalog_service.roles import Role
from catalog_service.saved_searches import NewSearch
from catalog_service.standing_orders import OrderTerms
from catalog_service.tables import (
    Account,
    Base,
    File,
    FileNews,
    Librarian,
    StandingOrder,
    Store,
    Transfer,
)
from catalog_service.wakeups import Wakeups
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.staging_rows import NOW, add_agent, add_file, add_instance, add_store
from tests.catalog_service.staging_rows import opened as opened_database

OWNER = "ada"


@dataclass(frozen=True)
class Config:
    """What the loops are told."""

    order_sweep_minutes: float = 0.0


@dataclass(frozen=True)
class Parts:
    """What of a catalogue the loops take."""

    database: Database
    wakeups: Wakeups
    config: Config = field(default_factory=Config)


class OrderBook:
    """A database with neighbours, files and orders; nothing turns by itself."""

    def __init__(self, database: Database, sweep_minutes: float = 0.0) -> None:
        self.database = database
        self.parts = Parts(database, Wakeups(database), Config(sweep_minutes))
        self.restart()

    def restart(self) -> None:
        """Forget all that loops keep in memory."""
        self.news, self.filling = OrderLoop(self.parts), OrderFilling(self.parts)

    def prepare(self) -> None:
        """Put a store, an account and two neighbours on record."""
        with self.database.transactions.begin() as db:
            add_store(db, add_agent(db))
            db.add(Account(name=OWNER, kind="PERSON", role=int(Role.READWRITE), create_time=NOW))
            for name in ("centre", "archive"):
                add_librarian(db, name)

    def add_file(self, name: str, *, available: bool = True, **changes: Any) -> int:
        """Put a file on record, as an ingest does that has news of it."""
        with self.database.transactions.begin() as db:
            return new_file(db, name, available=available, **changes)

    def create(self, name: str, search: str, to: str = "centre", **terms: Any) -> None:
        """Put a standing order on record."""
        with self.database.transactions.begin() as db:
            standing_orders.create_order(db, name, to, OrderTerms(search, **terms), OWNER)

    def update(self, name: str, **changes: Any) -> None:
        """Change a standing order."""
        with self.database.transactions.begin() as db:
            before = standing_orders.terms_of(standing_orders.get_order(db, name)[0])
            standing_orders.update_order(db, name, OrderTerms(**{**vars(before), **changes}))

    def save_search(self, name: str, search: str) -> None:
        """Save a search of the owner's."""
        with self.database.transactions.begin() as db:
            saved_searches.save_search(db, OWNER, NewSearch(name, search, "files", False))

    def delete_search(self, name: str) -> None:
        """Delete a search of the owner's."""
        with self.database.transactions.begin() as db:
            saved_searches.delete_saved_search(db, OWNER, name)

    def turn(self) -> None:
        """Turn the loops until neither has anything to do."""
        while self.news.run_once() or self.filling.run_once():
            pass

    def order(self, name: str) -> StandingOrder:
        """Return a standing order as it is now."""
        with self.database.readings.begin() as db:
            return standing_orders.get_order(db, name)[0]

    def queued(self) -> list[tuple[str, str, str]]:
        """Return what was queued: file, neighbour and order of each transfer."""
        columns = select(File.name, Librarian.name, Transfer.order_name)
        joined = columns.join(File, File.id == Transfer.file_id)
        joined = joined.join(Librarian, Librarian.id == Transfer.librarian_id)
        with self.database.readings.begin() as db:
            return sorted((file, to, order) for file, to, order in db.execute(joined))

    def names(self) -> list[str]:
        """Return the names of the files that were queued, as often as they were."""
        return [name for name, _, _ in self.queued()]

    def count(self, table: type[Base]) -> int:
        """Return how many rows a table has."""
        with self.database.readings.begin() as db:
            return db.execute(select(func.count()).select_from(table)).scalar_one()

    def lose_news(self) -> None:
        """Drop all news, as a fault might."""
        with self.database.transactions.begin() as db:
            db.execute(FileNews.__table__.delete())  # type: ignore[attr-defined]

    def filled_long_ago(self) -> None:
        """Have all orders have looked at all files a year before."""
        with self.database.transactions.begin() as db:
            db.execute(update(StandingOrder).values(fill_time=NOW.replace(year=2020)))


def new_file(db: Session, name: str, *, available: bool = True, key: int = 0, **news: Any) -> int:
    """Put a file on record in a transaction, with news of it unless told otherwise."""
    file = add_file(db, name)
    if key:
        file.id = key
    db.flush()
    if available:
        make_available(db, file.id)
    if news.get("noted", True):
        note_files(db, [file.id])
    return file.id


def make_available(db: Session, file_id: int) -> None:
    """Put an instance of a file on record."""
    file, store = db.get_one(File, file_id), db.scalars(select(Store)).one()
    add_instance(db, file, store)
    db.flush()


@contextmanager
def opened_book(database_url: str, sweep_minutes: float = 0.0) -> Iterator[OrderBook]:
    """Open a book on a fresh database."""
    with opened_database(database_url) as database:
        book = OrderBook(database, sweep_minutes)
        book.prepare()
        yield book
        book.parts.wakeups.close()
