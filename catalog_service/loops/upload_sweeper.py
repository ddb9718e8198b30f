"""The sweeper: finishes uploads that were verified, and clears what no one finishes."""

from typing import Protocol

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.database import Database
from catalog_service.ingest import Ingest
from catalog_service.ingest_records import mark_discarded
from catalog_service.retrying import run_transaction
from catalog_service.tables import File
from catalog_service.upload_agents import discard_places
from catalog_service.upload_sweeping import (
    expire_uploads,
    find_abandoned,
    find_leftovers,
    forget_uploads,
    has_expired_uploads,
    has_old_uploads,
)


class SweeperParts(Protocol):
    """What of the catalogue the sweeper needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...


class UploadSweeper:
    """Leaves no upload between its beginning and its end."""

    def __init__(self, catalog: SweeperParts) -> None:
        self._database = catalog.database
        self._agents = RemoteUploadAgents(catalog.agents)
        self._ingest = Ingest(catalog.database.transactions, self._agents)

    def run_once(self) -> bool:
        """Take some uploads as far as they go now, and say whether any got further."""
        finished = self._finish_abandoned()
        expired = self._expire()
        self._forget()
        return self._discard_leftovers() or finished or expired

    def _finish_abandoned(self) -> bool:
        with self._database.readings.begin() as db:
            upload_ids = find_abandoned(db)
        answers = self._ingest.finish(upload_ids) if upload_ids else {}
        return any(isinstance(answer, File) for answer in answers.values())

    def _expire(self) -> bool:
        with self._database.readings.begin() as db:
            if not has_expired_uploads(db):
                return False
        return run_transaction(self._database.transactions, expire_uploads) > 0

    def _discard_leftovers(self) -> bool:
        with self._database.readings.begin() as db:
            places = find_leftovers(db)
        discarded = discard_places(self._agents, places)
        if discarded:
            transactions = self._database.transactions
            run_transaction(transactions, lambda db: mark_discarded(db, discarded))
        return bool(discarded)

    def _forget(self) -> None:
        with self._database.readings.begin() as db:
            if not has_old_uploads(db):
                return
        run_transaction(self._database.transactions, forget_uploads)
