"""What callers hear while the database is away or overloaded: that it is not their fault."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text, true

from catalog_service.database import open_database
from catalog_service.retrying import run_transaction
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import Compiled
from catalog_service.search.pages import count_matches, read_pages
from librarian.errors import BusyError, NotReachableError
from librarian.v1 import uploads_pb2
from tests.catalog_service.ingest_site import IngestSite, ingest_site

CALLS: dict[str, Callable[[IngestSite], Any]] = {
    "GetFile": lambda site: site.get_file("zen.log"),
    "ListFileEvents": lambda site: site.list_events("zen.log"),
    "ListInstances": lambda site: site.list_instances("zen.log"),
    "OpenFile": lambda site: site.open_file("zen.log"),
    "RegisterInstances": lambda site: site.register(["zen.log"]),
    "GetObservation": lambda site: site.get_observation(1),
    "GetUpload": lambda site: site.uploads.GetUpload(uploads_pb2.GetUploadRequest(id="a-0")),
    "RenewUploads": lambda site: site.uploads.RenewUploads(
        uploads_pb2.RenewUploadsRequest(ids=["a-0"])
    ),
    "CancelUpload": lambda site: site.uploads.CancelUpload(
        uploads_pb2.CancelUploadRequest(id="a-0")
    ),
    "search": lambda site: list(read_pages(site.parts.database, Compiled(ItemKind.FILES, true()))),
    "count": lambda site: count_matches(site.parts.database, Compiled(ItemKind.FILES, true())),
}


@pytest.fixture(scope="module")
def orphan(
    postgres_cluster: Any, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IngestSite]:
    """Run a site whose database lets no one in any more."""
    postgres_cluster.create_database("away", template=postgres_template)
    with ingest_site(postgres_cluster.url("away"), tmp_path_factory.mktemp("orphan")) as site:
        _shut(postgres_cluster.url("postgres"))
        yield site
    postgres_cluster.drop_database("away")


@pytest.mark.parametrize("call", CALLS)
def test_a_database_that_is_away_is_told_as_such(orphan: IngestSite, call: str) -> None:
    with pytest.raises(NotReachableError, match="database does not answer"):
        CALLS[call](orphan)


def test_who_waits_in_vain_for_a_connection_may_try_again(database_url: str) -> None:
    database = open_database(database_url, pool_size=1)
    pool: Any = database.engine.pool
    pool._timeout = 0.1
    held = [database.engine.raw_connection() for _ in range(2)]
    with pytest.raises(BusyError, match="Too many calls"):
        run_transaction(database.transactions, lambda db: db.execute(text("SELECT 1")))
    for connection in held:
        connection.close()
    database.dispose()


def _shut(admin_url: str) -> None:
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("ALTER DATABASE away ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'")
        )
    admin.dispose()
