"""The whole way of a search: text to tree to condition."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.search.attributes import ItemKind
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
    # When only files on this store can match: its key, and what else must hold.
    store_id: int | None = None
    beside_store: ColumnElement[bool] | None = None


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
    if listed := _find(tree, "name", "in"):
        names: object = listed.value
        assert isinstance(names, tuple)  # noqa: S101 - as attributes.py says.
        return Compiled(item, whole, names, _without(tree, listed, lookups))
    if stored := _find(tree, "store", "has"):
        beside = _without(tree, stored, lookups)
        return Compiled(item, whole, store_id=lookups.store(stored).id, beside_store=beside)
    return Compiled(item, whole)


def _find(tree: Clause, attribute: str, operator: str) -> Comparison | None:
    """Return the clause beside which all else of a search only takes away, if it has one."""
    clauses = tree.clauses if isinstance(tree, And) else (tree,)
    for clause in clauses:
        said = (clause.attribute, clause.operator) if isinstance(clause, Comparison) else None
        if isinstance(clause, Comparison) and said == (attribute, operator):
            return clause
    return None


def _without(tree: Clause, clause: Comparison, lookups: Lookups) -> ColumnElement[bool]:
    """Return what must hold beside one clause of a search of files."""
    others = tuple(c for c in tree.clauses if c is not clause) if isinstance(tree, And) else ()
    return condition(And((Constant(True), *others)), ItemKind.FILES, lookups)
