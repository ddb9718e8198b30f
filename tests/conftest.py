"""Databases for the tests: fresh and migrated for each test, and only for those that ask."""

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings

from tests.postgres_cluster import PostgresCluster, running_cluster

# Tests start many processes: without compiled files each start would cost a second more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A machine that does other things besides makes no law untrue.
settings.register_profile("librarian", deadline=None)
settings.load_profile("librarian")

POSTGRES_TEMPLATE = "template_catalog"
_database_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of whole sites first: the longest of them, begun last, would run alone."""
    items.sort(key=lambda item: "system" not in item.path.parts)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Run a PostgreSQL cluster of the tests' own."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """Name a database that is migrated, once a run, to be copied."""
    # Imported here, for tests that need no database must not wait for SQLAlchemy.
    from catalog_service import migrate

    postgres_cluster.create_database(POSTGRES_TEMPLATE)
    migrate.upgrade(postgres_cluster.url(POSTGRES_TEMPLATE))
    return POSTGRES_TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file that is migrated, once a run, to be copied."""
    from catalog_service import migrate

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """Return the URL of a fresh, migrated PostgreSQL database."""
    name = f"test_{next(_database_numbers)}"
    postgres_cluster.create_database(name, template=postgres_template)
    yield postgres_cluster.url(name)
    postgres_cluster.drop_database(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the URL of a fresh, migrated SQLite database."""
    path = tmp_path / "catalog.sqlite"
    # SQLite's own copy: the template's newest pages may lie in its write-ahead log.
    with closing(sqlite3.connect(sqlite_template)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh, migrated database: the test runs once on each kind."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return cast(str, request.getfixturevalue(fixture))
