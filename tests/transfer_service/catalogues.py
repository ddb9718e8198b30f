"""A catalogue as a transfer service sees it: it keeps leases, fences and states in memory."""

import threading
from dataclasses import dataclass, field

from librarian.errors import TakenOverError
from librarian.v1 import files_pb2, transfer_records_pb2_grpc, transfers_pb2
from librarian.v1 import transfer_records_pb2 as pb
from tests.transfer_service.faults import Faults

State = transfers_pb2.Transfer.State
ENDED = ("CONFIRMED", "DECLINED", "FAILED", "CANCELLED")
HERE, THERE = "site-of-a", "site-of-b"
BATCH = "0123456789abcdef"


def file_of(number):
    name = f"zen.{number}.uv"
    return files_pb2.File(name=name, size_bytes=1000 + number, checksum=f"blake3:{number:064x}")


@dataclass
class Row:
    """A transfer on record."""

    file: files_pb2.File
    state: str = "QUEUED"
    upload_id: str = ""
    error: str = ""
    fault: str = ""
    # All states that were reported, in their order.
    history: list[str] = field(default_factory=list)


class FakeCatalog(transfer_records_pb2_grpc.TransferRecordsServicer):
    """Gives out one batch, again and again until all in it has ended, and remembers the reports."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._changed = threading.Condition()
        self._closed = False
        self.neighbour = pb.NeighbourAccess(name="b", account_name="a", secret="lib_token")
        self.agent_address = ""
        self.rows: dict[int, Row] = {}
        # Uploads of transfers that have left the batch.
        self.withdrawn: list[str] = []
        # Transfers that a person cancels just before that state is reported.
        self.cancelled_before: dict[int, str] = {}
        self.fence = 0
        self.owner = ""
        self.lease_seconds = 30.0
        self.stop_told = False
        self.way = ""
        self.ends: list[pb.EndBatchRequest] = []
        self.bytes_done: list[int] = []
        self.confirmations: list[pb.ClaimConfirmationsResponse] = []
        self.told: list[pb.RecordConfirmationsRequest] = []

    def add(self, count):
        """Queue transfers."""
        with self._changed:
            for number in range(len(self.rows) + 1, len(self.rows) + count + 1):
                self.rows[number] = Row(file_of(number))
            self._changed.notify_all()

    def states(self):
        return [row.state for row in self.rows.values()]

    def cancel(self, *numbers):
        for number in numbers:
            self.rows[number].state = "CANCELLED"

    def take_over(self):
        """Give the batch to nobody, as when its lease has run out; its owner's writes are late."""
        with self._changed:
            self.fence += 1
            self.owner = "another"

    def let_go(self):
        with self._changed:
            self.owner = ""
            self._changed.notify_all()

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def ClaimBatch(self, request, context):
        with self._faults.around("ClaimBatch"):
            with self._changed:
                ready = lambda: self._closed or (not self.owner and self._open_rows())  # noqa: E731
                self._changed.wait_for(ready, min(request.wait_seconds, 5))
                if self._closed or self.owner or not self._open_rows():
                    return pb.ClaimBatchResponse()
                self.owner, self.fence = request.worker, self.fence + 1
            return pb.ClaimBatchResponse(
                batch_id=BATCH,
                fence=self.fence,
                lease_seconds=self.lease_seconds,
                neighbour=self.neighbour,
                site_id=HERE,
                site_name="a",
                agent_address=self.agent_address,
                agent_ticket="push-ticket",
                transfers=[self._transfer(n) for n in self._open_rows()],
                withdrawn_upload_ids=self.withdrawn,
            )

    def RenewBatchLease(self, request, context):
        with self._faults.around("RenewBatchLease"):
            self._check(request)
            self.bytes_done.append(request.bytes_done)
            cancelled = [n for n, row in self.rows.items() if row.state == "CANCELLED"]
            return pb.RenewBatchLeaseResponse(
                lease_seconds=self.lease_seconds,
                cancelled_ids=cancelled,
                stop=self.stop_told,
                agent_ticket="push-ticket",
            )

    def RecordTransfers(self, request, context):
        with self._faults.around("RecordTransfers"):
            self._check(request)
            self.way = request.way or self.way
            for report in request.reports:
                self._apply(report)
            named = [report.transfer_id for report in request.reports]
            cancelled = [n for n in named if self.rows[n].state == "CANCELLED"]
            return pb.RecordTransfersResponse(cancelled_ids=cancelled)

    def EndBatch(self, request, context):
        with self._faults.around("EndBatch"):
            if request.fence == self.fence and not self.owner:
                return pb.EndBatchResponse()
            self._check(request)
            with self._changed:
                self.ends.append(request)
                # As a breaker would: what is in the way must be looked at before another try.
                self.owner = "nobody" if request.cause else ""
                self._changed.notify_all()
            return pb.EndBatchResponse()

    def ClaimConfirmations(self, request, context):
        return self.confirmations[0] if self.confirmations else pb.ClaimConfirmationsResponse()

    def RecordConfirmations(self, request, context):
        self.told.append(request)
        self.confirmations.clear()
        return pb.RecordConfirmationsResponse()

    def ClaimReconciliation(self, request, context):
        return pb.ClaimReconciliationResponse()

    def _check(self, request):
        if request.fence != self.fence or self.owner == "another":
            raise TakenOverError("Another worker has the batch.")

    def _apply(self, report):
        row, state = self.rows[report.transfer_id], State.Name(report.state)
        if self.cancelled_before.get(report.transfer_id) == state:
            self.cancel(report.transfer_id)
        if row.state in ENDED:
            return
        row.history.append(state)
        row.state, row.upload_id = state, report.upload_id or row.upload_id
        row.error, row.fault = report.error, transfers_pb2.Transfer.Fault.Name(report.fault)
        if state == "CONFIRMED":
            assert report.checksum == row.file.checksum

    def _open_rows(self):
        return [n for n, row in self.rows.items() if row.state not in ENDED]

    def _transfer(self, number):
        row = self.rows[number]
        return pb.BatchTransfer(
            transfer_id=number,
            state=row.state,
            file=row.file,
            store_name="store",
            parent_dirs="2459000",
            upload_id=row.upload_id,
        )
