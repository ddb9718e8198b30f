"""Sites that neighbours push to, for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog_service.incoming.incoming_site import IncomingSite, incoming_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[IncomingSite]:
    with incoming_site(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def still_site(database_url: str, tmp_path: Path) -> Iterator[IncomingSite]:
    """Give a site that completes nothing by itself."""
    with incoming_site(database_url, tmp_path, runs=False) as running:
        yield running


@pytest.fixture
def sqlite_site(sqlite_url: str, tmp_path: Path) -> Iterator[IncomingSite]:
    """Give such a site on SQLite: for what no database has a say in."""
    with incoming_site(sqlite_url, tmp_path, runs=False) as running:
        yield running
