"""The TransferRecords service: for transfer services only."""

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import grpc
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from catalog_service import transfer_batches, transfer_claims, transfer_outcomes
from catalog_service.agents.calls import AgentCalls
from catalog_service.config import CatalogConfig
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.rpc import transfer_record_messages as messages
from catalog_service.rpc.confirmations import Confirmations
from catalog_service.rpc.neighbour_messages import UNREADABLE
from catalog_service.rpc.reconciliations import Reconciliations
from catalog_service.secrets import Secrets
from catalog_service.tables import Agent
from catalog_service.transfer_batches import Outlook
from catalog_service.wakeups import TRANSFERS, Subscription, Wakeups
from librarian.errors import InvalidRequestError
from librarian.v1 import transfer_records_pb2 as pb
from librarian.v1 import transfer_records_pb2_grpc

logger = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 60.0
# Who waits looks this often even when no wake-up comes; and so soon again when others were faster.
_POLL_SECONDS = 15.0
_PAUSE_SECONDS = 1.0
# Each wait holds one of the server's threads: so large a part, and the other calls need some too.
_WAITS_PART = 4
_MAX_REPORTS = 10_000
# As `this_worker` names them: others' ends could not be told.
_WORKER = re.compile(r"[^/\0]{1,32}/\d{1,10}/[^/\0]{1,20}")

Result = TypeVar("Result")


class TransferRecordsParts(Protocol):
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
    def secrets(self) -> Secrets:
        """The site's own keys."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups."""
        ...


class TransferRecordsServicer(transfer_records_pb2_grpc.TransferRecordsServicer):
    """Serves the TransferRecords service."""

    def __init__(self, catalog: TransferRecordsParts) -> None:
        self._catalog = catalog
        self._waits = threading.BoundedSemaphore(max(1, catalog.config.threads // _WAITS_PART))
        self._reconciliations = Reconciliations(catalog)
        self._confirmations = Confirmations(catalog)

    def ClaimBatch(
        self, request: pb.ClaimBatchRequest, context: grpc.ServicerContext
    ) -> pb.ClaimBatchResponse:
        """Give a worker a batch; wait for one, unless too many wait already."""
        if not _WORKER.fullmatch(request.worker):
            raise InvalidRequestError("The name of a worker is HOST/PROCESS/START.")
        if not self._waits.acquire(blocking=False):
            return self._claim(request.worker)[0] or pb.ClaimBatchResponse()
        try:
            with self._catalog.wakeups.subscribe(TRANSFERS) as ear:
                # Whoever hangs up must not leave a thread waiting.
                context.add_callback(ear.wake)
                return self._await_batch(request, context, ear)
        finally:
            self._waits.release()

    def RenewBatchLease(
        self, request: pb.RenewBatchLeaseRequest, context: grpc.ServicerContext
    ) -> pb.RenewBatchLeaseResponse:
        """Renew the lease of a batch."""
        hold = messages.read_hold(request)
        lease_seconds = self._catalog.config.transfer_lease_seconds

        def renew(db: Session) -> pb.RenewBatchLeaseResponse:
            renewal = transfer_claims.renew(db, hold, request.bytes_done, lease_seconds)
            agent = db.get_one(Agent, renewal.batch.agent_id)
            return pb.RenewBatchLeaseResponse(
                lease_seconds=lease_seconds,
                cancelled_ids=renewal.cancelled_ids,
                stop=renewal.stop,
                agent_ticket=self._catalog.agents.push_ticket(agent, renewal.batch.id),
            )

        return self._write(renew)

    def RecordTransfers(
        self, request: pb.RecordTransfersRequest, context: grpc.ServicerContext
    ) -> pb.RecordTransfersResponse:
        """Record what became of transfers."""
        if len(request.reports) > _MAX_REPORTS:
            raise InvalidRequestError(f"At most {_MAX_REPORTS} reports fit into one call.")
        hold, way = messages.read_hold(request), messages.read_way(request.way)
        reports = [messages.read_report(message) for message in request.reports]
        cancelled = self._write(lambda db: transfer_outcomes.record(db, hold, reports, way))
        return pb.RecordTransfersResponse(cancelled_ids=cancelled)

    def EndBatch(
        self, request: pb.EndBatchRequest, context: grpc.ServicerContext
    ) -> pb.EndBatchResponse:
        """Take a batch back."""
        hold, told = messages.read_hold(request), messages.read_end(request)
        self._write(lambda db: transfer_batches.end_batch(db, hold, told))
        return pb.EndBatchResponse()

    def ClaimConfirmations(
        self, request: pb.ClaimConfirmationsRequest, context: grpc.ServicerContext
    ) -> pb.ClaimConfirmationsResponse:
        """Return arrivals that their neighbour was not told of."""
        return self._confirmations.claim(request)

    def RecordConfirmations(
        self, request: pb.RecordConfirmationsRequest, context: grpc.ServicerContext
    ) -> pb.RecordConfirmationsResponse:
        """Record which arrivals were told."""
        return self._confirmations.record(request)

    def ClaimReconciliation(
        self, request: pb.ClaimReconciliationRequest, context: grpc.ServicerContext
    ) -> pb.ClaimReconciliationResponse:
        """Give a worker a reconciliation."""
        return self._reconciliations.claim(request)

    def ReconcilePage(
        self, request: pb.ReconcilePageRequest, context: grpc.ServicerContext
    ) -> pb.ReconcilePageResponse:
        """Compare a page of what a neighbour has."""
        return self._reconciliations.compare(request)

    def PostponeReconciliation(
        self, request: pb.PostponeReconciliationRequest, context: grpc.ServicerContext
    ) -> pb.PostponeReconciliationResponse:
        """Take a reconciliation back after an error."""
        return self._reconciliations.postpone(request)

    def _await_batch(
        self, request: pb.ClaimBatchRequest, context: grpc.ServicerContext, ear: Subscription
    ) -> pb.ClaimBatchResponse:
        deadline = time.monotonic() + min(max(0.0, request.wait_seconds), _LONGEST_WAIT_SECONDS)
        # For one that has hung up meanwhile, a batch would be lost until its lease runs out.
        while context.is_active():
            batch, outlook = self._claim(request.worker)
            left = deadline - time.monotonic()
            if batch is not None or left <= 0:
                return batch or pb.ClaimBatchResponse()
            ear.wait(min(left, _pause_seconds(outlook)))
        return pb.ClaimBatchResponse()

    def _claim(self, worker: str) -> tuple[pb.ClaimBatchResponse | None, Outlook]:
        """Return a batch, if there is one, and else where and when there may be."""
        outlook = run_transaction(self._catalog.database.readings, transfer_batches.look_for_work)
        for librarian_id in outlook.librarian_ids:
            batch = self._claim_for(librarian_id, worker)
            if batch is not None:
                return batch, outlook
        return None, outlook

    def _claim_for(self, librarian_id: int, worker: str) -> pb.ClaimBatchResponse | None:
        catalog = self._catalog
        lease_seconds = catalog.config.transfer_lease_seconds

        def claim(db: Session) -> pb.ClaimBatchResponse | None:
            claimed = transfer_batches.claim_batch(db, librarian_id, worker, lease_seconds)
            if claimed is None:
                return None
            return messages.claimed_message(db, claimed, catalog.secrets, catalog.agents)

        try:
            return self._write(claim)
        except InvalidToken:
            # That must not keep the others from being served.
            self._write(lambda db: transfer_batches.give_up(db, librarian_id, UNREADABLE))
            return None

    def _write(self, work: Callable[[Session], Result]) -> Result:
        return run_transaction(self._catalog.database.transactions, work)


def _pause_seconds(outlook: Outlook) -> float:
    """Return how long to wait without news: until something may start by itself."""
    if outlook.librarian_ids:
        # Another worker was faster, or what is there cannot be sent now.
        return _PAUSE_SECONDS
    if outlook.next_time is None or outlook.now is None:
        return _POLL_SECONDS
    until = (outlook.next_time - outlook.now).total_seconds()
    return min(max(until, 0.01), _POLL_SECONDS)
