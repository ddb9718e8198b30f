"""Queueing what a search finds: chunk by chunk, and the others get their turn between."""

import time
from collections.abc import Iterator
from functools import partial

from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.librarians import get_librarian
from catalog_service.retrying import run_transaction
from catalog_service.search.compiler import Compiled
from catalog_service.search.file_ids import read_file_ids
from catalog_service.transfer_queue import (
    CHUNK_FILES,
    DEFAULT_PRIORITY,
    Queued,
    queue_transfers,
)
from catalog_service.wakeups import TRANSFERS, Wakeups
from librarian.errors import InvalidRequestError

# SQLite has one writer, and who waits for it looks now and then: so it is left alone for as long
# as it was held, in small portions.
_SQLITE_CHUNK_FILES = 1000
_SQLITE_PAUSE_PART = 1.0
_MAX_PRIORITY = 100


class Queueing:
    """Queues transfers of files to one neighbour."""

    def __init__(
        self, database: Database, wakeups: Wakeups, librarian_name: str, owner: str, priority: int
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._librarian_name = librarian_name
        self._owner = owner
        self._priority = check_priority(priority)
        run_transaction(database.readings, lambda db: get_librarian(db, librarian_name))

    def queue(self, compiled: Compiled) -> Iterator[Queued]:
        """Queue what matches, and yield what became of each chunk; each is a transaction."""
        rows = _SQLITE_CHUNK_FILES if self._database.is_sqlite else CHUNK_FILES
        for ids in read_file_ids(self._database, compiled, page_rows=rows):
            began = time.monotonic()
            yield run_transaction(self._database.transactions, partial(self._queue, ids=ids))
            if self._database.is_sqlite:
                time.sleep((time.monotonic() - began) * _SQLITE_PAUSE_PART)

    def _queue(self, db: Session, ids: list[int]) -> Queued:
        # Looked up anew: it may be gone by now.
        librarian = get_librarian(db, self._librarian_name)
        queued = queue_transfers(db, librarian, ids, owner=self._owner, priority=self._priority)
        if queued.queued_count:
            self._wakeups.notify(db, TRANSFERS)
        return queued


def check_priority(priority: int) -> int:
    """Return a priority, or the default for 0; raise InvalidRequestError."""
    if not 0 <= priority <= _MAX_PRIORITY:
        raise InvalidRequestError(f"A priority is 1 to {_MAX_PRIORITY}, or 0 for the default.")
    return priority or DEFAULT_PRIORITY
