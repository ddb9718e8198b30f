"""What travels next: the right instance, at the right time, and nothing holds others back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from catalog_service import transfer_batches, transfer_picks
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.tables import (
    Agent,
    Instance,
    StandingOrder,
    Store,
)
from catalog_service.transfer_outcomes import Report
from tests.catalog_service.neighbour_rows import add_librarian, add_order, add_transfer
from tests.catalog_service.staging_rows import NOW
from tests.catalog_service.transfers.queues import (
    add_heard_store,
    change,
    claim,
    claimed,
    confirm_all,
    end,
    hold_of,
    ids_in,
    open_now,
    prepare,
    put_file,
    queue_files,
    queued,
    read_librarian,
    read_transfer,
    record,
)

HOUR = timedelta(hours=1)


def test_an_instance_without_a_problem_is_sent_when_there_is_one(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        other = add_heard_store(db, "pot2", db.get_one(Agent, store.agent_id))
        file = put_file(db, "zen.uv", [store, other])
        transfer_id = add_transfer(db, file, librarian).id
        bad, good = db.scalars(select(Instance.id).order_by(Instance.id))
    change(database, Instance, bad, problem="It has rotted.")
    hold = claimed(database)
    assert read_transfer(database, transfer_id).instance_id == good
    end(database, hold)
    change(database, Instance, good, available=False)
    claimed(database)
    assert read_transfer(database, transfer_id).instance_id == bad


def test_a_file_without_an_instance_waits_and_holds_nothing_back(database: Database) -> None:
    ids = queued(database, 3)
    with database.transactions.begin() as db:
        first = db.scalars(select(Instance).order_by(Instance.id).limit(1)).one()
        first.available = False
    assert ids_in(database, claimed(database)) == ids[1:]
    row = read_transfer(database, ids[0])
    assert (row.state, row.attempts, row.fault) == ("QUEUED", 1, "SOURCE")
    assert row.error == "No copy of the file that could be sent is available at this site."
    assert row.run_time > NOW


def test_a_batch_whose_instance_is_gone_meanwhile_leaves_that_file(database: Database) -> None:
    ids = queued(database, 2)
    hold = claimed(database)
    with database.transactions.begin() as db:
        first = db.scalars(select(Instance).order_by(Instance.id).limit(1)).one()
        first.available = False
    end(database, hold, handed_on=True)
    assert ids_in(database, claimed(database)) == ids[1:]
    assert read_transfer(database, ids[0]).batch_id is None


def test_a_batch_is_of_one_agent_and_the_other_agents_files_come_in_another(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        other = add_heard_store(db, "pot2")
        here = queue_files(db, librarian, store, 2, prefix="here")
        there = queue_files(db, librarian, other, 2, prefix="there")
        both = add_transfer(db, put_file(db, "both.uv", [other, store]), librarian).id
    assert ids_in(database, claimed(database)) == [*here, both]
    assert ids_in(database, claimed(database)) == there


def test_a_silent_agents_files_wait_without_that_being_an_attempt(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        silent = add_heard_store(db, "pot2")
        db.get_one(Agent, silent.agent_id).report_time = NOW
        waiting = queue_files(db, librarian, silent, 2, prefix="silent")
        heard = queue_files(db, librarian, store, 1)
    assert ids_in(database, claimed(database)) == heard
    assert claim(database) is None
    row = read_transfer(database, waiting[0])
    assert (row.state, row.attempts, row.fault) == ("QUEUED", 0, "SOURCE")
    assert row.run_time > NOW


def test_a_batch_has_at_most_so_many_bytes_but_at_least_one_file(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_BYTES", 25)
    with database.transactions.begin() as db:
        librarian, store = prepare(db, batches=16)
        small = queue_files(db, librarian, store, 3, prefix="small")
        [large] = queue_files(db, librarian, store, 1, prefix="large", size_bytes=1000)
    assert [ids_in(database, claimed(database)) for _ in range(3)] == [
        small[:2],
        [small[2]],
        [large],
    ]


def test_a_neighbour_has_so_many_batches_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    queued(database, 5, batches=3)
    holds = [claimed(database) for _ in range(3)]
    assert claim(database) is None
    confirm_all(database, holds[0])
    assert claim(database) is not None


def test_a_lane_with_a_limit_has_one_batch_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    with database.transactions.begin() as db:
        librarian, store = prepare(db, batches=8)
        order = add_order(db, librarian, bandwidth=1000)
        queue_files(db, librarian, store, 3, lane=order.id, order_name=order.name)
    first = claim(database)
    assert first is not None
    assert first.lane.bandwidth == 1000
    assert claim(database) is None
    confirm_all(database, hold_of(first))
    assert claim(database) is not None


def test_one_batch_tries_a_link_that_was_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    ids = queued(database, 3, link_state="OPEN", link_try_time=NOW, link_failures=1)
    hold = claimed(database)
    assert claim(database) is None
    # Bytes that came through say enough: the batch may take hours yet.
    record(database, hold, Report(ids[0], "SENT"))
    assert read_librarian(database).link_state == "CLOSED"
    assert claim(database) is not None


def test_nothing_starts_outside_of_an_orders_hours_nor_while_it_is_disabled(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        now = database_time(db)
        closed = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
        order = add_order(db, librarian, hours=closed)
        queue_files(db, librarian, store, 1, lane=order.id, order_name=order.name)
    assert claim(database) is None
    with database.readings.begin() as db:
        outlook = transfer_batches.look_for_work(db)
    assert outlook.librarian_ids == []
    assert outlook.next_time is not None
    assert timedelta(minutes=50) < outlook.next_time - now <= timedelta(hours=2)
    change(database, StandingOrder, order.id, hours="")
    hold = claimed(database)
    end(database, hold, handed_on=True)
    change(database, StandingOrder, order.id, enabled=False)
    assert claim(database) is None
    change(database, StandingOrder, order.id, enabled=True)
    assert claimed(database).batch_id == hold.batch_id


def test_a_neighbour_that_fails_holds_no_other_back(database: Database) -> None:
    with database.transactions.begin() as db:
        broken, store = prepare(db, link_state="OPEN", link_try_time=database_time(db) + HOUR)
        healthy = add_librarian(db, "archive")
        queue_files(db, broken, store, 1, prefix="a")
        queue_files(db, healthy, store, 1, prefix="b")
    with database.readings.begin() as db:
        assert transfer_batches.look_for_work(db).librarian_ids == [healthy.id]


def test_transfers_of_an_order_that_is_gone_go_on_in_the_lane_by_hand(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        order = add_order(db, librarian)
        ids = queue_files(db, librarian, store, 2, lane=order.id, order_name=order.name)
    hold = claimed(database)
    with database.transactions.begin() as db:
        db.delete(db.get_one(StandingOrder, order.id))
    record(database, hold, Report(ids[0], "FAILED", error="Broken.", fault="LINK"))
    end(database, hold)
    assert [read_transfer(database, i).lane for i in ids] == [0, 0]
    open_now(database, ids)
    assert ids_in(database, claimed(database)) == ids


def test_a_batch_of_an_agent_that_is_down_waits_in_nobodys_way(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db, batches=1)
        [waiting] = queue_files(db, librarian, store, 1)
    hold = claimed(database)
    record(database, hold, Report(waiting, "OFFERED", upload_id="a-0"))
    end(database, hold, handed_on=True)
    with database.transactions.begin() as db:
        agent_id = db.scalars(select(Agent.id)).one()
        [other] = queue_files(db, librarian, add_heard_store(db, "pot2"), 1, prefix="other")
    change(database, Agent, agent_id, report_time=NOW)
    second = claimed(database)
    assert ids_in(database, second) == [other]
    assert claim(database) is None
    confirm_all(database, second)
    assert claim(database) is None
    change(database, Agent, agent_id, report_time=NOW + 1_000_000 * HOUR)
    assert claimed(database).batch_id == hold.batch_id
    assert read_transfer(database, waiting).upload_id == "a-0"


def test_a_limited_lane_goes_on_beside_a_batch_whose_agent_is_down(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        order = add_order(db, librarian, "nights", bandwidth=1000)
        queue_files(db, librarian, store, 1, lane=order.id)
    hold = claimed(database)
    end(database, hold, handed_on=True)
    with database.transactions.begin() as db:
        agent_id = db.scalars(select(Agent.id)).one()
        store = add_heard_store(db, "pot2")
        [other] = queue_files(db, librarian, store, 1, prefix="other", lane=order.id)
    change(database, Agent, agent_id, report_time=NOW)
    assert ids_in(database, claimed(database)) == [other]


def test_a_copy_elsewhere_is_sent_when_the_agent_of_a_batch_is_down(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        file = put_file(db, "zen.uv", [store, add_heard_store(db, "pot2")])
        transfer_id = add_transfer(db, file, librarian).id
    hold = claimed(database)
    first_id = read_transfer(database, transfer_id).instance_id
    end(database, hold, handed_on=True)
    with database.transactions.begin() as db:
        agent_id = db.scalars(
            select(Store.agent_id)
            .join(Instance, Instance.store_id == Store.id)
            .where(Instance.id == first_id)
        ).one()
    change(database, Agent, agent_id, report_time=NOW)
    claimed(database)
    assert read_transfer(database, transfer_id).instance_id not in (None, first_id)


def test_files_of_agents_that_are_down_do_not_stay_in_front(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        silent = queue_files(db, librarian, store, 2, prefix="a")
        [heard] = queue_files(db, librarian, add_heard_store(db, "pot2"), 1, prefix="b")
        agent_id = store.agent_id
    change(database, Agent, agent_id, report_time=NOW)
    assert ids_in(database, claimed(database)) == [heard]
    assert all(read_transfer(database, one).run_time > NOW for one in silent)
