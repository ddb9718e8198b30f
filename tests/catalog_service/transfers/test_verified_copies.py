"""What reading a copy found stands, whatever becomes of transfers that had read it before."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from catalog_service.database import Database
from catalog_service.tables import Instance
from catalog_service.transfer_outcomes import Report
from catalog_service.verification import available_instances, record_verification
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.transfers.queues import claimed, queued, record

BAD = "Its checksum differs."


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def verify(database: Database, problem: str) -> None:
    """Write down what reading the copies of the one file found."""
    with database.transactions.begin() as db:
        copy = db.scalars(select(Instance)).one()
        file, located = available_instances(db, copy.file_name)
        record_verification(db, file, located, {copy.id: problem})


def problem(database: Database) -> str:
    with database.readings.begin() as db:
        return db.scalars(select(Instance.problem)).one()


def test_a_copy_that_was_found_bad_after_it_was_sent_stays_suspect(database: Database) -> None:
    [key] = queued(database, 1)
    hold = claimed(database)
    record(database, hold, Report(key, "SENDING"), Report(key, "SENT"))
    verify(database, BAD)
    # The neighbour tells it late, of bytes that were good then.
    record(database, hold, Report(key, "CONFIRMED", checksum="blake3:00"))
    assert problem(database) == BAD
    verify(database, "")
    assert problem(database) == ""


def test_a_copy_that_was_sent_after_it_was_found_bad_is_good(database: Database) -> None:
    [key] = queued(database, 1)
    verify(database, BAD)
    hold = claimed(database)
    record(database, hold, Report(key, "SENDING"), Report(key, "SENT"))
    record(database, hold, Report(key, "CONFIRMED", checksum="blake3:00"))
    assert problem(database) == ""
