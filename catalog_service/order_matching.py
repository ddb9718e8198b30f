"""What standing orders match and have yet to queue, looked for outside of any write."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.database import SEARCH_TIMEOUT, Database
from catalog_service.retrying import translated_errors
from catalog_service.search.compiler import compile_search
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File, Librarian, RemoteInstance, StandingOrder, Transfer
from catalog_service.transfer_queue import Queued, queue_transfers
from librarian.errors import BusyError, InvalidRequestError, NotReachableError

logger = logging.getLogger(__name__)

# Files that one transaction queues: on SQLite, others wait to write meanwhile.
MOST_FILES = 2000
# A person waits longer for a search than all other orders should for one.
_LONGEST_SECONDS = 10.0

# Returns the condition that a column of files' keys has one of those that are looked at.
Within = Callable[[Session, Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Watched:
    """What of an enabled standing order decides what it queues."""

    id: int
    librarian_id: int
    search: str
    owner: str
    error: str


def watched_orders(db: Session) -> Sequence[Watched]:
    """Return the enabled standing orders, in the order of their keys."""
    rows = db.scalars(select(StandingOrder).where(StandingOrder.enabled).order_by(StandingOrder.id))
    return [watched(order) for order in rows]


def watched(order: StandingOrder) -> Watched:
    """Return what decides what an order queues."""
    return Watched(order.id, order.librarian_id, order.search, order.owner, order.error)


def find_matches(database: Database, order: Watched, within: Within) -> Sequence[int]:
    """Return files, by key, that an order has to queue, of those looked at: the first of them.

    Raises InvalidRequestError when its search fails, or takes too long.
    """
    try:
        compiled = compile_search(database, order.search, account_name=order.owner)
        with translated_errors(), database.readings.begin() as db:
            db.info[SEARCH_TIMEOUT] = min(db.info[SEARCH_TIMEOUT], _LONGEST_SECONDS)
            with limited_time(db):
                return db.scalars(_missing(db, order, within).where(compiled.condition)).all()
    except (BusyError, InvalidRequestError, NotReachableError):
        raise
    except Exception as error:
        # Whatever it is, other orders go on.
        logger.exception("The search of the standing order %s failed.", order.id)
        raise InvalidRequestError(
            f"The search failed for a reason of its own ({type(error).__name__}); the catalogue's"
            " log tells more."
        ) from error


def among(file_ids: Sequence[int]) -> Within:
    """Look at some files."""
    return lambda db, column: has_key_among(db, column, file_ids)


def queue_matches(db: Session, order: StandingOrder, file_ids: Sequence[int]) -> Queued:
    """Queue what an order has found; what was queued or sent ever before stays as it is."""
    return queue_transfers(
        db,
        db.get_one(Librarian, order.librarian_id),
        file_ids,
        owner=order.owner,
        priority=order.priority,
        lane=order.id,
        order_name=order.name,
        skip_known=True,
    )


def _missing(db: Session, order: Watched, within: Within) -> Select[Any]:
    """Select files with an instance here of which nothing is known at the neighbour."""
    # What is looked at is said of each table: PostgreSQL does not conclude it.
    sent = select(Transfer.id).where(
        Transfer.file_id == File.id,
        Transfer.librarian_id == order.librarian_id,
        within(db, Transfer.file_id),
    )
    there = select(RemoteInstance.file_id).where(
        RemoteInstance.file_id == File.id,
        RemoteInstance.librarian_id == order.librarian_id,
        within(db, RemoteInstance.file_id),
    )
    return (
        select(File.id)
        .where(within(db, File.id), File.instance_count > 0, ~sent.exists(), ~there.exists())
        .order_by(File.id)
        .limit(MOST_FILES)
    )
