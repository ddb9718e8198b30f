"""Standing orders: searches whose matches are pushed to a neighbour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among, is_sqlite, table_of
from catalog_service.clock import database_time
from catalog_service.librarians import get_librarian
from catalog_service.order_hours import check_hours
from catalog_service.tables import Librarian, StandingOrder, Transfer
from catalog_service.transfer_queue import ACTIVE_STATES, DEFAULT_PRIORITY
from librarian.errors import ConflictError, InvalidRequestError, UnknownStandingOrderError

MAX_SEARCH_BYTES = 64 * 1024
# Transfers that one transaction changes: others write, too.
CHUNK_TRANSFERS = 2000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_BANDWIDTH = 2**63 - 1
_TRANSFERS = table_of(Transfer)
# Number of the PostgreSQL lock of who changes orders, or queues what they match.
_ORDERS_LOCK = 0x4C696F72

PlacedOrder = Row[StandingOrder, str]


@dataclass(frozen=True)
class OrderTerms:
    """What a person says of a standing order."""

    search: str
    priority: int = DEFAULT_PRIORITY
    hours: str = ""
    timezone: str = ""
    bandwidth: int = 0
    enabled: bool = True


def check_name(name: str) -> None:
    """Raise InvalidRequestError for a name that no standing order may have."""
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(
            "The name of a standing order has 1 to 64 letters, digits, '_', '.' and '-', and begins"
            f" with a letter or a digit: {name!r:.80} does not."
        )


def check_terms(terms: OrderTerms) -> None:
    """Raise InvalidRequestError for what no standing order may say, but for its search's sense."""
    size_bytes = len(terms.search.encode(errors="surrogatepass"))
    if size_bytes > MAX_SEARCH_BYTES or "\0" in terms.search:
        raise InvalidRequestError(
            f"The search of a standing order has at most {MAX_SEARCH_BYTES:,} bytes, none of them"
            f" NUL: this one has {size_bytes:,}."
        )
    if not 1 <= terms.priority <= 100:
        raise InvalidRequestError(f"A priority is 1 to 100, not {terms.priority}.")
    if not 0 <= terms.bandwidth <= _MOST_BANDWIDTH:
        raise InvalidRequestError("A bandwidth is a number of bytes a second, or 0 for no limit.")
    check_hours(terms.hours, terms.timezone)


def lock_orders(db: Session) -> None:
    """Let nobody else change orders, or queue what they match, until this transaction ends."""
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_ORDERS_LOCK)))


def create_order(
    db: Session, name: str, librarian_name: str, terms: OrderTerms, owner: str
) -> PlacedOrder:
    """Put a standing order on record; the same again returns it.

    Raises UnknownLibrarianError, and ConflictError when another order has the name.
    """
    lock_orders(db)
    librarian = get_librarian(db, librarian_name)
    known = find_order(db, name)
    if known is not None:
        if (terms_of(known[0]), known[1], known[0].owner) == (terms, librarian_name, owner):
            return known
        raise ConflictError(
            f"There is a standing order {name} already: choose another name, or change that one"
            " (update-standing-order)."
        )
    order = StandingOrder(name=name, librarian_id=librarian.id, owner=owner, **vars(terms))
    order.create_time = database_time(db)
    db.add(order)
    _begin_fill(db, order)
    return get_order(db, name)


def update_order(db: Session, name: str, terms: OrderTerms) -> PlacedOrder:
    """Change a standing order; raise UnknownStandingOrderError when there is none."""
    lock_orders(db)
    found = get_order(db, name)
    order, before = found[0], terms_of(found[0])
    for field in fields(terms):
        setattr(order, field.name, getattr(terms, field.name))
    matching = replace(before, search=terms.search, enabled=terms.enabled)
    if matching != before:
        _begin_fill(db, order)
    db.flush()
    return found


def remove_order(db: Session, name: str) -> None:
    """Take a standing order off the record; what is under way goes on as if queued by hand."""
    lock_orders(db)
    order = get_order(db, name)[0]
    active = _of_order(order).where(Transfer.state.in_(ACTIVE_STATES))
    db.execute(update(_TRANSFERS).where(_TRANSFERS.c.id.in_(active)).values(lane=0))
    db.delete(order)
    db.flush()


def note_error(db: Session, order: StandingOrder, error: str) -> None:
    """Record what is wrong with an order; it looks at all files again when that is mended.

    Until then it lets the news of files pass.
    """
    order.error, order.fill_after_id = error, 0
    db.flush()


def cancel_queued(db: Session, order: StandingOrder) -> int:
    """Cancel some transfers that an order has queued and that are not under way; count them."""
    now = database_time(db)
    over = {"state": "CANCELLED", "claimed_file_id": None, "end_time": now, "update_time": now}
    return _change_queued(db, _queued(order), error="The standing order was deleted.", **over)


def change_priority(db: Session, order: StandingOrder) -> int:
    """Give some transfers that an order has queued its present priority; count them."""
    outdated = _queued(order).where(Transfer.priority != order.priority)
    return _change_queued(db, outdated, priority=order.priority)


def get_order(db: Session, name: str) -> PlacedOrder:
    """Return a standing order and its neighbour's name; raise UnknownStandingOrderError."""
    found = find_order(db, name)
    if found is None:
        raise UnknownStandingOrderError(
            f"There is no standing order {name!r:.80}: `librarian list-standing-orders` lists them."
        )
    return found


def find_order(db: Session, name: str) -> PlacedOrder | None:
    """Return a standing order by its name, or None."""
    # Asked for any text: PostgreSQL would refuse some.
    if not _NAME.fullmatch(name):
        return None
    return db.execute(_placed().where(StandingOrder.name == name)).one_or_none()


def list_orders(db: Session) -> Sequence[PlacedOrder]:
    """Return all standing orders by name, each with its neighbour's."""
    return db.execute(_placed().order_by(StandingOrder.name)).all()


def terms_of(order: StandingOrder) -> OrderTerms:
    """Return what was said of a standing order."""
    return OrderTerms(**{field.name: getattr(order, field.name) for field in fields(OrderTerms)})


def _placed() -> Select[StandingOrder, str]:
    return select(StandingOrder, Librarian.name).join(
        Librarian, Librarian.id == StandingOrder.librarian_id
    )


def _begin_fill(db: Session, order: StandingOrder) -> None:
    """Have an order that is enabled look at all files, from the first on."""
    order.error, order.fill_time = "", None
    order.fill_after_id = 0 if order.enabled else None
    db.flush()


def _of_order(order: StandingOrder) -> Select[int]:
    return select(Transfer.id).where(
        Transfer.librarian_id == order.librarian_id, Transfer.lane == order.id
    )


def _queued(order: StandingOrder) -> Select[int]:
    return _of_order(order).where(Transfer.state == "QUEUED", Transfer.batch_id.is_(None))


def _change_queued(db: Session, chosen: Select[int], **values: object) -> int:
    # In the order of the lane's index: the first of a million are found without sorting them.
    in_order = chosen.order_by(Transfer.run_time, Transfer.id)
    some = in_order.limit(CHUNK_TRANSFERS).with_for_update()
    ids = db.scalars(some).all()
    if ids:
        statement = update(_TRANSFERS).where(has_key_among(db, _TRANSFERS.c.id, ids))
        db.connection().execute(statement.values(**values))
    return len(ids)
