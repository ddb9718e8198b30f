"""A site that takes files in, for each test that asks for one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from librarian.v1 import accounts_pb2, librarians_pb2_grpc
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite, catalog_site
from tests.catalog_service.ingest_site import STORE, IngestSite, ingest_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[IngestSite]:
    with ingest_site(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def root(site: IngestSite) -> Path:
    """Return the root of the site's store."""
    return site.agent.directory / "stores" / STORE


@pytest.fixture
def catalog(database_url: str, tmp_path: Path) -> Iterator[CatalogSite]:
    """Serve a whole catalogue, with accounts and rights."""
    with catalog_site(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def far(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogSite]:
    """Serve another site, at which this one has an account."""
    directory = tmp_path_factory.mktemp("far")
    path = directory / "catalog.sqlite"
    with closing(sqlite3.connect(sqlite_template)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    with catalog_site(f"sqlite:///{path}", directory) as running:
        running.add("here", accounts_pb2.READAPPEND, PASSWORD)
        yield running


@pytest.fixture
def near(catalog: CatalogSite) -> Any:
    """Return the Librarians service of a site, as its administrator."""
    return catalog.stub(librarians_pb2_grpc.LibrariansStub, catalog.admin_token)
