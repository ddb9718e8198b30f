"""Sites for the tests of this folder: one to share, and one that may be broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_cluster import PostgresCluster
from tests.system.site import Site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """Run a site of the test's own, on each database: it may be killed and broken."""
    with Site(tmp_path / "site", database_url) as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a site on SQLite for all tests that only add to it."""
    with Site(tmp_path_factory.mktemp("sqlite-site")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_site(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Run a site on PostgreSQL for all tests that only add to it."""
    postgres_cluster.create_database("shared_site")
    url = postgres_cluster.url("shared_site")
    with Site(tmp_path_factory.mktemp("postgres-site"), url) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_site(request: pytest.FixtureRequest) -> Site:
    """Return the shared site of each database: the test runs once on each."""
    name = "sqlite_site" if request.param == "sqlite" else "postgres_site"
    found: Site = request.getfixturevalue(name)
    return found
