"""Queues of transfers, and workers that take them, as plain functions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog_service import transfer_batches, transfer_claims, transfer_outcomes
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.tables import Agent, File, Instance, Librarian, Store, Transfer, TransferBatch
from catalog_service.transfer_batches import BatchEnd, ClaimedBatch
from catalog_service.transfer_claims import Hold
from catalog_service.transfer_outcomes import Report
from tests.catalog_service.neighbour_rows import add_librarian, add_transfer
from tests.catalog_service.staging_rows import NOW, add_agent, add_store

MIB = 1024 * 1024
# On another host, so that nobody can tell whether it is gone.
WORKER = "far/1/1"
OTHER_WORKER = "farther/1/1"
# Leases run out when a test says so: a busy machine may take longer than they last at a site.
_LEASE_SECONDS = 3600.0


def add_heard_store(db: Session, name: str = "pot1", agent: Agent | None = None) -> Store:
    """Put a store on record whose agent is heard of."""
    soon = database_time(db) + timedelta(hours=3)
    owner = agent or add_agent(db, f"agent-of-{name}", report_time=soon)
    return add_store(db, owner, name, report_time=soon)


def put_file(db: Session, name: str, stores: Sequence[Store], size_bytes: int = 10) -> File:
    """Put a file on record with an instance on each store."""
    file = File(
        name=name,
        type="uv",
        size_bytes=size_bytes,
        checksum="blake3:00",
        create_time=NOW,
        source="telescope",
        instance_count=len(stores),
    )
    db.add(file)
    db.flush()
    for store in stores:
        db.add(
            Instance(
                file_id=file.id,
                store_id=store.id,
                parent_dirs="2458396",
                available=True,
                deletion_allowed=False,
                create_time=NOW,
            )
        )
    db.flush()
    return file


def queue_files(
    db: Session,
    librarian: Librarian,
    store: Store,
    count: int,
    *,
    prefix: str = "zen",
    size_bytes: int = 10,
    **changes: Any,
) -> list[int]:
    """Queue so many new files, and return their transfers."""
    files = [put_file(db, f"{prefix}.{n}.uv", [store], size_bytes) for n in range(count)]
    return [add_transfer(db, file, librarian, **changes).id for file in files]


def claim(database: Database, librarian_id: int = 1, worker: str = WORKER) -> ClaimedBatch | None:
    """Claim a batch in a transaction of its own."""
    with database.transactions.begin() as db:
        return transfer_batches.claim_batch(db, librarian_id, worker, _LEASE_SECONDS)


def claimed(database: Database, librarian_id: int = 1, worker: str = WORKER) -> Hold:
    """Claim a batch that must be there."""
    found = claim(database, librarian_id, worker)
    assert found is not None
    return hold_of(found)


def hold_of(found: ClaimedBatch) -> Hold:
    """Return the hold on a batch that was claimed."""
    return Hold(found.batch.id, found.batch.fence)


def record(database: Database, hold: Hold, *reports: Report, way: str = "") -> list[int]:
    """Record reports in a transaction of its own."""
    with database.transactions.begin() as db:
        return transfer_outcomes.record(db, hold, reports, way)


def end(database: Database, hold: Hold, **told: Any) -> None:
    """Give a batch back in a transaction of its own."""
    with database.transactions.begin() as db:
        transfer_batches.end_batch(db, hold, BatchEnd(**told))


def confirm_all(database: Database, hold: Hold) -> None:
    """Report all of a batch as confirmed, and give it back."""
    reports = [Report(i, "CONFIRMED", checksum="blake3:00") for i in ids_in(database, hold)]
    record(database, hold, *reports)
    end(database, hold)


def ids_in(database: Database, hold: Hold) -> list[int]:
    """Return the transfers of a batch."""
    with database.readings.begin() as db:
        statement = select(Transfer.id).where(Transfer.batch_id == hold.batch_id)
        return list(db.scalars(statement.order_by(Transfer.id)))


def read_transfer(database: Database, transfer_id: int) -> Transfer:
    """Return a transfer."""
    with database.readings.begin() as db:
        return db.get_one(Transfer, transfer_id)


def read_librarian(database: Database, librarian_id: int = 1) -> Librarian:
    """Return a neighbour."""
    with database.readings.begin() as db:
        return db.get_one(Librarian, librarian_id)


def change(database: Database, table: Any, key: Any, **values: Any) -> None:
    """Change a row behind everybody's back."""
    with database.transactions.begin() as db:
        db.execute(update(table).where(table.id == key).values(**values))


def expire_lease(database: Database, hold: Hold) -> None:
    """Let the lease of a batch have run out."""
    with database.transactions.begin() as db:
        past = database_time(db) - timedelta(seconds=1)
        batch = db.get_one(TransferBatch, hold.batch_id)
        batch.lease_until = past


def open_now(database: Database, transfer_ids: Sequence[int]) -> None:
    """Let transfers have waited long enough after a failure."""
    with database.transactions.begin() as db:
        changed = update(Transfer).where(Transfer.id.in_(transfer_ids))
        db.execute(changed.values(run_time=NOW))


def prepare(db: Session, **changes: Any) -> tuple[Librarian, Store]:
    """Put a neighbour and a store on record."""
    return add_librarian(db, **changes), add_heard_store(db)


def queued(database: Database, count: int, **changes: Any) -> list[int]:
    """Queue so many files to a new neighbour, and return their transfers."""
    with database.transactions.begin() as db:
        librarian, store = prepare(db, **changes)
        return queue_files(db, librarian, store, count)


def renew(database: Database, hold: Hold, done: int = 0) -> transfer_claims.Renewal:
    """Renew a lease in a transaction of its own."""
    with database.transactions.begin() as db:
        return transfer_claims.renew(db, hold, done)
