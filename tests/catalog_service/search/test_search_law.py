"""The law of search: SQLite, PostgreSQL and plain Python give the same items for any search."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.columns import ITEM_COLUMNS
from catalog_service.search.lookups import Lookups
from catalog_service.search.queries import condition
from catalog_service.search.tree import Clause
from tests.catalog_service.search.catalogues import (
    Catalogue,
    catalogues,
    put_frame,
    put_on_record,
)
from tests.catalog_service.search.evaluation import Item, matches
from tests.catalog_service.search.trees import NOW, trees

# Each example opens no database of its own: what it writes, it takes back.
law = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
searches = st.sampled_from(ItemKind).flatmap(
    lambda item: st.lists(trees(item), min_size=4, max_size=8).map(lambda several: (item, several))
)
# Keys of metadata, stores and librarians that are not there are refused.
odd_searches = st.sampled_from(ItemKind).flatmap(
    lambda item: st.lists(
        trees(item, odd=True).filter(
            lambda tree: not re.search("'(meta[.]|store'|librarian')", repr(tree))
        ),
        min_size=4,
        max_size=8,
    ).map(lambda several: (item, several))
)


@pytest.fixture
def databases(sqlite_url: str, postgres_url: str) -> Iterator[list[Database]]:
    """Open both databases, with what all catalogues share."""
    opened = [open_database(url) for url in (sqlite_url, postgres_url)]
    for database in opened:
        with database.transactions.begin() as db:
            put_frame(db)
    yield opened
    for database in opened:
        database.dispose()


def items_of(item: ItemKind, catalogue: Catalogue) -> list[tuple[int | str, Item]]:
    """Return what a search can find, by what tells one from another."""
    if item is ItemKind.FILES:
        return [(file.name, file) for file in catalogue.files]
    if item is ItemKind.OBSERVATIONS:
        return [(observation.obsid, observation) for observation in catalogue.observations]
    return [(session.id, session) for session in catalogue.sessions]


def found(db: Session, tree: Clause, item: ItemKind) -> list[int | str]:
    query = select(ITEM_COLUMNS[item][0]).where(condition(tree, item, Lookups(db, NOW)))
    return sorted(db.scalars(query))


def check(
    databases: list[Database], catalogue: Catalogue, item: ItemKind, several: list[Clause]
) -> None:
    expected = [
        sorted(key for key, one in items_of(item, catalogue) if matches(tree, one, catalogue))
        for tree in several
    ]
    for database in databases:
        with database.transactions() as db:
            put_on_record(db, catalogue)
            assert [found(db, tree, item) for tree in several] == expected, database.engine


@settings(law, max_examples=400)
@given(catalogue=catalogues(), search=searches)
def test_any_search_finds_what_plain_python_finds(
    databases: list[Database], catalogue: Catalogue, search: tuple[ItemKind, list[Clause]]
) -> None:
    check(databases, catalogue, *search)


@settings(law, max_examples=80)
@given(catalogue=catalogues(), search=odd_searches)
def test_values_that_no_catalogue_has_are_compared_alike(
    databases: list[Database], catalogue: Catalogue, search: tuple[ItemKind, list[Clause]]
) -> None:
    check(databases, catalogue, *search)
