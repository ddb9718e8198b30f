"""Queueing: once a file and neighbour, and nothing that is there or not here."""

import threading
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.tables import File, Librarian, Transfer
from catalog_service.transfer_queue import Queued, queue_transfers
from tests.catalog_service.neighbour_rows import (
    add_librarian,
    add_remote_instance,
    add_transfer,
)
from tests.catalog_service.staging_rows import add_agent, add_file, add_instance, add_store


def add_files(db: Session, count: int) -> list[File]:
    """Put files with an instance each on record."""
    store = add_store(db, add_agent(db))
    files = [add_file(db, f"zen.{number}.uvh5", size_bytes=10) for number in range(count)]
    for file in files:
        add_instance(db, file, store)
    db.flush()
    return files


def queue(db: Session, librarian: Librarian, ids: Any, **options: Any) -> Queued:
    return queue_transfers(db, librarian, ids, **{"owner": "admin", "priority": 10, **options})


def test_each_file_is_queued_once_however_often_it_is_asked_for(db: Session) -> None:
    files, there = add_files(db, 3), add_librarian(db)
    assert queue(db, there, [f.id for f in files]) == Queued(3, 30)
    assert queue(db, there, [f.id for f in files]) == Queued(active_count=3)
    rows = db.execute(select(Transfer.claimed_file_id, Transfer.state, Transfer.attempts)).all()
    assert sorted(map(tuple, rows)) == [(f.id, "QUEUED", 0) for f in files]


def test_what_is_there_or_has_no_instance_is_counted_and_left(db: Session) -> None:
    files, there = add_files(db, 3), add_librarian(db)
    add_remote_instance(db, files[0], there)
    files[1].instance_count = 0
    db.flush()
    ids = select(File.id).where(File.name.like("zen.%"))
    assert queue(db, there, ids) == Queued(1, 10, there_count=1, without_instance_count=1)


def test_another_neighbour_is_another_matter(db: Session) -> None:
    files, there, archive = add_files(db, 1), add_librarian(db), add_librarian(db, "archive")
    add_remote_instance(db, files[0], there)
    add_transfer(db, files[0], there, "FAILED")
    assert queue(db, archive, [files[0].id], skip_known=True).queued_count == 1


def test_an_order_leaves_what_has_ended_to_a_person(db: Session) -> None:
    states = ["CONFIRMED", "FAILED", "CANCELLED", "DECLINED"]
    files, there = add_files(db, len(states)), add_librarian(db)
    for file, state in zip(files, states, strict=True):
        add_transfer(db, file, there, state)
    ids = [file.id for file in files]
    assert queue(db, there, ids, skip_known=True) == Queued(known_count=4)
    assert queue(db, there, ids) == Queued(4, 40)


def test_files_equal_in_bytes_under_two_names_get_a_transfer_each(db: Session) -> None:
    one, other = add_files(db, 2)
    assert one.checksum == other.checksum
    queue(db, add_librarian(db), [one.id, other.id])
    assert set(db.scalars(select(Transfer.file_id))) == {one.id, other.id}


def test_a_transfer_says_who_queued_it_and_for_which_order(db: Session) -> None:
    files, there = add_files(db, 1), add_librarian(db)
    queue(db, there, [files[0].id], owner="ada", priority=50, lane=7, order_name="nightly")
    row = db.scalars(select(Transfer)).one()
    told = (row.owner, row.priority, row.lane, row.order_name, row.size_bytes, row.librarian_id)
    assert told == ("ada", 50, 7, "nightly", 10, there.id)


def test_two_at_once_queue_each_file_once(database: Database) -> None:
    with database.transactions.begin() as db:
        ids, there = [f.id for f in add_files(db, 200)], add_librarian(db)
    counts: list[Queued] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        counts.append(run_transaction(database.transactions, lambda db: queue(db, there, ids)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(count.queued_count for count in counts) == 200
    assert sum(count.active_count for count in counts) == 600
    with database.readings.begin() as db:
        assert db.execute(select(func.count(Transfer.id))).scalar_one() == 200


def test_the_numbers_of_what_was_queued_span_all_chunks() -> None:
    chunks = [
        Queued(),
        Queued(2, first_id=5, last_id=9),
        Queued(),
        Queued(1, first_id=12, last_id=12),
    ]
    total = sum(chunks, Queued())
    assert (total.queued_count, total.first_id, total.last_id) == (3, 5, 12)
