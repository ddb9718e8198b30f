"""Batches under way: the transfers that travel together, and how far they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from librarian.client.transfer_records import Transfer


@dataclass(frozen=True, slots=True)
class Batch:
    """Transfers that travel together to one neighbour."""

    id: str
    librarian: str
    way: str
    # Of those that were looked at.
    file_count: int
    bytes_done: int
    bytes_total: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """Return what part of its bytes is there, between 0 and 1."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0

    @property
    def bytes_per_second(self) -> float | None:
        """Return the rate at which its bytes go, or None when it is not known."""
        left = self.bytes_total - self.bytes_done
        return left / self.seconds_left if self.seconds_left and left > 0 else None


def group_batches(transfers: Iterable[Transfer]) -> list[Batch]:
    """Return the batches that some transfers are in, by neighbour; those in none are left out."""
    members: dict[str, list[Transfer]] = {}
    for transfer in transfers:
        if transfer.batch_id:
            members.setdefault(transfer.batch_id, []).append(transfer)
    batches = [_batch(batch_id, found) for batch_id, found in members.items()]
    return sorted(batches, key=lambda batch: (batch.librarian, batch.id))


def batch_of(transfer: Transfer) -> Batch | None:
    """Return the batch that a transfer travels in, or None when it is in none."""
    return _batch(transfer.batch_id, [transfer]) if transfer.batch_id else None


def _batch(batch_id: str, found: list[Transfer]) -> Batch:
    # They tell the same of it; the last heard of tells the latest.
    latest = max(found, key=lambda transfer: transfer.batch_bytes_done)
    return Batch(
        batch_id,
        latest.librarian,
        latest.way,
        len(found),
        latest.batch_bytes_done,
        latest.batch_bytes_total,
        latest.batch_seconds_left,
    )
