"""The whole way of a search: text to tree to condition."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.search.attributes import ItemKind
from catalog_service.search.holders import Holder, find_holder
from catalog_service.search.language import parse_search
from catalog_service.search.limits import check_tree
from catalog_service.search.lookups import Lookups
from catalog_service.search.queries import condition
from catalog_service.search.saved_nodes import expand_saved
from catalog_service.search.time_limits import limited_time
from catalog_service.search.tree import And, Clause, Comparison, Constant


@dataclass(frozen=True)
class Compiled:
    """What a search finds, as a condition on its item's table."""

    item: ItemKind
    condition: ColumnElement[bool]
    # When only files of these names can match: the names, and what else must hold.
    names: tuple[str, ...] | None = None
    beside_names: ColumnElement[bool] | None = None
    # When only files at this store or neighbour can match: it, and what else must hold.
    holder: Holder | None = None
    beside_holder: ColumnElement[bool] | None = None


def compile_search(
    database: Database, text: str, *, account_name: str, item: ItemKind = ItemKind.FILES
) -> Compiled:
    """Return what a search means to an account; ages count from now.

    Raises InvalidRequestError when the search is not understood.
    """
    # Before a transaction is open: to read a long text takes its time.
    parsed = parse_search(text, item)

    def compile_it(db: Session) -> Compiled:
        with limited_time(db):
            return compile_parsed(db, parsed, item, account_name)

    return run_transaction(database.readings, compile_it)


def compile_parsed(db: Session, parsed: Clause, item: ItemKind, account_name: str) -> Compiled:
    """Return what a tree as it was read means to an account, within a limited time."""
    tree = expand_saved(db, parsed, item, account_name)
    # Saved searches may have made it larger than what anyone typed.
    check_tree(tree)
    return compile_tree(tree, item, Lookups(db, datetime.now(UTC)))


def compile_tree(tree: Clause, item: ItemKind, lookups: Lookups) -> Compiled:
    """Return what a tree without saved searches means."""
    whole = condition(tree, item, lookups)
    if item is not ItemKind.FILES:
        return Compiled(item, whole)
    for clause in _needed(tree):
        if (clause.attribute, clause.operator) == ("name", "in"):
            names: object = clause.value
            assert isinstance(names, tuple)  # noqa: S101 - as attributes.py says.
            return Compiled(item, whole, names, _without(tree, clause, lookups))
    if held := _smallest_holder(tree, lookups):
        holder, clause = held
        beside = _without(tree, clause, lookups)
        return Compiled(item, whole, holder=holder, beside_holder=beside)
    return Compiled(item, whole)


def _needed(tree: Clause) -> list[Comparison]:
    """Return the comparisons beside each of which all else of a search only takes away."""
    clauses = tree.clauses if isinstance(tree, And) else (tree,)
    return [clause for clause in clauses if isinstance(clause, Comparison)]


def _smallest_holder(tree: Clause, lookups: Lookups) -> tuple[Holder, Comparison] | None:
    held = [
        (holder, clause)
        for clause in _needed(tree)
        if (holder := find_holder(clause, lookups)) is not None
    ]
    return min(held, key=lambda pair: pair[0].row_count, default=None)


def _without(tree: Clause, clause: Comparison, lookups: Lookups) -> ColumnElement[bool]:
    """Return what must hold beside one clause of a search of files."""
    others = tuple(c for c in tree.clauses if c is not clause) if isinstance(tree, And) else ()
    return condition(And((Constant(True), *others)), ItemKind.FILES, lookups)
