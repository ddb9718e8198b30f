"""A whole catalogue that the tests of a module share, on both databases."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.catalog_service.catalog_site import CatalogSite, catalog_site


@contextmanager
def _database_url(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    if request.param == "sqlite":
        template, path = request.getfixturevalue("sqlite_template"), directory / "catalog.sqlite"
        with closing(sqlite3.connect(template)) as old, closing(sqlite3.connect(path)) as new:
            old.backup(new)
        yield f"sqlite:///{path}"
        return
    cluster = request.getfixturevalue("postgres_cluster")
    name = f"shared_{directory.name}".replace("-", "_").lower()
    cluster.create_database(name, template=request.getfixturevalue("postgres_template"))
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CatalogSite]:
    """Serve a catalogue; each test of the module makes accounts of its own."""
    directory = tmp_path_factory.mktemp("shared")
    with _database_url(request, directory) as url, catalog_site(url, directory) as running:
        yield running
