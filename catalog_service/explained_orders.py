"""Which standing orders send a file to a neighbour, or would, or why none does."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, select
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


def order_sentences(db: Session, file: File, librarian: Librarian) -> list[str]:
    """Say what the standing orders to a neighbour mean for a file that has no transfer."""
    query = select(StandingOrder).where(StandingOrder.librarian_id == librarian.id)
    orders = db.scalars(query.order_by(~StandingOrder.enabled, StandingOrder.name)).all()
    if not orders:
        return [
            f"Nobody has sent it, and there is no standing order to {librarian.name}:"
            " `librarian send` queues it."
        ]
    lookups = Lookups(db, datetime.now(UTC))
    sentences = [text for order in orders for text in _of_order(db, file, order, lookups)]
    none = (
        f"Nobody has sent it, and no standing order to {librarian.name} matches it:"
        " `librarian send` queues it."
    )
    return sentences or [none]


def _of_order(db: Session, file: File, order: StandingOrder, lookups: Lookups) -> list[str]:
    name = f"The standing order {order.name!r}"
    try:
        with limited_time(db), db.begin_nested():
            matches = _matches(db, file, _condition(db, order, lookups))
    except LibrarianError as error:
        return [f"{name} cannot look at files: {str(error).rstrip('.')}."] if order.enabled else []
    if not matches:
        return []
    if not order.enabled:
        return [f"{name} would send it, but is disabled."]
    if order.error:
        return [f"{name} matches it, but has an error: {order.error.rstrip('.')}."]
    return [f"{name} matches it{_when(db, file, order)}"]


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


def _matches(db: Session, file: File, condition: ColumnElement[bool]) -> bool:
    found = select(File.id).where(File.id == file.id, condition)
    return db.execute(found).first() is not None
