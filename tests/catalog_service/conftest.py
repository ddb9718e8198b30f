"""A site that takes files in, for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog_service.catalog_site import CatalogSite, catalog_site
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
