"""The service of the transfer services: work is waited for without load, and comes with records."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import event

from catalog_service.agents.calls import AgentCalls
from catalog_service.clock import database_time
from catalog_service.config import CatalogConfig
from catalog_service.database import Database
from catalog_service.rpc.transfer_records import TransferRecordsServicer
from catalog_service.tables import Librarian, Observation, ObservingSession, Store, TransferBatch
from catalog_service.transfer_changes import cancel_transfers
from catalog_service.wakeups import TRANSFERS, Wakeups
from librarian.client.channel import Connection
from librarian.errors import BusyError, InvalidRequestError
from librarian.service.calls import Caller
from librarian.service.server import serve
from librarian.service.tickets import Ticket, read_ticket
from librarian.v1 import librarians_pb2, transfer_records_pb2_grpc, transfers_pb2
from librarian.v1 import transfer_records_pb2 as pb
from tests.catalog_service.neighbour_rows import add_librarian, add_order, add_transfer
from tests.catalog_service.staging_rows import NOW, SITE_ID
from tests.catalog_service.staging_site import PlainSecrets
from tests.catalog_service.transfers.queues import (
    WORKER,
    add_heard_store,
    put_file,
    queue_files,
    read_librarian,
    read_transfer,
)
from tests.polling import wait_until

State = transfers_pb2.Transfer


@dataclass(frozen=True)
class Parts:
    """What of a catalogue the service takes."""

    config: CatalogConfig
    database: Database
    secrets: Any
    agents: AgentCalls
    wakeups: Wakeups


@dataclass(frozen=True)
class Records:
    """A catalogue that serves transfer services, one of which calls it."""

    parts: Parts
    calls: Any

    def claim(self, wait_seconds: float = 0.0, worker: str = WORKER) -> pb.ClaimBatchResponse:
        """Ask for a batch."""
        request = pb.ClaimBatchRequest(worker=worker, wait_seconds=wait_seconds)
        answer = self.calls.ClaimBatch(request, timeout=100)
        assert isinstance(answer, pb.ClaimBatchResponse)
        return answer

    def report(self, batch: pb.ClaimBatchResponse, *reports: pb.TransferReport) -> list[int]:
        """Report transfers of a batch."""
        request = pb.RecordTransfersRequest(
            batch_id=batch.batch_id, fence=batch.fence, reports=reports, way="rsync"
        )
        return list(self.calls.RecordTransfers(request).cancelled_ids)

    def end(self, batch: pb.ClaimBatchResponse, **told: Any) -> None:
        """Give a batch back."""
        request = pb.EndBatchRequest(batch_id=batch.batch_id, fence=batch.fence, **told)
        self.calls.EndBatch(request)

    def queue(self, count: int = 1, prefix: str = "zen") -> list[int]:
        """Queue files to the first neighbour, and tell of it."""
        with self.parts.database.transactions.begin() as db:
            librarian, store = db.get_one(Librarian, 1), db.get_one(Store, 1)
            ids = queue_files(db, librarian, store, count, prefix=prefix)
            self.parts.wakeups.notify(db, TRANSFERS)
        return ids


class SomeSecrets(PlainSecrets):
    """Keys of which one is lost."""

    def decrypt(self, data: bytes) -> bytes:
        """Return the bytes as they are, but for those of the lost key."""
        if data == b"lost":
            raise InvalidToken
        return super().decrypt(data)


@contextmanager
def serving(database: Database, threads: int = 16) -> Iterator[Records]:
    with database.transactions.begin() as db:
        add_librarian(db, secret=b"lib_secret", site_id="there")
        add_heard_store(db)
    paths = {"database_url": "sqlite:///-", "secret_key_file": "-"}
    config = CatalogConfig.model_validate({"listen": "127.0.0.1:0", "threads": threads, **paths})
    parts = Parts(config, database, SomeSecrets(), AgentCalls(SomeSecrets()), Wakeups(database))

    def add(server: Any) -> list[str]:
        servicer = TransferRecordsServicer(parts)
        transfer_records_pb2_grpc.add_TransferRecordsServicer_to_server(servicer, server)
        return []

    server = serve(config, add_servicers=add, authenticate=lambda _m, _t: Caller("transfer", 0))
    connection = Connection(server.address, token="any")
    try:
        yield Records(parts, connection.stub(transfer_records_pb2_grpc.TransferRecordsStub))
    finally:
        connection.close()
        parts.wakeups.close()
        server.stop(0)
        parts.agents.close()


@pytest.fixture
def records(database: Database) -> Iterator[Records]:
    with serving(database) as records:
        yield records


@contextmanager
def waiting(ask: Callable[[], Any]) -> Iterator[Any]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(ask)


def is_listened_to(records: Records) -> bool:
    return TRANSFERS in records.parts.wakeups._subscriptions


def test_a_batch_comes_with_all_that_travels(records: Records, database: Database) -> None:
    with database.transactions.begin() as db:
        db.add(ObservingSession(id=1457000000, start_time_jd=2457450.5, stop_time_jd=2457451.5))
        db.flush()
        facts = {"start_time_jd": 2457450.6, "stop_time_jd": 2457450.7, "start_lst_hr": 3.25}
        db.add(Observation(obsid=1457000001, session_id=1457000000, **facts))
        db.flush()
        file = put_file(db, "zen.uv", [db.get_one(Store, 1)], 77)
        file.obsid, file.custom = 1457000001, {"grade": 3, "colour": "red"}
        key = add_transfer(db, file, db.get_one(Librarian, 1)).id
    batch = records.claim()
    assert (len(batch.batch_id), batch.fence, batch.lease_seconds) == (32, 1, 30.0)
    assert (batch.site_id, batch.site_name) == (SITE_ID, "here")
    assert (batch.neighbour.name, batch.neighbour.secret) == ("centre", "lib_secret")
    assert batch.neighbour.site_id == "there"
    assert batch.agent_address == "127.0.0.1:1"
    assert read_ticket(b"key", batch.agent_ticket) == Ticket("push", batch.batch_id)
    [item] = batch.transfers
    assert (item.transfer_id, item.state) == (key, State.QUEUED)
    assert (item.file.name, item.file.size_bytes, item.file.obsid) == ("zen.uv", 77, 1457000001)
    assert item.file.metadata["grade"].number == 3
    assert item.file.metadata["colour"].text == "red"
    assert item.observation.start_lst_hr == 3.25
    assert item.observing_session.id == 1457000000
    assert (item.store_name, item.parent_dirs) == ("pot1", "2458396")


def test_a_batch_goes_its_way_over_the_wire(records: Records, database: Database) -> None:
    first, second = records.queue(2)
    batch = records.claim()
    offered = pb.TransferReport(transfer_id=first, state=State.OFFERED, upload_id="b-1")
    assert records.report(batch, offered) == []
    with database.transactions.begin() as db:
        cancel_transfers(db, [second])
    request = pb.RenewBatchLeaseRequest(batch_id=batch.batch_id, fence=batch.fence, bytes_done=5)
    renewed = records.calls.RenewBatchLease(request)
    assert (list(renewed.cancelled_ids), renewed.stop) == ([second], False)
    assert read_ticket(b"key", renewed.agent_ticket) == Ticket("push", batch.batch_id)
    confirmed = pb.TransferReport(transfer_id=first, state=State.CONFIRMED, checksum="blake3:00")
    records.report(batch, confirmed)
    records.end(batch, site_id="there", sent_bytes=10, sending_seconds=1.0)
    assert read_transfer(database, first).state == "CONFIRMED"
    assert read_librarian(database).link_success_time is not None
    assert records.claim().batch_id == ""


def test_a_cause_reaches_the_breaker_and_a_late_worker_is_refused(
    records: Records, database: Database
) -> None:
    records.queue()
    batch = records.claim()
    records.end(batch, cause=librarians_pb2.Link.FULL, error="No room there.")
    # A repeat, after a lost answer, counts nothing more.
    records.end(batch, cause=librarians_pb2.Link.FULL, error="No room there.")
    found = read_librarian(database)
    assert (found.link_state, found.link_cause, found.link_failures) == ("OPEN", "FULL", 1)
    with pytest.raises(BusyError):
        records.report(batch)
    with pytest.raises(BusyError):
        records.calls.RenewBatchLease(pb.RenewBatchLeaseRequest(batch_id="no", fence=1))


@pytest.mark.parametrize("worker", ["", "host", "host/pid/1", "a/1/2/3", "a" * 99 + "/1/1"])
def test_a_worker_says_who_it_is(records: Records, worker: str) -> None:
    with pytest.raises(InvalidRequestError):
        records.claim(worker=worker)


def test_who_waits_gets_a_new_transfer_at_once(records: Records) -> None:
    with waiting(lambda: records.claim(20.0)) as answer:
        wait_until(lambda: is_listened_to(records), what="the worker to wait")
        started = time.monotonic()
        [key] = records.queue()
        assert [item.transfer_id for item in answer.result(60).transfers] == [key]
        assert time.monotonic() - started < 15.0


def test_who_waits_wakes_when_something_may_start_by_itself(
    records: Records, database: Database
) -> None:
    with database.transactions.begin() as db:
        soon = database_time(db) + timedelta(seconds=1)
        db.get_one(Librarian, 1).link_state = "OPEN"
        db.get_one(Librarian, 1).link_try_time = soon
    records.queue()
    batch = records.claim(20.0)
    assert batch.batch_id
    assert timedelta(0) <= datetime.now(UTC) - soon < timedelta(seconds=15)


def test_waits_leave_threads_for_other_calls(database: Database) -> None:
    with serving(database, threads=4) as records, ThreadPoolExecutor(3) as pool:
        first = pool.submit(records.claim, 20.0)
        wait_until(lambda: is_listened_to(records), what="the first to wait")
        others = [pool.submit(records.claim, 20.0) for _ in range(2)]
        assert [other.result(60).batch_id for other in others] == ["", ""]
        records.queue()
        assert first.result(60).batch_id


def test_a_disabled_neighbour_costs_no_queries_in_a_loop(
    records: Records, database: Database
) -> None:
    with database.transactions.begin() as db:
        librarian = db.get_one(Librarian, 1)
        librarian.transfers_enabled = False
        other = add_librarian(db, "archive", link_state="OPEN", link_try_time=later(db))
        order = add_order(db, other)
        queue_files(db, librarian, db.get_one(Store, 1), 20, prefix="a")
        queue_files(db, other, db.get_one(Store, 1), 20, prefix="b", lane=order.id)
    statements: list[str] = []
    counting = threading.Event()
    for engine in {maker.kw["bind"] for maker in (database.transactions, database.readings)}:

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if counting.is_set():
                statements.append(statement)

    counting.set()
    assert records.claim(2.0).batch_id == ""
    counting.clear()
    assert not [s for s in statements if "FROM transfer " in s]
    # A look at the beginning and one at the end, perhaps one when the listener begins to listen:
    # of three statements each.
    assert 0 < len(statements) <= 12


def later(db: Any) -> datetime:
    return database_time(db) + timedelta(hours=1)


def test_a_batch_that_is_taken_over_comes_whole(records: Records, database: Database) -> None:
    records.queue(3)
    batch = records.claim()
    with database.transactions.begin() as db:
        db.get_one(TransferBatch, batch.batch_id).lease_until = NOW
    again = records.claim(worker="other/1/1")
    assert (again.batch_id, again.fence) == (batch.batch_id, 2)
    assert [item.state for item in again.transfers] == [State.QUEUED] * 3


def test_a_secret_that_cannot_be_read_holds_only_its_neighbour_back(
    records: Records, database: Database
) -> None:
    with database.transactions.begin() as db:
        lost = add_librarian(db, "archive", secret=b"lost")
        queue_files(db, lost, db.get_one(Store, 1), 1, prefix="lost")
    assert records.claim().batch_id == ""
    found = read_librarian(database, lost.id)
    assert (found.link_state, found.link_cause) == ("OPEN", "REFUSED")
    assert "update-librarian" in found.link_error
    [key] = records.queue()
    assert [item.transfer_id for item in records.claim().transfers] == [key]
