"""Transfers on record: looking at them, a page at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.files import get_file
from catalog_service.librarians import get_librarian
from catalog_service.standing_orders import get_order
from catalog_service.tables import (
    File,
    Instance,
    Librarian,
    Store,
    Transfer,
    TransferBatch,
)
from catalog_service.transfer_queue import ACTIVE_STATES, ENDED_STATES
from librarian.errors import UnknownTransferError

STATES = (*ACTIVE_STATES, *ENDED_STATES)


@dataclass(frozen=True)
class ShownTransfer:
    """A transfer, and what is told with it."""

    transfer: Transfer
    file_name: str
    librarian_name: str
    # Of the instance that it is sent from, once chosen.
    store_name: str
    batch: TransferBatch | None

    @property
    def next_try_time(self) -> datetime | None:
        """When it is tried again, if it failed and waits for that."""
        row = self.transfer
        # It moves on whenever something failed, whether that counts for an attempt or not.
        waits = row.state == "QUEUED" and row.run_time > row.create_time and self.batch is None
        return row.run_time if waits else None

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long its batch takes at its present rate, if that is known."""
        batch = self.batch
        if batch is None or batch.worker is None or batch.claim_time is None:
            return None
        seconds = (now - batch.claim_time).total_seconds()
        moved = batch.bytes_done - batch.bytes_at_claim
        if seconds <= 0 or moved <= 0:
            return None
        return max(0, batch.bytes_total - batch.bytes_done) * seconds / moved


@dataclass(frozen=True)
class TransferFilter:
    """Which transfers are meant; what is empty holds for all."""

    librarian_name: str = ""
    order_name: str = ""
    file_name: str = ""
    states: Sequence[str] = ()

    def conditions(self, db: Session) -> list[ColumnElement[bool]]:
        """Return what holds for those; raise NotFoundError for names that nothing has."""
        found: list[ColumnElement[bool]] = []
        if self.librarian_name:
            librarian = get_librarian(db, self.librarian_name)
            found.append(Transfer.librarian_id == librarian.id)
        if self.order_name:
            order, _ = get_order(db, self.order_name)
            # With the neighbour, as an index has it.
            found += [Transfer.lane == order.id, Transfer.librarian_id == order.librarian_id]
        if self.file_name:
            found.append(Transfer.file_id == get_file(db, self.file_name).id)
        return found


def get_transfer(db: Session, transfer_id: int) -> ShownTransfer:
    """Return a transfer; raise UnknownTransferError when none has that number."""
    found = show_transfers(db, [transfer_id])
    if not found:
        raise unknown_transfer(transfer_id)
    return found[0]


def unknown_transfer(transfer_id: int) -> UnknownTransferError:
    """Return the error of a number that no transfer has."""
    return UnknownTransferError(
        f"There is no transfer {transfer_id}: `librarian list-transfers` shows those there are."
    )


def list_transfers(
    db: Session, chosen: TransferFilter, *, before_id: int | None, limit: int
) -> list[ShownTransfer]:
    """Return transfers, newest first; raise NotFoundError for names that nothing has."""
    conditions = chosen.conditions(db)
    if before_id is not None:
        conditions.append(Transfer.id < before_id)
    states = list(dict.fromkeys(chosen.states))
    ids: set[int] = set()
    for part in _walks(db, chosen, states):
        query = select(Transfer.id).where(*conditions, *part)
        ids.update(db.scalars(query.order_by(Transfer.id.desc()).limit(limit)))
    return show_transfers(db, sorted(ids, reverse=True)[:limit])


def _walks(
    db: Session, chosen: TransferFilter, states: Sequence[str]
) -> list[list[ColumnElement[bool]]]:
    """Return conditions that are each one walk along an index, however rare what they find is.

    All of them together hold for the same transfers as the states.
    """
    if chosen.file_name:
        return [[Transfer.state.in_(states)] if states else []]
    of_one = bool(chosen.librarian_name or chosen.order_name)
    if not states and not of_one:
        return [[]]
    walks = [[Transfer.state == state] for state in states or STATES]
    if of_one:
        return walks
    librarian_ids = db.scalars(select(Librarian.id)).all()
    return [[Transfer.librarian_id == key, *walk] for key in librarian_ids for walk in walks]


def show_transfers(db: Session, ids: Iterable[int]) -> list[ShownTransfer]:
    """Return the transfers of some numbers, newest first."""
    query = (
        select(Transfer, File.name, Librarian.name, Store.name, TransferBatch)
        .join(File, File.id == Transfer.file_id)
        .join(Librarian, Librarian.id == Transfer.librarian_id)
        .outerjoin(Instance, Instance.id == Transfer.instance_id)
        .outerjoin(Store, Store.id == Instance.store_id)
        .outerjoin(TransferBatch, TransferBatch.id == Transfer.batch_id)
        .where(has_key_among(db, Transfer.id, ids))
        .order_by(Transfer.id.desc())
    )
    return [
        ShownTransfer(transfer, file_name, librarian_name, store_name or "", batch)
        for transfer, file_name, librarian_name, store_name, batch in db.execute(query)
    ]
