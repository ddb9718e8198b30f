"""A catalogue with two stores."""

from collections.abc import Iterator

import pytest

from catalog_service.database import Database
from tests.catalog_service.staging_rows import add_agent, add_store, opened


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        with database.transactions.begin() as db:
            agent = add_agent(db)
            add_store(db, agent, "pot1")
            add_store(db, agent, "pot2")
        yield database
