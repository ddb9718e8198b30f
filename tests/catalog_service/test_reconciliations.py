"""Reconciliations: whatever is believed and whatever is there, belief is what is there after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog_service import jobs, reconciliations
from catalog_service.database import Database, open_database
from catalog_service.reconciliations import (
    HeldFile,
    claim_reconciliation,
    compare_page,
    due_librarians,
    get_reconciliation,
    start_reconciliation,
)
from catalog_service.remote_instances import add_remote_instances
from catalog_service.rpc.reconciliations import Reconciliations
from catalog_service.tables import (
    Base,
    File,
    Job,
    Librarian,
    Reconciliation,
    RemoteInstance,
)
from catalog_service.wakeups import Wakeups
from librarian.errors import InvalidRequestError
from librarian.v1 import transfer_records_pb2 as pb
from tests.catalog_service.staging_site import PlainSecrets

WORKER = "worker"
NAMES = [f"zen.{number:02d}" for number in range(12)]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


def add_librarian(db: Session, name: str = "archive") -> Librarian:
    now = datetime.now(UTC)
    librarian = Librarian(
        name=name, url="h:1", tls=False, account_name="a", secret=b"", create_time=now
    )
    db.add(librarian)
    db.flush()
    return librarian


def add_file(db: Session, name: str, checksum: str) -> int:
    file = File(
        name=name,
        type="uv",
        size_bytes=1,
        checksum=checksum,
        create_time=datetime.now(UTC),
        source="telescope",
    )
    db.add(file)
    db.flush()
    return file.id


def held_pages(held: list[HeldFile], after_name: str, size: int) -> tuple[list[HeldFile], bool]:
    rest = sorted((f for f in held if f.name > after_name), key=lambda f: f.name.encode())
    return rest[:size], len(rest) <= size


def run(database: Database, held: list[HeldFile], page_size: int) -> Reconciliation:
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(claimed[0].id, claimed[0].fence)
        after_name = claimed[1].after_name
    done = False
    while not done:
        page, last = held_pages(held, after_name, page_size)
        with database.transactions.begin() as db:
            answer = compare_page(db, claim, after_name, page, last=last)
        after_name, done = answer.after_name, answer.done
    with database.readings.begin() as db:
        assert jobs.get_job(db, claim.job_id).state == "SUCCEEDED"
        found = get_reconciliation(db, claim.job_id)
        db.expunge(found)
        return found


def believed(database: Database) -> set[str]:
    with database.readings.begin() as db:
        names = select(File.name).join(RemoteInstance, RemoteInstance.file_id == File.id)
        return set(db.scalars(names))


# What is on record here, and believed to be there; then what is there: contents, availability.
HERE = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from("xy"), st.booleans()), max_size=12
)
THERE = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from("xy"), st.booleans()), max_size=12
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(here=HERE, there=THERE, page_size=st.integers(1, 5), own_size=st.integers(1, 5))
def test_belief_is_what_is_there(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    here: dict[str, tuple[str, bool]],
    there: dict[str, tuple[str, bool]],
    page_size: int,
    own_size: int,
) -> None:
    monkeypatch.setattr(reconciliations, "_PAGE_FILES", own_size)
    with database.transactions.begin() as db:
        for table in reversed(Base.metadata.sorted_tables):
            db.execute(table.delete())
        librarian = add_librarian(db)
        for name, (contents, is_believed) in here.items():
            file_id = add_file(db, name, f"blake3:{contents}")
            if is_believed:
                add_remote_instances(db, librarian.id, [file_id])
        start_reconciliation(db, librarian, owner="operator", queue_missing=False)
    held = [HeldFile(name, f"blake3:{c}", available) for name, (c, available) in there.items()]
    found = run(database, held, page_size)

    same = {n for n, (c, available) in there.items() if n in here and here[n][0] == c and available}
    conflicting = {n for n in here if n in there and here[n][0] != there[n][0]}
    before = {name for name, (_, is_believed) in here.items() if is_believed}
    gone = {n for n in before - conflicting if n not in there or not there[n][1]}
    assert believed(database) == same | (before - gone - conflicting)
    assert found.missing_count == len(gone)
    assert found.found_count == len(same - before)
    assert found.conflicting_count == len(conflicting)
    assert found.foreign_count == len(set(there) - set(here))
    assert found.compared_count == len(here)
    with database.readings.begin() as db:
        librarian = db.scalars(select(Librarian)).one()
        assert librarian.remote_instance_count == len(believed(database))
        assert librarian.reconcile_time is not None


def start(database: Database, *, queue_missing: bool = False) -> int:
    with database.transactions.begin() as db:
        librarian = db.scalars(select(Librarian)).one_or_none() or add_librarian(db)
        job = start_reconciliation(db, librarian, owner="operator", queue_missing=queue_missing)
        return job.id


def test_one_that_is_at_it_is_returned_and_takes_the_wish_to_queue_along(
    database: Database,
) -> None:
    first = start(database)
    assert start(database, queue_missing=True) == first
    with database.readings.begin() as db:
        assert get_reconciliation(db, first).queue_missing


@pytest.mark.parametrize("name", ["a\0", "a" * 256])
def test_a_page_with_a_name_that_no_file_can_have_is_refused(database: Database, name: str) -> None:
    start(database)
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
    claim = jobs.Claim(claimed[0].id, claimed[0].fence)
    with pytest.raises(InvalidRequestError, match="name"), database.transactions.begin() as db:
        compare_page(db, claim, "", [HeldFile(name, "md5:1", available=True)], last=False)


def test_what_was_confirmed_while_a_page_was_on_its_way_is_not_missing(
    database: Database,
) -> None:
    start(database)
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(claimed[0].id, claimed[0].fence)
    with database.transactions.begin() as db:
        file_id = add_file(db, "zen.new", "blake3:x")
        add_remote_instances(db, db.scalars(select(Librarian.id)).one(), [file_id])
    with database.transactions.begin() as db:
        assert compare_page(db, claim, "", [], last=True).done
    assert believed(database) == {"zen.new"}


def test_a_page_that_comes_twice_counts_once(database: Database) -> None:
    start(database)
    held = [HeldFile("zen.foreign", "blake3:x", True)]
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(claimed[0].id, claimed[0].fence)
    for _ in range(2):
        with database.transactions.begin() as db:
            answer = compare_page(db, claim, "", held, last=False)
            assert (answer.after_name, answer.done) == ("zen.foreign", False)
    with database.readings.begin() as db:
        assert get_reconciliation(db, claim.job_id).foreign_count == 1


def test_the_late_worker_is_refused(database: Database) -> None:
    job_id = start(database)
    with database.transactions.begin() as db:
        late = claim_reconciliation(db, "late")
        assert late is not None
        claim = jobs.Claim(late[0].id, late[0].fence)
        db.execute(update(Job).values(lease_until=datetime.now(UTC) - timedelta(hours=1)))
    with database.transactions.begin() as db:
        assert claim_reconciliation(db, "next") is not None
    with pytest.raises(jobs.LostClaimError), database.transactions.begin() as db:
        compare_page(db, claim, "", [], last=True)
    with database.readings.begin() as db:
        assert jobs.get_job(db, job_id).state == "RUNNING"


def test_a_cancelled_one_ends_with_its_next_page(database: Database) -> None:
    job_id = start(database)
    with database.transactions.begin() as db:
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claim = jobs.Claim(claimed[0].id, claimed[0].fence)
        jobs.request_cancel(db, job_id, by="operator", is_administrator=False)
    with database.transactions.begin() as db:
        assert compare_page(db, claim, "", [], last=True).done
    with database.readings.begin() as db:
        assert jobs.get_job(db, job_id).state == "CANCELLED"
    assert start(database) != job_id


def test_it_is_due_when_the_last_one_is_long_ago(database: Database) -> None:
    day = timedelta(days=1)
    with database.transactions.begin() as db:
        librarian = add_librarian(db)
        assert due_librarians(db, day) == []
        librarian.create_time = datetime.now(UTC) - 2 * day
        db.flush()
        assert due_librarians(db, day) == [librarian]
        start_reconciliation(db, librarian, owner="(site)", queue_missing=False)
        assert due_librarians(db, day) == []


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"], ["Z"], [""]])
def test_a_page_that_is_not_in_order_is_refused_and_changes_nothing(
    database: Database, names: list[str]
) -> None:
    with database.transactions.begin() as db:
        librarian = add_librarian(db)
        add_remote_instances(db, librarian.id, [add_file(db, "a", "md5:1")])
        start_reconciliation(db, librarian, owner="me", queue_missing=False)
        claimed = claim_reconciliation(db, WORKER)
        assert claimed is not None
        claimed[1].after_name = "Z"
    claim = jobs.Claim(claimed[0].id, claimed[0].fence)
    held = [HeldFile(name, "md5:1", available=True) for name in names]
    with pytest.raises(InvalidRequestError, match="order"), database.transactions.begin() as db:
        compare_page(db, claim, "Z", held, last=False)
    with database.readings.begin() as db:
        assert db.scalars(select(RemoteInstance.file_id)).all() == [1]


def test_a_secret_that_cannot_be_read_fails_its_reconciliation_alone(database: Database) -> None:
    class Secrets(PlainSecrets):
        def decrypt(self, data: bytes) -> bytes:
            if data == b"lost":
                raise InvalidToken
            return super().decrypt(data)

    class Parts:
        secrets = Secrets()
        wakeups = Wakeups(database)

    parts: Any = Parts()
    parts.database = database
    with database.transactions.begin() as db:
        lost, good = add_librarian(db, "lost"), add_librarian(db, "good")
        lost.secret = b"lost"
        failing, other = (
            start_reconciliation(db, one, owner="me", queue_missing=False).id
            for one in (lost, good)
        )
    request = pb.ClaimReconciliationRequest(worker=WORKER)
    claimed = [Reconciliations(parts).claim(request).job_id for _ in range(2)]
    assert sorted(claimed) == [0, other]
    with database.readings.begin() as db:
        job = jobs.get_job(db, failing)
        assert job.state == "FAILED"
        assert "update-librarian" in job.error
