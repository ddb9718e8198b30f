"""The hold that a worker has on a batch of transfers: a lease, and a number its writes carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.tables import Librarian, Transfer, TransferBatch
from catalog_service.transfer_lanes import leave_lost_lanes
from catalog_service.transfer_queue import ACTIVE_STATES
from catalog_service.wakeups import TRANSFERS, tell
from librarian.errors import TakenOverError
from librarian.service.workers import is_gone

LEASE_SECONDS = 30.0


@dataclass(frozen=True)
class Hold:
    """A worker's hold on a batch."""

    batch_id: str
    fence: int


@dataclass(frozen=True)
class Renewal:
    """What a worker hears when it renews its lease."""

    batch: TransferBatch
    cancelled_ids: list[int]
    # Whether it shall give the batch back: transfers there were disabled.
    stop: bool


def held_batch(db: Session, hold: Hold) -> TransferBatch:
    """Return a batch, locked; raise TakenOverError when the worker has it no more."""
    batch = find_batch(db, hold.batch_id)
    if batch is None or batch.fence != hold.fence or batch.worker is None:
        raise TakenOverError(
            f"Batch {hold.batch_id!r:.40} was taken over by another worker: leave it."
        )
    return batch


def find_batch(db: Session, batch_id: str, *, skip_locked: bool = False) -> TransferBatch | None:
    """Return a batch, locked, or None when there is none of that identifier."""
    if not batch_id.isalnum():
        return None
    statement = (
        select(TransferBatch)
        .where(TransferBatch.id == batch_id)
        .with_for_update(key_share=True, skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    return db.scalars(statement).one_or_none()


def lock_librarian(db: Session, librarian_id: int) -> Librarian | None:
    """Return a neighbour, locked against others who start batches or change its link's state."""
    statement = (
        select(Librarian)
        .where(Librarian.id == librarian_id)
        # Transfers to it may be queued meanwhile.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return db.scalars(statement).one_or_none()


def is_live(batch: TransferBatch, now: datetime) -> bool:
    """Tell whether a batch has a worker whose lease lasts, and that has not ended."""
    if batch.worker is None or batch.lease_until is None or batch.lease_until <= now:
        return False
    return not is_gone(batch.worker)


def take(db: Session, batch: TransferBatch, worker: str, lease_seconds: float) -> None:
    """Give a batch to a worker: the fence of the one before it is old by that."""
    now = database_time(db)
    batch.worker, batch.claim_time = worker, now
    batch.lease_until = now + timedelta(seconds=lease_seconds)
    batch.fence += 1
    batch.bytes_at_claim = batch.bytes_done
    db.flush()


def renew(
    db: Session, hold: Hold, bytes_done: int, lease_seconds: float = LEASE_SECONDS
) -> Renewal:
    """Renew a lease and write how far it is; raise TakenOverError when it is another's."""
    batch = held_batch(db, hold)
    batch.lease_until = database_time(db) + timedelta(seconds=lease_seconds)
    batch.bytes_done = min(max(0, bytes_done), batch.bytes_total)
    db.flush()
    cancelled = select(Transfer.id).where(
        Transfer.batch_id == batch.id, Transfer.state == "CANCELLED"
    )
    enabled = db.get_one(Librarian, batch.librarian_id).transfers_enabled
    return Renewal(batch, list(db.scalars(cancelled.order_by(Transfer.id))), not enabled)


def set_free(db: Session, batch: TransferBatch) -> None:
    """Let another worker go on with a batch where it was; one with nothing left is gone."""
    batch.worker = batch.lease_until = None
    db.flush()
    if not has_work(db, batch):
        dissolve(db, batch)
    tell(db, TRANSFERS)


def dissolve(db: Session, batch: TransferBatch) -> None:
    """End a batch: what of it has not ended waits again, as if it had not been tried."""
    # Locked first: one that is cancelled meanwhile must stay so.
    active = list(db.scalars(_active_ids(batch).order_by(Transfer.id).with_for_update()))
    if active:
        put_back(db, active)
    db.execute(_update().where(Transfer.batch_id == batch.id).values(batch_id=None))
    db.delete(batch)
    db.flush()
    tell(db, TRANSFERS)


def put_back(db: Session, transfer_ids: Sequence[int], **changes: Any) -> None:
    """Let transfers that the caller has locked wait again, outside any batch."""
    waits = {"state": "QUEUED", "batch_id": None, "upload_id": "", "start_time": None}
    values = {**waits, "update_time": database_time(db), **changes}
    db.execute(_update().where(has_key_among(db, Transfer.id, transfer_ids)).values(**values))
    leave_lost_lanes(db, transfer_ids)


def has_work(db: Session, batch: TransferBatch) -> bool:
    """Tell whether anything of a batch is to be done: sent, or withdrawn at the neighbour."""
    if batch.withdrawals:
        return True
    return db.scalar(select(Transfer.id).where(*to_do(batch)).limit(1)) is not None


def needs_agent(db: Session, batch: TransferBatch) -> bool:
    """Tell whether anything of a batch is to be sent."""
    return db.scalar(_active_ids(batch).limit(1)) is not None


def to_do(batch: TransferBatch) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return what holds for the transfers of a batch that a worker must hear of."""
    withdrawn = (Transfer.state == "CANCELLED") & (Transfer.upload_id != "")
    return Transfer.batch_id == batch.id, Transfer.state.in_(ACTIVE_STATES) | withdrawn


def _active_ids(batch: TransferBatch) -> Select[Any]:
    return select(Transfer.id).where(
        Transfer.batch_id == batch.id, Transfer.state.in_(ACTIVE_STATES)
    )


def _update() -> Update:
    # Rows that the transaction has read already are read again by whoever needs them.
    return update(Transfer).execution_options(synchronize_session=False)
