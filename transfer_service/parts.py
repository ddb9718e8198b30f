"""What the steps of one push share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from librarian.service.killpoints import reach
from librarian.v1 import incoming_pb2, transfer_records_pb2, transfers_pb2
from transfer_service.batches import Batch, Item, Stage
from transfer_service.brakes import Brake
from transfer_service.catalog import BatchRecords
from transfer_service.peers import Neighbour
from transfer_service.source_agents import SourceAgent

State = transfers_pb2.Transfer.State
Fault = transfers_pb2.Transfer.Fault


@dataclass(frozen=True)
class PushParts:
    """A claimed batch, and whom its push speaks to."""

    claim: transfer_records_pb2.ClaimBatchResponse
    batch: Batch
    brake: Brake
    records: BatchRecords
    neighbour: Neighbour
    agent: SourceAgent

    @property
    def ways(self) -> Sequence[incoming_pb2.PushWay]:
        """Return the ways that may be taken; none for all."""
        return self.claim.neighbour.ways

    def record(self, reports: Sequence[transfer_records_pb2.TransferReport], way: str = "") -> None:
        """Report to the catalogue, and leave out what it says was cancelled."""
        self.batch.cancel(self.records.record(reports, way))

    def confirm(self, confirmed: Iterable[tuple[Item, str]]) -> None:
        """Report transfers that are at the neighbour, each with the checksum verified there."""
        pairs = list(confirmed)
        reports = [report(item, State.CONFIRMED, checksum=checksum) for item, checksum in pairs]
        if reports:
            self.record(reports)
            reach("transfer.confirmed")
            self.batch.move([item for item, _ in pairs], Stage.ENDED)

    def fail(self, items: Sequence[Item], state: State, fault: Fault) -> None:
        """Report that transfers failed or were declined, each with its error."""
        self.record([report(item, state, error=item.error, fault=fault) for item in items])
        self.batch.move(items, Stage.ENDED)

    def withdraw_cancelled(self) -> None:
        """Give up at the neighbour what was cancelled here."""
        self.neighbour.withdraw(self.batch.take_withdrawals())


def report(
    item: Item,
    state: State,
    *,
    checksum: str = "",
    error: str = "",
    fault: Fault = Fault.FAULT_UNSPECIFIED,
) -> transfer_records_pb2.TransferReport:
    """Return the report that a transfer has reached a state."""
    return transfer_records_pb2.TransferReport(
        transfer_id=item.id,
        state=state,
        upload_id=item.upload_id if state == State.OFFERED else "",
        checksum=checksum,
        error=error,
        fault=fault,
    )
