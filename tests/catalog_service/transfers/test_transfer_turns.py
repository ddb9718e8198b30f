"""Whose turn it is when batches failed: what one agent cannot send holds no other's files back."""

import pytest
from sqlalchemy import func, select

from catalog_service import transfer_picks
from catalog_service.agents.calls import AgentCalls
from catalog_service.database import Database
from catalog_service.rpc.transfer_record_messages import claimed_message
from catalog_service.tables import Agent, File, Instance, Librarian, Store, TransferBatch
from catalog_service.transfer_batches import ClaimedBatch
from catalog_service.transfer_outcomes import Report
from tests.catalog_service.neighbour_rows import add_order, add_transfer
from tests.catalog_service.staging_rows import NOW
from tests.catalog_service.staging_site import PlainSecrets
from tests.catalog_service.transfers.queues import (
    add_heard_store,
    change,
    claim,
    claimed,
    confirm_all,
    end,
    hold_of,
    ids_in,
    prepare,
    put_file,
    queue_files,
    read_librarian,
    read_transfer,
    record,
)

WRONG = "The agent has no key for SSH."


def fail(database: Database, found: ClaimedBatch | None, cause: str = "MISCONFIGURED") -> None:
    assert found is not None
    end(database, hold_of(found), cause=cause, error=WRONG, site_id="s")


def claim_when_tried(database: Database) -> ClaimedBatch:
    change(database, Librarian, 1, link_try_time=NOW)
    found = claim(database)
    assert found is not None
    return found


def count_batches(database: Database) -> int:
    with database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(TransferBatch)).scalar_one()


@pytest.mark.parametrize("limit", [0, 1000])
def test_an_agent_that_cannot_send_does_not_starve_the_files_of_another(
    database: Database, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 2)
    with database.transactions.begin() as db:
        librarian, bad = prepare(db, batches=1)
        lane = add_order(db, librarian, bandwidth=limit).id
        queue_files(db, librarian, bad, 7, prefix="bad", lane=lane)
        good = add_heard_store(db, "pot2")
        good_ids = queue_files(db, librarian, good, 4, prefix="good", lane=lane)
        good_agent = good.agent_id
    for _ in range(3):
        fail(database, claim(database))
    for _ in range(12):
        found = claim_when_tried(database)
        if found.agent.id == good_agent:
            confirm_all(database, hold_of(found))
        else:
            fail(database, found)
    assert {read_transfer(database, key).state for key in good_ids} == {"CONFIRMED"}


@pytest.mark.parametrize("cause", ["UNREACHABLE", "REFUSED"])
def test_a_neighbour_that_is_away_does_not_pile_batches_up(database: Database, cause: str) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        for number in range(3):
            queue_files(db, librarian, add_heard_store(db, f"s{number}"), 2, prefix=f"n{number}")
        queue_files(db, librarian, store, 2)
    for _ in range(16):
        fail(database, claim_when_tried(database), cause)
    # No more than one an agent.
    assert count_batches(database) <= 4
    assert read_librarian(database).link_state == "OPEN"


def test_a_copy_that_another_agent_has_is_tried_too(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, bad = prepare(db)
        other = add_heard_store(db, "pot2")
        [first] = queue_files(db, librarian, bad, 1)
        file = put_file(db, "both.uv", [bad, other])
    hold = claimed(database)
    assert ids_in(database, hold) == [first]
    end(database, hold, cause="REFUSED", error=WRONG, site_id="s")
    with database.transactions.begin() as db:
        again = db.get_one(Librarian, librarian.id)
        second = add_transfer(db, db.get_one(File, file.id), again).id
    found = claim_when_tried(database)
    assert ids_in(database, hold_of(found)) == [second]
    assert found.agent.name == "agent-of-pot2"


def test_batches_that_wait_for_a_worker_take_turns(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        queue_files(db, librarian, store, 1, prefix="a")
        queue_files(db, librarian, add_heard_store(db, "pot2"), 1, prefix="b")
    first, second = claimed(database), claimed(database)
    end(database, first, handed_on=True)
    end(database, second, handed_on=True)
    taken = []
    for _ in range(4):
        hold = claimed(database)
        taken.append(hold.batch_id)
        end(database, hold, handed_on=True)
    assert taken == [first.batch_id, second.batch_id] * 2


def test_of_a_limited_lane_one_batch_goes_on_at_a_time(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        lane = add_order(db, librarian, bandwidth=1000).id
        queue_files(db, librarian, store, 1, prefix="a", lane=lane)
        queue_files(db, librarian, add_heard_store(db, "pot2"), 1, prefix="b", lane=lane)
        agent_id, heard = store.agent_id, store.report_time
    first = claimed(database)
    assert claim(database) is None
    end(database, first, handed_on=True)
    # While its agent is down, the other's files go; then it is back.
    change(database, Agent, agent_id, report_time=NOW)
    change(database, Store, 1, report_time=NOW)
    second = claimed(database)
    assert second.batch_id != first.batch_id
    change(database, Agent, agent_id, report_time=heard)
    change(database, Store, 1, report_time=heard)
    assert claim(database) is None
    confirm_all(database, second)
    assert claimed(database).batch_id == first.batch_id


def test_batches_offered_by_an_account_that_is_changed_come_anew_by_the_other(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        queue_files(db, librarian, store, 1, prefix="a")
        queue_files(db, librarian, add_heard_store(db, "pot2"), 1, prefix="b")
    free, held = claimed(database), claimed(database)
    ids = {key: ids_in(database, hold) for key, hold in (("free", free), ("held", held))}
    for hold in (free, held):
        record(database, hold, Report(ids_in(database, hold)[0], "OFFERED", upload_id="u-1"))
    end(database, free, handed_on=True)
    change(database, Librarian, 1, account_name="other")
    anew = claimed(database)
    assert (ids_in(database, anew), anew.batch_id != free.batch_id) == (ids["free"], True)
    assert read_transfer(database, ids["free"][0]).upload_id == ""
    end(database, held, cause="UNREACHABLE", error="The neighbour knows the batch of another.")
    anew = claimed(database)
    assert (ids_in(database, anew), anew.batch_id != held.batch_id) == (ids["held"], True)
    assert claim(database) is None


def test_what_leaves_a_batch_that_goes_on_is_withdrawn_at_the_neighbour(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        ids = queue_files(db, librarian, store, 3)
    hold = claimed(database)
    record(database, hold, *(Report(key, "OFFERED", upload_id=f"u-{key}") for key in ids))
    record(database, hold, Report(ids[1], "SENT"))
    gone = [read_transfer(database, key).instance_id for key in ids[:2]]
    for instance_id in gone:
        change(database, Instance, instance_id, available=False)
    end(database, hold, handed_on=True)
    # What is there whole is left there.
    again = claim(database)
    assert again is not None
    assert (again.batch.id, again.batch.withdrawals) == (hold.batch_id, f"u-{ids[0]}")
    assert ids_in(database, hold_of(again)) == ids[2:]
    agents = AgentCalls(PlainSecrets())
    with database.readings.begin() as db:
        told = claimed_message(db, again, PlainSecrets(), agents)
    agents.close()
    assert told.withdrawn_upload_ids == [f"u-{ids[0]}"]
    confirm_all(database, hold_of(again))
    assert claim(database) is None
    assert count_batches(database) == 0


def test_withdrawing_does_not_wait_for_an_agent_that_is_down(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, store = prepare(db)
        file = put_file(db, "both.uv", [store, add_heard_store(db, "pot2")])
        key = add_transfer(db, file, librarian).id
    found = claim(database)
    assert found is not None
    record(database, hold_of(found), Report(key, "OFFERED", upload_id="u-1"))
    end(database, hold_of(found), handed_on=True)
    change(database, Agent, found.agent.id, report_time=NOW)
    withdrawing = claim(database)
    assert withdrawing is not None
    assert (withdrawing.batch.id, withdrawing.batch.withdrawals) == (found.batch.id, "u-1")
    assert ids_in(database, claimed(database)) == [key]
    end(database, hold_of(withdrawing))
    assert count_batches(database) == 1
