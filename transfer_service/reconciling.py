"""Driving reconciliations: page by page, what a neighbour holds is brought to the catalogue."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from librarian.errors import LibrarianError, TakenOverError
from librarian.v1 import incoming_pb2, incoming_pb2_grpc
from librarian.v1 import transfer_records_pb2 as pb

logger = logging.getLogger(__name__)

_PAGE_FILES = 5000
_TIMEOUT_SECONDS = 60.0

Connect = Callable[[pb.NeighbourAccess], Any]
"""Gives a connection to a neighbour, signed in."""


class Reconciling:
    """Takes reconciliations from the catalogue, one at a time, and drives each to its end."""

    def __init__(self, records: Any, connect: Connect, worker: str) -> None:
        """Take the stub of TransferRecords, and how neighbours are connected to."""
        self._records = records
        self._connect = connect
        self._worker = worker
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Leave the present reconciliation soon; another worker goes on with it."""
        self._stopping.set()

    def run_once(self) -> bool:
        """Drive one reconciliation, and say whether there was one to drive."""
        claim = self._records.ClaimReconciliation(
            pb.ClaimReconciliationRequest(worker=self._worker)
        )
        if not claim.job_id:
            return False
        try:
            self._drive(claim)
        except TakenOverError as error:
            logger.info("Reconciliation %d is another worker's now: %s", claim.job_id, error)
        except LibrarianError as error:
            self._postpone(claim, str(error))
        return True

    def _drive(self, claim: pb.ClaimReconciliationResponse) -> None:
        neighbour = self._connect(claim.neighbour).stub(incoming_pb2_grpc.IncomingStub)
        after_name, done = claim.after_name, False
        while not done and not self._stopping.is_set():
            page = neighbour.ListHeldFiles(
                incoming_pb2.ListHeldFilesRequest(after_name=after_name, page_size=_PAGE_FILES),
                timeout=_TIMEOUT_SECONDS,
            )
            answer = self._records.ReconcilePage(
                pb.ReconcilePageRequest(
                    job_id=claim.job_id,
                    fence=claim.fence,
                    after_name=after_name,
                    files=page.files,
                    last=page.last,
                ),
                timeout=_TIMEOUT_SECONDS,
            )
            after_name, done = answer.after_name, answer.done

    def _postpone(self, claim: pb.ClaimReconciliationResponse, error: str) -> None:
        request = pb.PostponeReconciliationRequest(
            job_id=claim.job_id, fence=claim.fence, error=error
        )
        try:
            self._records.PostponeReconciliation(request)
        except LibrarianError as lost:
            # Its lease runs out, and whoever takes it up then goes on where it was.
            logger.info("Reconciliation %d could not be given back: %s", claim.job_id, lost)
