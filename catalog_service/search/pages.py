"""Reading what matches, page by page: no transaction lasts longer than its page."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from catalog_service.database import Database
from catalog_service.retrying import translated_errors
from catalog_service.search.compiler import Compiled
from catalog_service.search.listings import Listing
from catalog_service.search.name_lists import NameSlices
from catalog_service.search.orders import Order, parse_order
from catalog_service.search.page_tokens import Position, read_token, write_token
from catalog_service.search.plans import Plan, choose_plan
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File
from librarian.errors import InvalidRequestError

__all__ = ["Order", "Page", "count_matches", "parse_order", "read_pages", "read_snapshot"]

# A first page that comes quickly, then pages that cost little for each row.
_FIRST_PAGE_ROWS = 100
PAGE_ROWS = 1000
# A page that takes longer than this was sorted out of all that match: then fetch more of it,
# but not of metadata, of which there can be 16 KiB a row.
_SLOW_PAGE_SECONDS = 0.1
_SLOW_PAGE_ROWS = 10_000

Rows = Sequence[Sequence[Any]]


class Page(NamedTuple):
    """Some of what matches, never nothing, and what a later search goes on with after it."""

    rows: Rows
    next_page_token: str


def read_snapshot(database: Database) -> int:
    """Return the key of the newest file on record; 0 when there is none.

    Keys do not come into view in their order: a file that is being recorded at that moment may yet
    turn up below it. That it takes no lock is worth more than those few.
    """
    with translated_errors(), database.readings.begin() as db:
        return int(db.scalar(select(func.max(File.id))) or 0)


def read_pages(  # noqa: PLR0913 - what a request may say, one by one
    database: Database,
    compiled: Compiled,
    order: Order | None = None,
    limit: int = 0,
    page_token: str = "",
    *,
    with_metadata: bool = False,
    instances: bool = False,
) -> Iterator[Page]:
    """Return what matches in pages, each read on its own; a limit of 0 means all.

    Rows have the columns of `columns.py`, and then the file's metadata when that is asked for.
    Raises InvalidRequestError for a token that is not of this order, and when a page takes longer
    than the time limit.
    """
    if limit < 0:
        raise InvalidRequestError("The limit of a search is 0, for all, or more.")
    asked_for = "" if order is None else str(order)
    order = parse_order(asked_for, compiled.item, instances=instances)
    listing = Listing(compiled, order, with_metadata=with_metadata, instances=instances)
    after = read_token(listing.name, listing.sort_key, page_token) if page_token else None
    reader = _Reader(database, listing, limit, PAGE_ROWS if with_metadata else _SLOW_PAGE_ROWS)
    slices = NameSlices.of(compiled, order)
    return reader.by_names(slices, after) if slices is not None else reader.by_key(after)


def count_matches(database: Database, compiled: Compiled, *, instances: bool = False) -> int:
    """Return how many items match, or how many instances of files."""
    listing = Listing(compiled, parse_order("", compiled.item), instances=instances)
    with translated_errors(), database.readings.begin() as db, limited_time(db):
        return int(db.connection().execute(listing.count()).scalar_one())


class _Reader:
    """Reads one listing, up to a limit, and so many rows at once at most."""

    def __init__(self, database: Database, listing: Listing, limit: int, most_rows: int) -> None:
        self._database = database
        self._listing = listing
        self._most_rows = most_rows
        self._left = limit or float("inf")
        # How the pages of one phase are read.
        self._plan: Plan | None = None
        self._page_rows = limit if 0 < limit <= PAGE_ROWS else _FIRST_PAGE_ROWS

    def by_key(self, after: Position | None) -> Iterator[Page]:
        """Yield pages by the sort key, and then by what breaks ties what has no such key."""
        for absent in self._listing.phases(after):
            self._plan = None
            while self._left:
                wanted = int(min(self._left, self._page_rows))
                query = self._listing.query(after, wanted, absent=absent)
                collecting = self._listing.collecting(query, wanted, absent=absent)
                rows = self._read(query, collecting)
                yield from self._pages(rows, absent=absent)
                if len(rows) < wanted:
                    break
                after = self._listing.position(rows[-1], absent=absent)
            after = None

    def by_names(self, slices: NameSlices, after: Position | None) -> Iterator[Page]:
        """Yield pages by name out of a list of names, some names at a time."""
        for condition in slices.after(None if after is None else after.value):
            wanted = None if self._left == float("inf") else int(self._left)
            rows = self._read(self._listing.query(after, wanted, condition=condition))
            if self._most_rows > PAGE_ROWS:
                slices.found(len(rows))
            yield from self._pages(rows)
            # Before the next names are put in order.
            if not self._left:
                return

    def _read(self, query: Any, collecting: Any = None) -> Rows:
        began = time.monotonic()
        with translated_errors(), self._database.readings.begin() as db, limited_time(db):
            connection = db.connection()
            if collecting is not None:
                self._plan = self._plan or choose_plan(connection, query, collecting)
                self._plan.prepare(connection)
                query = collecting if self._plan is Plan.COLLECTED else query
            rows: Rows = connection.execute(query).all()
        slow = time.monotonic() - began > _SLOW_PAGE_SECONDS
        self._page_rows = self._most_rows if slow else PAGE_ROWS
        self._left -= len(rows)
        return rows

    def _pages(self, rows: Rows, *, absent: bool = False) -> Iterator[Page]:
        for first in range(0, len(rows), PAGE_ROWS):
            part = rows[first : first + PAGE_ROWS]
            position = self._listing.position(part[-1], absent=absent)
            yield Page(self._listing.told(part), write_token(self._listing.name, position))
