"""Taking a neighbour off the record, with all that is believed of it, step by step."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.jobs import ACTIVE_STATES
from catalog_service.librarians import get_librarian
from catalog_service.link_hours import forget_link
from catalog_service.remote_instances import remove_remote_instances
from catalog_service.tables import (
    Job,
    Librarian,
    Reconciliation,
    RemoteInstance,
    StandingOrder,
    Transfer,
    TransferBatch,
)
from librarian.errors import StateError

# So many rows go in one transaction: others write meanwhile.
_STEP_ROWS = 5_000


@dataclass(frozen=True)
class Removed:
    """What went with a neighbour."""

    cancelled: int = 0
    remote_instances: int = 0
    transfers: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            self.cancelled + other.cancelled,
            self.remote_instances + other.remote_instances,
            self.transfers + other.transfers,
        )


def begin_removal(db: Session, name: str, *, cancel_transfers: bool) -> None:
    """Start no more transfers to a neighbour that is to go.

    Raises StateError while standing orders name it, or transfers to it wait that are to be kept.
    """
    _lock_unneeded(db, name, cancel_transfers).transfers_enabled = False


def remove_some(db: Session, name: str, *, cancel_transfers: bool) -> tuple[Removed, bool]:
    """Take some of what belongs to a neighbour off the record, and say whether that was all.

    The neighbour itself goes with the last of it. Raises StateError as the beginning does, for
    what came meanwhile.
    """
    librarian = _lock_unneeded(db, name, cancel_transfers)
    cancelled, transfers = _remove_transfers(db, librarian.id)
    transfers_left = transfers == _STEP_ROWS
    believed, believed_left = _remove_belief(db, librarian.id)
    if not transfers_left and not believed_left:
        _end_reconciliations(db, librarian.id)
        forget_link(db, librarian.id)
        db.execute(delete(TransferBatch).where(TransferBatch.librarian_id == librarian.id))
        db.delete(librarian)
        db.flush()
    return Removed(cancelled, believed, transfers), not transfers_left and not believed_left


def _lock_unneeded(db: Session, name: str, cancel_transfers: bool) -> Librarian:
    """Lock a neighbour that nothing needs any more."""
    librarian = get_librarian(db, name, lock=True)
    _check_orders(db, librarian)
    waiting = select(Transfer.id).where(_not_ended(librarian.id)).limit(1)
    if not cancel_transfers and db.scalar(waiting) is not None:
        raise StateError(
            f"Transfers to {name!r} are under way: wait for them, or cancel them with"
            " --remove-outgoing-transfers."
        )
    return librarian


def _remove_transfers(db: Session, librarian_id: int) -> tuple[int, int]:
    """Take some transfers off the record; return how many had not ended, and how many there were.

    What they did to files is told by the files' events, which stay.
    """
    rows = db.execute(
        select(Transfer.id, Transfer.claimed_file_id)
        .where(Transfer.librarian_id == librarian_id)
        # As an index has them: in another order, the other neighbours' would be met.
        .order_by(Transfer.state, Transfer.id)
        .limit(_STEP_ROWS)
    ).all()
    ids = [row.id for row in rows]
    chosen = has_key_among(db, Transfer.id, ids)
    db.execute(delete(Transfer).where(chosen).execution_options(synchronize_session=False))
    cancelled = sum(row.claimed_file_id is not None for row in rows)
    return cancelled, len(rows)


def _remove_belief(db: Session, librarian_id: int) -> tuple[int, bool]:
    ids = db.scalars(
        select(RemoteInstance.file_id)
        .where(RemoteInstance.librarian_id == librarian_id)
        .order_by(RemoteInstance.file_name)
        .limit(_STEP_ROWS)
    ).all()
    return remove_remote_instances(db, librarian_id, ids), len(ids) == _STEP_ROWS


def _end_reconciliations(db: Session, librarian_id: int) -> None:
    of_it = Reconciliation.librarian_id == librarian_id
    jobs = select(Reconciliation.job_id).where(of_it).scalar_subquery()
    db.execute(
        update(Job)
        .where(Job.id.in_(jobs), Job.state.in_(ACTIVE_STATES))
        .values(
            state="CANCELLED",
            error="The librarian was removed.",
            claimed_destination=None,
            worker=None,
            lease_until=None,
            fence=Job.fence + 1,
            end_time=database_time(db),
        )
        .execution_options(synchronize_session=False)
    )
    db.execute(delete(Reconciliation).where(of_it))


def _not_ended(librarian_id: int) -> Any:
    return (Transfer.librarian_id == librarian_id) & Transfer.claimed_file_id.is_not(None)


def _check_orders(db: Session, librarian: Librarian) -> None:
    names = db.scalars(
        select(StandingOrder.name)
        .where(StandingOrder.librarian_id == librarian.id)
        .order_by(StandingOrder.name)
        .limit(3)
    ).all()
    if names:
        raise StateError(
            f"Standing orders send to {librarian.name!r}: delete {', '.join(names)} first."
        )
