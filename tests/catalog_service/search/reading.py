"""Reading what searches find, for tests."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event

from catalog_service.database import Database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import Compiled, compile_tree
from catalog_service.search.lookups import Lookups
from catalog_service.search.pages import Page
from catalog_service.search.tree import Clause, Constant
from tests.catalog_service.search.trees import NOW

EVERYTHING = Constant(True)


def compiled(database: Database, tree: Clause, item: ItemKind = ItemKind.FILES) -> Compiled:
    """Return what a tree means, asked at the moment of the trees."""
    with database.readings.begin() as db:
        return compile_tree(tree, item, Lookups(db, NOW))


def keys(pages: Iterable[Page]) -> list[Any]:
    """Return the first column of all rows."""
    return [row[0] for page in pages for row in page.rows]


def noted_pages(database: Database) -> list[str]:
    """Return a list that grows with each query of a page."""
    queries: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "ORDER BY" in statement and not statement.startswith("EXPLAIN"):
            queries.append(statement)

    event.listen(database.readings.kw["bind"], "before_cursor_execute", note)
    return queries
