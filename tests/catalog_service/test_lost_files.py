"""What reconciliations find lost is sent again when a person says so."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from catalog_service import jobs, reconciliations
from catalog_service.database import Database
from catalog_service.reconciliations import (
    HeldFile,
    claim_reconciliation,
    compare_page,
    get_reconciliation,
)
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import File, Transfer
from tests.catalog_service.neighbour_rows import add_librarian, add_transfer
from tests.catalog_service.staging_rows import add_agent, add_file, add_instance, add_store, opened
from tests.catalog_service.test_reconciliations import WORKER, run, start


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def put_sent_files(database: Database, states: dict[str, str]) -> None:
    """Put files on record with a copy each, and the last transfer of each in a state."""
    with database.transactions.begin() as db:
        store = add_store(db, add_agent(db))
        librarian = add_librarian(db)
        for name, state in states.items():
            file = add_file(db, name)
            add_instance(db, file, store, "night")
            add_transfer(db, file, librarian, state)
            if state == "CONFIRMED":
                add_remote_instances(db, librarian.id, [file.id])


def queued_names(database: Database) -> list[str]:
    statement = select(File.name).join(Transfer, Transfer.file_id == File.id).order_by(File.name)
    with database.readings.begin() as db:
        return list(db.scalars(statement.where(Transfer.state == "QUEUED")))


def test_what_an_earlier_one_found_lost_is_queued_when_a_person_says_so(
    database: Database,
) -> None:
    put_sent_files(database, {"a": "CONFIRMED", "b": "CONFIRMED", "c": "CANCELLED", "d": "FAILED"})
    start(database)
    assert run(database, [HeldFile("b", "blake3:b", True)], 5).missing_count == 1
    assert queued_names(database) == []
    start(database, queue_missing=True)
    again = run(database, [HeldFile("b", "blake3:b", True)], 5)
    assert (again.missing_count, again.queued_count) == (0, 1)
    assert queued_names(database) == ["a"]


def test_one_that_is_told_to_queue_half_way_begins_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliations, "_PAGE_FILES", 2)
    put_sent_files(database, dict.fromkeys("abcd", "CONFIRMED"))
    start(database)
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(claimed[0].id, claimed[0].fence)
    with database.transactions.begin() as db:
        assert compare_page(db, claim, "", [], last=True).after_name == "b"
    start(database, queue_missing=True)
    after_name, done = "b", False
    while not done:
        with database.transactions.begin() as db:
            answer = compare_page(db, claim, after_name, [], last=True)
        after_name, done = answer.after_name, answer.done
    assert queued_names(database) == list("abcd")
    with database.readings.begin() as db:
        found = get_reconciliation(db, claim.job_id)
        assert (found.compared_count, found.queued_count) == (4, 4)


def test_one_that_is_told_to_queue_while_a_page_is_compared_begins_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliations, "_PAGE_FILES", 2)
    put_sent_files(database, dict.fromkeys("abcd", "CONFIRMED"))
    job_id = start(database)
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(job_id, claimed[0].fence)
    telling = threading.Thread(target=lambda: start(database, queue_missing=True))
    with database.transactions.begin() as db:
        compare_page(db, claim, "", [], last=True)
        telling.start()
        # It would have been told by now, did nothing keep it.
        telling.join(0.5)
    telling.join()
    with database.readings.begin() as db:
        found = get_reconciliation(db, job_id)
        assert (found.queue_missing, found.after_name, found.compared_count) == (True, "", 0)
