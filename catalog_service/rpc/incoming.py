"""The Incoming service: what neighbours push to this site."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Protocol, TypeVar

import grpc
from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.config import CatalogConfig
from catalog_service.database import Database
from catalog_service.incoming import (
    check_batch_id,
    find_settled,
    finish_files,
    list_held_files,
    lock_batch,
    renew_batch,
    withdraw_files,
)
from catalog_service.incoming_offers import Offer, OfferOutcome, Verdict, take_offer
from catalog_service.retrying import run_transaction
from catalog_service.rpc import incoming_messages as messages
from catalog_service.rpc.incoming_ways import WaysIn
from catalog_service.rpc.paging import page_size_of
from catalog_service.uploads import load_places
from catalog_service.wakeups import INCOMING, UPLOADS, Subscription, Wakeups, incoming_topic
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.service.killpoints import reach
from librarian.v1 import incoming_pb2 as pb
from librarian.v1 import incoming_pb2_grpc

_MAX_BATCH = 1000
_MAX_SITE_ID_CHARACTERS = 36
_MAX_SITE_NAME_CHARACTERS = 64
_DEFAULT_PAGE_SIZE = 5000
_LARGEST_PAGE_SIZE = 10_000
_FENCE_LIMIT = 1 << 63
# A watcher looks this often even when no wake-up comes, and is asked to come again after the other.
_WATCH_POLL_SECONDS = 2.0
_WATCH_PAUSE_SECONDS = 0.05
_WATCH_SECONDS = 300.0
# Each watch holds one of the server's threads: so large a part, and the other calls need some too.
_WATCHES_PART = 8

_LOGGED_CONFLICTS = 10

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class IncomingParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def config(self) -> CatalogConfig:
        """How the catalogue serves."""
        ...

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups."""
        ...


class IncomingServicer(incoming_pb2_grpc.IncomingServicer):
    """Serves librarian.v1.Incoming."""

    def __init__(self, catalog: IncomingParts) -> None:
        self._config = catalog.config
        self._database = catalog.database
        self._calls = catalog.agents
        self._wakeups = catalog.wakeups
        self._ways_in = WaysIn(catalog.agents, RemoteUploadAgents(catalog.agents))
        self._lease = timedelta(hours=catalog.config.incoming_lease_hours)
        watches = max(1, catalog.config.threads // _WATCHES_PART)
        self._watches = threading.BoundedSemaphore(watches)

    def OfferFiles(
        self, request: pb.OfferFilesRequest, context: grpc.ServicerContext
    ) -> pb.OfferFilesResponse:
        """Take a batch, and have the places made into which it is brought."""
        offer = self._read_offer(request)
        outcome = self._write(lambda db: take_offer(db, offer))
        reach("incoming.offered")
        _log_conflicts(offer, outcome)
        answers, way_in = self._ways_in.prepare(offer, outcome, request.ways)
        return pb.OfferFilesResponse(files=map(messages.answer_message, answers), way_in=way_in)

    def FinishFiles(
        self, request: pb.FinishFilesRequest, context: grpc.ServicerContext
    ) -> pb.FinishFilesResponse:
        """Note what was sent, and have it completed."""
        _check_count(len(request.upload_ids))
        caller, fence = current_caller().name, _checked_fence(request.fence)
        way = messages.way_name(request.way)

        def finish(db: Session) -> int:
            batch = lock_batch(db, caller, request.batch_id, fence)
            count = finish_files(db, batch, request.upload_ids, way, self._lease)
            self._wakeups.notify(db, INCOMING)
            return count

        count = self._write(finish)
        reach("incoming.finished")
        return pb.FinishFilesResponse(finished_count=count)

    def WatchBatch(
        self, request: pb.WatchBatchRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchBatchResponse]:
        """Stream what is settled; one watch too many ends at once, to be asked for again."""
        watch = _Watch(self._database, current_caller().name, check_batch_id(request.batch_id))
        if not self._watches.acquire(blocking=False):
            yield from watch.look()
            return
        try:
            with self._wakeups.subscribe(incoming_topic(request.batch_id)) as ear:
                # Whoever hangs up must not leave a thread waiting.
                context.add_callback(ear.wake)
                yield from _watched(watch, ear, context)
        finally:
            self._watches.release()

    def RenewBatch(
        self, request: pb.RenewBatchRequest, context: grpc.ServicerContext
    ) -> pb.RenewBatchResponse:
        """Keep a batch from expiring."""
        caller, fence = current_caller().name, _checked_fence(request.fence)

        def renew(db: Session) -> pb.RenewBatchResponse:
            batch = lock_batch(db, caller, request.batch_id, fence)
            answer = pb.RenewBatchResponse(expected_count=renew_batch(db, batch, self._lease))
            if batch.store_id is not None:
                _, agent = load_places(db, [batch.store_id])[batch.store_id]
                answer.ticket = self._calls.write_ticket(agent, batch.id)
            return answer

        return self._write(renew)

    def WithdrawFiles(
        self, request: pb.WithdrawFilesRequest, context: grpc.ServicerContext
    ) -> pb.WithdrawFilesResponse:
        """Give files up; the sweeper discards what had arrived."""
        _check_count(len(request.upload_ids))
        caller, fence = current_caller().name, _checked_fence(request.fence)

        def withdraw(db: Session) -> int:
            batch = lock_batch(db, caller, request.batch_id, fence)
            count = withdraw_files(db, batch, set(request.upload_ids))
            self._wakeups.notify(db, UPLOADS)
            self._wakeups.notify(db, incoming_topic(batch.id))
            return count

        return pb.WithdrawFilesResponse(withdrawn_count=self._write(withdraw))

    def ListHeldFiles(
        self, request: pb.ListHeldFilesRequest, context: grpc.ServicerContext
    ) -> pb.ListHeldFilesResponse:
        """Return a page of the files on record."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        rows = run_transaction(
            self._database.readings, lambda db: list_held_files(db, request.after_name, size)
        )
        files = [pb.HeldFile(name=name, checksum=sum, available=held) for name, sum, held in rows]
        return pb.ListHeldFilesResponse(files=files, last=len(rows) < size)

    def _read_offer(self, request: pb.OfferFilesRequest) -> Offer:
        if not request.files:
            raise InvalidRequestError("Offer at least one file.")
        _check_count(len(request.files))
        messages.check_transfer_ids(request.files)
        return Offer(
            account_name=current_caller().name,
            site_id=_checked_text(request.site_id, "site_id", _MAX_SITE_ID_CHARACTERS, least=1),
            site_name=_checked_text(request.site_name, "site_name", _MAX_SITE_NAME_CHARACTERS),
            batch_id=check_batch_id(request.batch_id),
            fence=_checked_fence(request.fence),
            files=[messages.offered_file(file) for file in request.files],
            lease=self._lease,
            deletion_allowed=self._config.incoming_deletion_allowed,
        )

    def _write(self, work: Callable[[Session], Result]) -> Result:
        return run_transaction(self._database.transactions, work)


def _log_conflicts(offer: Offer, outcome: OfferOutcome) -> None:
    """Tell people here, too, what only people can settle."""
    sentences = [a.message for a in outcome.answers if a.verdict is Verdict.CONFLICT]
    for sentence in sentences[:_LOGGED_CONFLICTS]:
        logger.warning("Declined what %s pushes: %s", offer.account_name, sentence)
    if more := sentences[_LOGGED_CONFLICTS:]:
        logger.warning("Declined %d more files that %s pushes.", len(more), offer.account_name)


class _Watch:
    """What a watcher of a batch has been told."""

    def __init__(self, database: Database, account_name: str, batch_id: str) -> None:
        self._database = database
        self._account_name = account_name
        self._batch_id = batch_id
        self._told: set[str] = set()
        self.done = False

    def look(self) -> Iterator[pb.WatchBatchResponse]:
        """Yield what is settled and was not told yet; the last answer says whether that is all."""
        settled, self.done = run_transaction(
            self._database.readings,
            lambda db: find_settled(db, self._account_name, self._batch_id, self._told),
        )
        self._told |= {one.upload_id for one in settled}
        if settled or self.done:
            files = [messages.settled_message(one) for one in settled]
            yield pb.WatchBatchResponse(files=files, done=self.done)


def _watched(
    watch: _Watch, ear: Subscription, context: grpc.ServicerContext
) -> Iterator[pb.WatchBatchResponse]:
    end = time.monotonic() + _WATCH_SECONDS
    while context.is_active() and time.monotonic() < end:
        yield from watch.look()
        if watch.done:
            return
        ear.wait(_WATCH_POLL_SECONDS)
        # Small files settle by the dozen: told together.
        threading.Event().wait(_WATCH_PAUSE_SECONDS)


def _check_count(count: int) -> None:
    if count > _MAX_BATCH:
        raise InvalidRequestError(f"At most {_MAX_BATCH} files fit into one call: send fewer.")


def _checked_fence(fence: int) -> int:
    if not 0 <= fence < _FENCE_LIMIT:
        raise InvalidRequestError("A fencing number is 0 or more.")
    return fence


def _checked_text(text: str, what: str, most: int, least: int = 0) -> str:
    if not least <= len(text) <= most or not text.isprintable():
        raise InvalidRequestError(f"A {what} has {least} to {most} printable characters.")
    return text
