"""The sweeper: finishes uploads that were verified, and clears what no one finishes."""

import logging
from typing import Protocol

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.incoming import RemoteIncomingAgents
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.database import Database
from catalog_service.incoming_settling import (
    find_ended_batches,
    forget_batches,
    has_old_batches,
    leave_store,
)
from catalog_service.ingest import Ingest
from catalog_service.ingest_records import mark_discarded
from catalog_service.retrying import run_transaction
from catalog_service.upload_agents import discard_places
from catalog_service.upload_sweeping import (
    expire_uploads,
    find_abandoned,
    find_leftovers,
    forget_uploads,
    has_expired_uploads,
    has_old_uploads,
)
from catalog_service.uploads import KnownFile
from librarian.errors import LibrarianError, NotReachableError

logger = logging.getLogger(__name__)


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
        self._batches = RemoteIncomingAgents(catalog.agents)
        self._ingest = Ingest(catalog.database.transactions, self._agents)

    def run_once(self) -> bool:
        """Take some uploads as far as they go now, and say whether any got further."""
        finished = self._finish_abandoned()
        expired = self._expire()
        self._forget()
        discarded = self._discard_leftovers()
        return self._discard_batches() or discarded or finished or expired

    def _finish_abandoned(self) -> bool:
        with self._database.readings.begin() as db:
            upload_ids = find_abandoned(db)
        answers = self._ingest.finish(upload_ids) if upload_ids else {}
        return any(isinstance(answer, KnownFile) for answer in answers.values())

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

    def _discard_batches(self) -> bool:
        """Remove the directories of neighbours' batches of which nothing is expected any more."""
        with self._database.readings.begin() as db:
            batches = find_ended_batches(db)
        discarded: set[str] = set()
        away: set[int] = set()
        for places in batches:
            # Each call to an agent that is away may take long, and the rest waits.
            if away & {place.agent.id for place in places}:
                continue
            try:
                for place in places:
                    self._batches.discard_batch(place)
                discarded.add(places[0].batch_id)
            except NotReachableError as error:
                logger.warning("Batch %s is not discarded yet: %s", places[0].batch_id, error)
                away.add(place.agent.id)
            except LibrarianError as error:
                logger.warning("Batch %s is not discarded yet: %s", places[0].batch_id, error)
        if discarded:
            run_transaction(self._database.transactions, lambda db: leave_store(db, discarded))
        return bool(discarded)

    def _forget(self) -> None:
        with self._database.readings.begin() as db:
            uploads, batches = has_old_uploads(db), has_old_batches(db)
        if uploads:
            run_transaction(self._database.transactions, forget_uploads)
        if batches:
            run_transaction(self._database.transactions, forget_batches)
