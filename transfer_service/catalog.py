"""The catalogue that this service works for: taking batches, and reporting under their fence."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from librarian.client.channel import Connection
from librarian.errors import (
    BusyError,
    LibrarianError,
    NotAllowedError,
    NotFoundError,
    NotReachableError,
    NotSignedInError,
    TakenOverError,
)
from librarian.v1 import transfer_records_pb2 as pb
from librarian.v1 import transfer_records_pb2_grpc
from transfer_service.batches import in_calls
from transfer_service.brakes import Brake
from transfer_service.config import TransferServiceConfig
from transfer_service.reasons import LostLeaseError, UnrecordedError

logger = logging.getLogger(__name__)

# What passes: the catalogue restarts, is overloaded, or this service's token is being replaced.
AWAY_ERRORS = (NotReachableError, NotSignedInError, NotAllowedError, BusyError)
CLAIM_WAIT_SECONDS = 30.0
_CALL_SECONDS = 120.0
_RENEW_SECONDS = 10.0
_END_SECONDS = 10.0
_MAX_PAUSE_SECONDS = 5.0


def connect(config: TransferServiceConfig) -> Connection:
    """Return a connection to the catalogue, as this service."""

    def read_token() -> str:
        # Anew each time: it may be replaced while the service runs.
        try:
            return config.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NotReachableError(
                f"The transfer service's token {config.token_file} cannot be read:"
                f" {error.strerror}."
            ) from error

    return Connection(
        config.catalog_address,
        token=read_token,
        tls=config.catalog_tls,
        ca_file=config.catalog_ca_file,
    )


def records_stub(connection: Connection) -> Any:
    """Return the calls of TransferRecords."""
    return connection.stub(transfer_records_pb2_grpc.TransferRecordsStub)


def claim_batch(records: Any, worker: str) -> pb.ClaimBatchResponse | None:
    """Wait for a batch; return None when there was none for a while."""
    request = pb.ClaimBatchRequest(worker=worker, wait_seconds=CLAIM_WAIT_SECONDS)
    claim: pb.ClaimBatchResponse = records.ClaimBatch(request, timeout=CLAIM_WAIT_SECONDS + 30)
    return claim if claim.batch_id else None


class BatchRecords:
    """What is written about one claimed batch: with its fence, and as long as that counts."""

    def __init__(self, records: Any, claim: pb.ClaimBatchResponse, brake: Brake) -> None:
        self._records = records
        self._claim = claim
        self._brake = brake

    def record(self, reports: Sequence[pb.TransferReport], way: str = "") -> list[int]:
        """Report what became of transfers; return those that were cancelled meanwhile."""
        cancelled_ids = [key for part in in_calls(reports) for key in self._record(part, way)]
        return cancelled_ids if reports or not way else self._record([], way)

    def _record(self, reports: Sequence[pb.TransferReport], way: str) -> list[int]:
        request = pb.RecordTransfersRequest(
            batch_id=self._claim.batch_id, fence=self._claim.fence, reports=reports, way=way
        )
        answer = self._persist(
            lambda: self._records.RecordTransfers(request, timeout=_CALL_SECONDS)
        )
        return list(answer.cancelled_ids)

    def renew(self, bytes_done: int) -> pb.RenewBatchLeaseResponse:
        """Renew the lease, once; raise LostLeaseError when another has it."""
        request = pb.RenewBatchLeaseRequest(
            batch_id=self._claim.batch_id, fence=self._claim.fence, bytes_done=bytes_done
        )
        renewed: pb.RenewBatchLeaseResponse = _under_lease(
            lambda: self._records.RenewBatchLease(request, timeout=_RENEW_SECONDS)
        )
        return renewed

    def end(self, **outcome: Any) -> None:
        """Give the batch back; when that cannot be said in time, its lease runs out."""
        request = pb.EndBatchRequest(
            batch_id=self._claim.batch_id, fence=self._claim.fence, **outcome
        )
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(AWAY_ERRORS),
                wait=wait_random_exponential(multiplier=0.2, max=1),
                stop=stop_after_delay(_END_SECONDS),
                reraise=True,
            ):
                with attempt:
                    _under_lease(lambda: self._records.EndBatch(request, timeout=_END_SECONDS))
        except (LibrarianError, LostLeaseError, UnrecordedError) as error:
            logger.warning("Batch %s could not be given back: %s", self._claim.batch_id, error)

    def _persist(self, call: Callable[[], Any]) -> Any:
        """Call until the catalogue answers: as long as the lease counts, which its keeper sees."""
        retrying = Retrying(
            retry=retry_if_exception_type(AWAY_ERRORS),
            wait=wait_random_exponential(multiplier=0.2, max=_MAX_PAUSE_SECONDS),
            sleep=self._brake.wait,
            reraise=True,
        )
        self._brake.check()
        return retrying(lambda: _under_lease(call))


def _under_lease(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (TakenOverError, NotFoundError) as error:
        raise LostLeaseError(str(error)) from error
    except AWAY_ERRORS:
        raise
    except LibrarianError as error:
        raise UnrecordedError(str(error)) from error
