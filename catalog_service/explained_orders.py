"""Which standing orders send a file to a neighbour, or would, or why none does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, literal, select, union_all
from sqlalchemy.orm import Session

from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_tree
from catalog_service.search.language import parse_search
from catalog_service.search.limits import check_tree
from catalog_service.search.lookups import Lookups
from catalog_service.search.saved_nodes import expand_saved
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File, FileNews, Librarian, StandingOrder
from librarian.errors import LibrarianError

# SQLite takes some hundreds.
_ASKED_AT_ONCE = 100

# By an order's key: whether it matches, or why it cannot be asked.
Verdicts = Mapping[int, bool | LibrarianError]


def order_sentences(db: Session, file: File, librarian: Librarian) -> list[str]:
    """Say what the standing orders to a neighbour mean for a file that has no transfer."""
    query = select(StandingOrder).where(StandingOrder.librarian_id == librarian.id)
    orders = db.scalars(query.order_by(~StandingOrder.enabled, StandingOrder.name)).all()
    if not orders:
        return [
            f"Nobody has sent it, and there is no standing order to {librarian.name}:"
            " `librarian send` queues it."
        ]
    verdicts = _verdicts(db, file, orders, Lookups(db, datetime.now(UTC)))
    sentences = [text for order in orders for text in _of_order(db, file, order, verdicts)]
    none = (
        f"Nobody has sent it, and no standing order to {librarian.name} matches it:"
        " `librarian send` queues it."
    )
    return sentences or [none]


def _of_order(db: Session, file: File, order: StandingOrder, verdicts: Verdicts) -> list[str]:
    name, verdict = f"The standing order {order.name!r}", verdicts[order.id]
    if isinstance(verdict, LibrarianError):
        why = str(verdict).rstrip(".")
        return [f"{name} cannot look at files: {why}."] if order.enabled else []
    if not verdict:
        return []
    if not order.enabled:
        return [f"{name} would send it, but is disabled."]
    if order.error:
        return [f"{name} matches it, but has an error: {order.error.rstrip('.')}."]
    return [f"{name} matches it{_when(db, file, order)}"]


def _verdicts(
    db: Session, file: File, orders: Sequence[StandingOrder], lookups: Lookups
) -> Verdicts:
    """Return for each order whether it matches a file, or why it cannot be asked."""
    parts = [
        orders[first : first + _ASKED_AT_ONCE] for first in range(0, len(orders), _ASKED_AT_ONCE)
    ]
    try:
        with limited_time(db), db.begin_nested():
            return dict(one for part in parts for one in _ask(db, file, part, lookups).items())
    except LibrarianError as error:
        if len(orders) == 1:
            return {orders[0].id: error}
    # Something is wrong with one of them: the others have their answers.
    each = [_verdicts(db, file, [order], lookups) for order in orders]
    return dict(one for verdicts in each for one in verdicts.items())


def _ask(db: Session, file: File, orders: Sequence[StandingOrder], lookups: Lookups) -> Verdicts:
    """Ask about some orders with one query: each by itself takes many ways to the database."""
    verdicts: dict[int, bool | LibrarianError] = {}
    questions = []
    for order in orders:
        try:
            condition = _condition(db, order, lookups)
        except LibrarianError as error:
            verdicts[order.id] = error
        else:
            verdicts[order.id] = False
            key = literal(order.id, BigInteger)
            questions.append(select(key).where(File.id == file.id, condition))
    if questions:
        verdicts.update(dict.fromkeys(db.scalars(union_all(*questions)), True))
    return verdicts


def _when(db: Session, file: File, order: StandingOrder) -> str:
    """Say when an order that matches a file queues it."""
    if db.scalars(select(FileNews.id).where(FileNews.file_id == file.id).limit(1)).first():
        return ", and is about to queue it."
    if order.fill_after_id is not None and order.fill_after_id < file.id:
        return "; it is still looking through the files that were here before, and will come to it."
    return " now, but did not when it last looked at it: `librarian send` queues it."


def _condition(db: Session, order: StandingOrder, lookups: Lookups) -> ColumnElement[bool]:
    tree = expand_saved(db, parse_search(order.search, ItemKind.FILES), ItemKind.FILES, order.owner)
    check_tree(tree)
    return compile_tree(tree, ItemKind.FILES, lookups).condition
