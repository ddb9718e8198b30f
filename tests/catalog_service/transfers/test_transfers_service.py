"""The Transfers service: what people queue, see, cancel and queue anew."""

import threading
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from catalog_service import transfer_changes
from catalog_service.rpc import transfer_queueing
from catalog_service.standing_orders import remove_order
from catalog_service.tables import Agent, File, Instance, Librarian, StandingOrder, Transfer
from catalog_service.transfer_queue import CHUNK_FILES, queue_transfers
from librarian.errors import (
    InvalidRequestError,
    UnknownFileError,
    UnknownLibrarianError,
    UnknownStandingOrderError,
    UnknownTransferError,
)
from librarian.v1 import transfers_pb2 as pb
from tests.catalog_service.neighbour_rows import add_batch, add_order, add_transfer
from tests.catalog_service.staging_rows import NOW
from tests.catalog_service.transfers.conftest import SendingSite, put_files

NAMES = [f"zen.{number}.uvh5" for number in range(5)]


def put(site: SendingSite, *states: str, librarian: str = "centre", order: str = "") -> list[int]:
    """Put a transfer of a file of its own on record for each state; return their numbers."""
    with site.database.transactions.begin() as db:
        count = db.execute(select(func.count(File.id))).scalar_one()
        files = put_files(db, [f"made.{count + n}.uv" for n in range(len(states))])
        there = db.query(Librarian).filter_by(name=librarian).one()
        lane = db.query(StandingOrder).filter_by(name=order).one().id if order else 0
        rows = [
            add_transfer(db, file, there, state, lane=lane, order_name=order)
            for file, state in zip(files, states, strict=True)
        ]
        return [row.id for row in rows]


def put_order(site: SendingSite, name: str = "nightly") -> None:
    with site.database.transactions.begin() as db:
        add_order(db, db.query(Librarian).filter_by(name="centre").one(), name)


def states_of(site: SendingSite, ids: list[int]) -> list[str]:
    with site.database.readings.begin() as db:
        return [db.get_one(Transfer, number).state for number in ids]


def queue(
    site: SendingSite, search: str = "name:zen.%", account: str = "writer"
) -> list[pb.QueueTransfersResponse]:
    request = pb.QueueTransfersRequest(librarian_name="centre", search=search)
    return list(site.calls(account).QueueTransfers(request))


def test_what_a_search_finds_is_queued_once(site: SendingSite) -> None:
    with site.database.transactions.begin() as db:
        put_files(db, [*NAMES, "other.log"])
        db.query(File).filter_by(name=NAMES[0]).one().instance_count = 0
    first, again = queue(site)[-1], queue(site)[-1]
    assert (first.done, first.queued_count, first.queued_bytes) == (True, 4, 40)
    assert first.without_instance_count == 1
    assert (again.queued_count, again.active_count) == (0, 4)
    listed = site.calls().ListTransfers(pb.ListTransfersRequest()).transfers
    assert [t.file_name for t in listed] == NAMES[:0:-1]
    assert {(t.owner, t.priority, t.librarian_name) for t in listed} == {("writer", 10, "centre")}


def test_chunks_are_told_of_as_they_are_queued(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHUNK_FILES", "_SQLITE_CHUNK_FILES"):
        monkeypatch.setattr(transfer_queueing, name, 2)
    with site.database.transactions.begin() as db:
        put_files(db, NAMES)
    answers = queue(site)
    assert [(a.queued_count, a.done) for a in answers] == [
        (2, False),
        (4, False),
        (5, False),
        (5, True),
    ]


def test_no_transaction_queues_more_than_a_chunk(site: SendingSite) -> None:
    with site.database.transactions.begin() as db:
        row = {"type": "uvh5", "size_bytes": 1, "checksum": "blake3:00", "source": "telescope"}
        more = {"create_time": NOW, "instance_count": 1}
        names = [f"zen.{number}.uvh5" for number in range(CHUNK_FILES + 1)]
        db.execute(insert(File), [{"name": name, **row, **more} for name in names])
    counts = [0, *(answer.queued_count for answer in queue(site))]
    assert counts[-1] == CHUNK_FILES + 1
    assert max(later - before for before, later in pairwise(counts)) <= CHUNK_FILES


def test_what_was_queued_stays_when_the_call_breaks_off(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHUNK_FILES", "_SQLITE_CHUNK_FILES"):
        monkeypatch.setattr(transfer_queueing, name, 2)
    with site.database.transactions.begin() as db:
        put_files(db, NAMES)
    request = pb.QueueTransfersRequest(librarian_name="centre", search="name:zen.%")
    stream = site.calls().QueueTransfers(request)
    next(stream)
    stream.cancel()
    rest = queue(site)[-1]
    assert rest.queued_count + rest.active_count == 5
    assert rest.active_count >= 2


def test_what_cannot_be_queued_is_refused_in_a_sentence(site: SendingSite) -> None:
    calls = site.calls()
    with pytest.raises(UnknownLibrarianError, match="'nowhere'"):
        list(calls.QueueTransfers(pb.QueueTransfersRequest(librarian_name="nowhere", search="*")))
    with pytest.raises(InvalidRequestError, match="line 1"):
        queue(site, "nam:zen")
    with pytest.raises(InvalidRequestError, match="priority"):
        list(calls.QueueTransfers(pb.QueueTransfersRequest(librarian_name="centre", priority=101)))


def test_a_transfer_shows_its_batch(site: SendingSite) -> None:
    [number] = put(site, "SENDING")
    with site.database.transactions.begin() as db:
        row = db.get_one(Transfer, number)
        batch = add_batch(
            db,
            db.get_one(Librarian, row.librarian_id),
            db.query(Agent).filter_by(name="node1").one(),
            way="RSYNC",
            bytes_done=40,
        )
        row.batch_id, row.instance_id = batch.id, db.query(Instance).one().id
    shown = site.calls("reader").GetTransfer(pb.GetTransferRequest(id=number))
    assert (shown.way, shown.batch_bytes_done, shown.batch_bytes_total) == ("rsync", 40, 100)
    assert (shown.state, shown.store_name) == (pb.Transfer.SENDING, "pot1")


def test_a_number_that_no_transfer_has_is_refused(site: SendingSite) -> None:
    [number] = put(site, "QUEUED")
    calls = site.calls()
    for call in (
        lambda: calls.GetTransfer(pb.GetTransferRequest(id=99)),
        lambda: calls.CancelTransfers(pb.CancelTransfersRequest(ids=[number, 99])),
        lambda: calls.RetryTransfers(pb.RetryTransfersRequest(ids=[99])),
    ):
        with pytest.raises(UnknownTransferError, match="no transfer 99"):
            call()
    assert states_of(site, [number]) == ["QUEUED"]


def test_transfers_are_listed_by_neighbour_order_file_and_state(site: SendingSite) -> None:
    put_order(site)
    queued, failed = put(site, "QUEUED", "FAILED")
    [ordered] = put(site, "QUEUED", order="nightly")
    [elsewhere] = put(site, "FAILED", librarian="archive")

    def listed(**chosen: Any) -> list[int]:
        answer = site.calls("reader").ListTransfers(pb.ListTransfersRequest(**chosen))
        return [transfer.id for transfer in answer.transfers]

    assert listed() == [elsewhere, ordered, failed, queued]
    assert listed(librarian_name="archive") == [elsewhere]
    assert listed(order_name="nightly") == [ordered]
    assert listed(file_name="made.1.uv") == [failed]
    assert listed(states=[pb.Transfer.FAILED]) == [elsewhere, failed]
    assert listed(states=[pb.Transfer.FAILED, pb.Transfer.QUEUED], librarian_name="centre") == [
        ordered,
        failed,
        queued,
    ]
    assert listed(librarian_name="archive", order_name="nightly") == []
    with pytest.raises(UnknownLibrarianError):
        listed(librarian_name="nowhere")
    with pytest.raises(UnknownStandingOrderError):
        listed(order_name="weekly")
    with pytest.raises(UnknownFileError):
        listed(file_name="nothing")


def test_pages_stay_as_they_are_while_transfers_arrive(site: SendingSite) -> None:
    ids = put(site, *["QUEUED"] * 5)
    request = pb.ListTransfersRequest(page_size=2, states=[pb.Transfer.QUEUED])
    seen: list[int] = []
    while True:
        page = site.calls().ListTransfers(request)
        seen += [transfer.id for transfer in page.transfers]
        put(site, "QUEUED")
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == ids[::-1]


def test_cancelling_twice_is_cancelling_once(site: SendingSite) -> None:
    ids = put(site, "QUEUED", "SENDING", "CONFIRMED")
    request = pb.CancelTransfersRequest(ids=ids)
    first, again = (site.calls().CancelTransfers(request) for _ in range(2))
    assert (first.cancelled_count, first.ended_count) == (2, 1)
    assert (again.cancelled_count, again.ended_count) == (0, 3)
    assert states_of(site, ids) == ["CANCELLED", "CANCELLED", "CONFIRMED"]


def test_a_file_can_be_sent_anew_as_soon_as_its_transfer_is_cancelled(site: SendingSite) -> None:
    with site.database.transactions.begin() as db:
        put_files(db, NAMES)
    queue(site)
    site.calls().CancelTransfers(pb.CancelTransfersRequest(librarian_name="centre"))
    assert queue(site)[-1].queued_count == 5


def test_all_of_an_order_are_cancelled_and_no_others(site: SendingSite) -> None:
    put_order(site)
    ordered = put(site, "QUEUED", "SENT", "FAILED", order="nightly")
    others = put(site, "QUEUED")
    answer = site.calls().CancelTransfers(pb.CancelTransfersRequest(order_name="nightly"))
    assert answer.cancelled_count == 2
    assert states_of(site, ordered + others) == ["CANCELLED", "CANCELLED", "FAILED", "QUEUED"]
    with pytest.raises(InvalidRequestError, match="Say which"):
        site.calls().CancelTransfers(pb.CancelTransfersRequest())


def test_a_retry_is_a_transfer_of_its_own_in_the_same_lane(site: SendingSite) -> None:
    put_order(site)
    [failed] = put(site, "FAILED", order="nightly")
    declined, cancelled, confirmed = put(site, "DECLINED", "CANCELLED", "CONFIRMED")
    request = pb.RetryTransfersRequest(ids=[failed, declined, cancelled, confirmed])
    answer = site.calls("other_writer").RetryTransfers(request)
    assert (answer.queued_count, answer.left_count) == (3, 1)
    again = site.calls().RetryTransfers(request)
    assert (again.queued_count, again.left_count) == (0, 4)
    listed = site.calls().ListTransfers(pb.ListTransfersRequest(states=[pb.Transfer.QUEUED]))
    assert [t.order_name for t in listed.transfers] == ["", "", "nightly"]
    assert {t.owner for t in listed.transfers} == {"other_writer"}
    assert states_of(site, [failed, confirmed]) == ["FAILED", "CONFIRMED"]


def test_an_order_is_not_deleted_while_what_it_sent_is_retried(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_order(site)
    [failed] = put(site, "FAILED", order="nightly")

    def delete() -> None:
        with site.database.transactions.begin() as db:
            remove_order(db, "nightly")

    def queue_slowly(*arguments: Any, **options: Any) -> Any:
        deleting.start()
        # It would have been deleted by now, did nothing keep it.
        deleting.join(0.5)
        return queue_transfers(*arguments, **options)

    deleting = threading.Thread(target=delete)
    monkeypatch.setattr(transfer_changes, "queue_transfers", queue_slowly)
    assert site.calls().RetryTransfers(pb.RetryTransfersRequest(ids=[failed])).queued_count == 1
    deleting.join()
    with site.database.readings() as db:
        [row] = db.scalars(select(Transfer).where(Transfer.id > failed))
        # Deleting an order cancels what it queued, or lets it go on in the lane of people.
        assert row.state == "CANCELLED" or row.lane == 0


def test_a_retry_of_a_kind_takes_what_failed_and_was_not_queued_since(site: SendingSite) -> None:
    failed, cancelled, _ = put(site, "FAILED", "CANCELLED", "CONFIRMED")
    with site.database.transactions.begin() as db:
        # A person has cancelled what another retried: that stays so.
        [file] = put_files(db, ["given.up"])
        centre = db.query(Librarian).filter_by(name="centre").one()
        add_transfer(db, file, centre, "FAILED")
        add_transfer(db, file, centre, "CANCELLED")
    request = pb.RetryTransfersRequest(librarian_name="centre")
    assert site.calls().RetryTransfers(request).queued_count == 1
    assert site.calls().RetryTransfers(request).queued_count == 0
    listed = site.calls().ListTransfers(pb.ListTransfersRequest(states=[pb.Transfer.QUEUED]))
    assert [t.file_name for t in listed.transfers] == ["made.0.uv"]
    assert states_of(site, [failed, cancelled]) == ["FAILED", "CANCELLED"]
