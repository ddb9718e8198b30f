"""What several tests of security look at."""

from collections.abc import Iterator

import pytest

from catalog_service.database import open_database
from catalog_service.tables import Store
from librarian.client.librarian import Librarian
from librarian.supervisor.layout import DEFAULT_STORE
from tests.catalog_service.staging_rows import add_file, add_instance
from tests.system.site import Site

ENDLESS_BYTES = 32 << 30


@pytest.fixture(scope="session")
def endless_file(web_site: Site) -> str:
    """A file on record that is sparse, and longer to be copied than a test lasts."""
    path = web_site.layout.store / "slow" / "slow.endless.raw"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(ENDLESS_BYTES)
    database = open_database(web_site.database_url)
    with database.transactions.begin() as db:
        store = db.query(Store).filter(Store.name == DEFAULT_STORE).one()
        row = add_file(db, path.name, ENDLESS_BYTES, "blake3:" + "0" * 64)
        add_instance(db, row, store, "slow")
    database.dispose()
    return path.name


@pytest.fixture
def running_job(
    admin: Librarian, endless_file: str, request: pytest.FixtureRequest
) -> Iterator[int]:
    """A staging that is not over soon."""
    job = admin.stage_files(f"name:{endless_file}", f"slow/{request.node.name}")
    yield job.id
    job.cancel().wait(timeout_seconds=60)
