"""What standing orders match and have yet to queue, looked for outside of any write."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, text
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among, is_sqlite
from catalog_service.database import SEARCH_TIMEOUT, Database
from catalog_service.retrying import translated_errors
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_parsed
from catalog_service.search.language import parse_search
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File, Librarian, RemoteInstance, StandingOrder, Transfer
from catalog_service.transfer_queue import Queued, queue_transfers
from librarian.errors import BusyError, InvalidRequestError, NotReachableError

logger = logging.getLogger(__name__)

# Files that one transaction queues: on SQLite, others wait to write meanwhile.
MOST_FILES = 2000
# A person waits longer for a search than all other orders should for one.
_LONGEST_SECONDS = 10.0


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


def match_news(database: Database, order: Watched, file_ids: Sequence[int]) -> Sequence[int]:
    """Return those of some files that an order matches and that have an instance here.

    Raises InvalidRequestError when its search fails, or takes too long.
    """
    return _find(database, order, lambda db: _available(has_key_among(db, File.id, file_ids)))


def match_part(database: Database, order: Watched, after: int, upto: int) -> Sequence[int]:
    """Return files that an order has to queue, of those after a key up to another.

    They are the first of them, at most `MOST_FILES`. Raises InvalidRequestError as `match_news`.
    """
    return _find(database, order, lambda _: _unsent(order, after, upto).limit(MOST_FILES))


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


def _find(database: Database, order: Watched, choose: Callable[[Session], Any]) -> Sequence[int]:
    try:
        parsed = parse_search(order.search)
        with translated_errors(), database.readings.begin() as db:
            db.info[SEARCH_TIMEOUT] = min(db.info[SEARCH_TIMEOUT], _LONGEST_SECONDS)
            _look_up_by_key(db)
            with limited_time(db):
                compiled = compile_parsed(db, parsed, ItemKind.FILES, order.owner)
                return db.scalars(choose(db).where(compiled.condition)).all()
    except (BusyError, InvalidRequestError, NotReachableError):
        raise
    except Exception as error:
        # Whatever it is, other orders go on.
        logger.exception("The search of the standing order %s failed.", order.id)
        raise InvalidRequestError(
            f"The search failed for a reason of its own ({type(error).__name__}); the catalogue's"
            " log tells more."
        ) from error


def _look_up_by_key(db: Session) -> None:
    """Have PostgreSQL begin at the files that are asked about.

    It would rather look for all that a pattern matches, among all files: for each part anew.
    """
    if not is_sqlite(db):
        db.execute(text("SET LOCAL enable_bitmapscan = off"))


def _available(within: ColumnElement[bool]) -> Select[Any]:
    return select(File.id).where(within, File.instance_count > 0).order_by(File.id)


def _unsent(order: Watched, after: int, upto: int) -> Select[Any]:
    """Select files of which nothing is known at the neighbour."""

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column > after, column <= upto)

    # What is looked at is said of each table: PostgreSQL does not conclude it.
    sent = select(Transfer.id).where(
        Transfer.file_id == File.id,
        Transfer.librarian_id == order.librarian_id,
        within(Transfer.file_id),
    )
    there = select(RemoteInstance.file_id).where(
        RemoteInstance.file_id == File.id,
        RemoteInstance.librarian_id == order.librarian_id,
        within(RemoteInstance.file_id),
    )
    return _available(within(File.id)).where(~sent.exists(), ~there.exists())
