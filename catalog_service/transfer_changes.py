"""What people do with transfers: cancel them, and queue anew what has ended.

Those of a kind are taken in chunks, each in a transaction of its own, up to the newest that there
was at the start: so it comes to an end while others arrive.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, aliased

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.standing_orders import lock_orders
from catalog_service.tables import Librarian, StandingOrder, Transfer
from catalog_service.transfer_queue import ACTIVE_STATES, CHUNK_FILES, queue_transfers
from catalog_service.transfers import TransferFilter, unknown_transfer

# States of which a retry makes a new transfer.
RETRIED_STATES = ("FAILED", "DECLINED", "CANCELLED")


def newest_transfer_id(db: Session) -> int:
    """Return the number of the newest transfer, or 0."""
    return db.execute(select(func.max(Transfer.id))).scalar_one() or 0


def active_ids(db: Session, chosen: TransferFilter, *, after_id: int, last_id: int) -> list[int]:
    """Return the next numbers of transfers of a kind that have not ended."""
    states = ACTIVE_STATES
    return _ids_of_kind(db, chosen, states, [Transfer.id > after_id, Transfer.id <= last_id])


def failed_ids(db: Session, chosen: TransferFilter, *, after_id: int, last_id: int) -> list[int]:
    """Return the next numbers of those of a kind that failed and were not queued since."""
    later = aliased(Transfer)
    queued_since = select(later.id).where(
        later.file_id == Transfer.file_id,
        later.librarian_id == Transfer.librarian_id,
        later.id > Transfer.id,
    )
    within = [Transfer.id > after_id, Transfer.id <= last_id, ~queued_since.exists()]
    return _ids_of_kind(db, chosen, ["FAILED"], within)


def cancel_transfers(db: Session, ids: Iterable[int]) -> tuple[int, int]:
    """Cancel transfers; return how many are cancelled now, and how many had ended already.

    One that is under way keeps its batch, by which its worker hears of it. Raises
    UnknownTransferError, and changes nothing then.
    """
    chosen = set(ids)
    _check_known(db, chosen)
    now = database_time(db)
    statement = (
        update(Transfer)
        .where(has_key_among(db, Transfer.id, chosen), Transfer.state.in_(ACTIVE_STATES))
        .values(state="CANCELLED", claimed_file_id=None, update_time=now, end_time=now)
        .returning(Transfer.id)
        .execution_options(synchronize_session=False)
    )
    cancelled = len(db.execute(statement).all())
    return cancelled, len(chosen) - cancelled


def retry_transfers(db: Session, ids: Iterable[int], owner: str) -> tuple[int, int]:
    """Queue transfers anew that ended without success; return how many were, and were left.

    Each stays in its standing order's lane while there is that order. Raises
    UnknownTransferError, and changes nothing then.
    """
    chosen = set(ids)
    _check_known(db, chosen)
    ended = has_key_among(db, Transfer.id, chosen) & Transfer.state.in_(RETRIED_STATES)
    kind = (Transfer.librarian_id, Transfer.lane, Transfer.order_name, Transfer.priority)
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    rows = select(Transfer.file_id, *kind).where(ended).order_by(Transfer.id)
    for file_id, *of_kind in db.execute(rows):
        groups[tuple(of_kind)].append(file_id)
    # One that is deleted meanwhile would leave them in a lane that nobody serves.
    lock_orders(db)
    orders = set(db.scalars(select(StandingOrder.id)))
    queued = 0
    for (librarian_id, lane, order_name, priority), file_ids in groups.items():
        of_order = {"lane": lane, "order_name": order_name} if lane in orders else {}
        librarian = db.get_one(Librarian, librarian_id)
        told = queue_transfers(db, librarian, file_ids, owner=owner, priority=priority, **of_order)
        queued += told.queued_count
    return queued, len(chosen) - queued


def _ids_of_kind(
    db: Session,
    chosen: TransferFilter,
    states: Sequence[str],
    within: Sequence[ColumnElement[bool]],
) -> list[int]:
    """Return the first numbers, in their order; state by state, as the indexes have them."""
    conditions = [*chosen.conditions(db), *within]
    ids: list[int] = []
    for state in states:
        query = select(Transfer.id).where(*conditions, Transfer.state == state)
        ids += db.scalars(query.order_by(Transfer.id).limit(CHUNK_FILES))
    return sorted(ids)[:CHUNK_FILES]


def _check_known(db: Session, ids: set[int]) -> None:
    known = set(db.scalars(select(Transfer.id).where(has_key_among(db, Transfer.id, ids))))
    if unknown := ids - known:
        raise unknown_transfer(min(unknown))
