"""Starts reconciliations with neighbours at their interval."""

from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from catalog_service.config import CatalogConfig
from catalog_service.database import Database
from catalog_service.reconciliations import due_librarians, start_reconciliation
from catalog_service.retrying import run_transaction

# Owner of what nobody asked for; no account can have this name.
SITE = "(site)"


class ScheduleParts(Protocol):
    """What of the catalogue the loop needs."""

    @property
    def config(self) -> CatalogConfig:
        """How often to reconcile."""
        ...

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class ReconciliationSchedule:
    """Starts all reconciliations that are due in a turn."""

    def __init__(self, catalog: ScheduleParts) -> None:
        self._database = catalog.database
        self._interval = timedelta(hours=catalog.config.reconcile_interval_hours)

    def run_once(self) -> bool:
        """Start what is due; never is there more to do at once."""
        if self._interval:
            run_transaction(self._database.transactions, self._start)
        return False

    def _start(self, db: Session) -> None:
        for librarian in due_librarians(db, self._interval):
            start_reconciliation(db, librarian, owner=SITE, queue_missing=False)
