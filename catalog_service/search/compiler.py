"""The whole way of a search: text to tree to condition."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from catalog_service.search.attributes import ItemKind
from catalog_service.search.language import parse_search
from catalog_service.search.limits import check_tree
from catalog_service.search.lookups import Lookups
from catalog_service.search.queries import condition
from catalog_service.search.saved_nodes import expand_saved
from catalog_service.search.tree import And, Clause, Comparison, Constant


@dataclass(frozen=True)
class Compiled:
    """What a search finds, as a condition on its item's table."""

    item: ItemKind
    condition: ColumnElement[bool]
    # When only files of these names can match: the names, and what else must hold.
    names: tuple[str, ...] | None = None
    beside_names: ColumnElement[bool] | None = None


def compile_search(
    db: Session, text: str, *, account_name: str, item: ItemKind = ItemKind.FILES
) -> Compiled:
    """Return what a search means to an account; ages count from now.

    Raises InvalidRequestError when the search is not understood.
    """
    tree = expand_saved(db, parse_search(text, item), item, account_name)
    # Saved searches may have made it larger than what anyone typed.
    check_tree(tree)
    return compile_tree(tree, item, Lookups(db, datetime.now(UTC)))


def compile_tree(tree: Clause, item: ItemKind, lookups: Lookups) -> Compiled:
    """Return what a tree without saved searches means."""
    whole = condition(tree, item, lookups)
    listed = _list_of_names(tree) if item is ItemKind.FILES else None
    if listed is None:
        return Compiled(item, whole)
    names: object = listed.value
    assert isinstance(names, tuple)  # noqa: S101 - as attributes.py says.
    others = tuple(c for c in tree.clauses if c is not listed) if isinstance(tree, And) else ()
    beside = condition(And((Constant(True), *others)), item, lookups)
    return Compiled(item, whole, names, beside)


def _list_of_names(tree: Clause) -> Comparison | None:
    """Return the list of names beside which all else of a search only takes away, if it has one."""
    clauses = tree.clauses if isinstance(tree, And) else (tree,)
    for clause in clauses:
        if isinstance(clause, Comparison) and (clause.attribute, clause.operator) == ("name", "in"):
            return clause
    return None
