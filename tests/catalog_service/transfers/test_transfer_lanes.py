"""Lanes: bytes go by priority, and a lane that had nothing to send has saved up nothing."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalog_service import transfer_picks
from catalog_service.clock import database_time
from catalog_service.database import Database, open_database
from catalog_service.tables import Librarian, StandingOrder
from catalog_service.transfer_lanes import Lane, charge, choose_lane, cost_of
from tests.catalog_service.neighbour_rows import add_librarian, add_order
from tests.catalog_service.staging_rows import NOW, opened
from tests.catalog_service.transfers.queues import (
    MIB,
    add_heard_store,
    change,
    claim,
    confirm_all,
    hold_of,
    queue_files,
)


def lanes_of(db: Session, priorities: Sequence[int]) -> tuple[Librarian, list[StandingOrder]]:
    librarian = add_librarian(db)
    return librarian, [
        add_order(db, librarian, f"order-{n}", priority=priority)
        for n, priority in enumerate(priorities)
    ]


def as_lanes(db: Session, orders: Sequence[StandingOrder]) -> list[Lane]:
    for order in orders:
        db.refresh(order)
    return [Lane(o.id, o.share, priority=o.priority, run_time=NOW) for o in orders]


def serve_one(db: Session, librarian: Librarian, lanes: Sequence[Lane], size: int) -> Lane:
    chosen = choose_lane(lanes, librarian, database_time(db), set())
    assert chosen is not None
    charge(db, librarian, chosen, cost_of(chosen, [(size, 1)]))
    return chosen


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    priorities=st.lists(st.integers(1, 100), min_size=2, max_size=4),
    sizes=st.lists(st.integers(MIB, 64 * MIB), min_size=5, max_size=5),
)
def test_lanes_get_bytes_as_their_priorities_are(
    sqlite_url: str, priorities: list[int], sizes: list[int]
) -> None:
    database = open_database(sqlite_url)
    try:
        with database.transactions.begin() as db:
            librarian, orders = lanes_of(db, priorities)
            given_bytes: Counter[int] = Counter()
            # Whatever is sent, no lane gets ahead of another by more than one batch of each.
            for turn in range(25):
                size = sizes[turn % len(sizes)]
                chosen = serve_one(db, librarian, as_lanes(db, orders), size)
                given_bytes[chosen.number] += size
            norms = [given_bytes[order.id] / order.priority for order in orders]
            slack = max(sizes) / min(priorities)
            assert max(norms) - min(norms) <= 2 * slack
            db.execute(delete(StandingOrder))
            db.execute(delete(Librarian))
    finally:
        database.dispose()


def test_batches_are_shared_within_a_tenth_by_priority(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_picks, "MAX_TRANSFERS", 1)
    with database.transactions.begin() as db:
        librarian, [*orders] = lanes_of(db, [10, 20])
        store = add_heard_store(db)
        for order in orders:
            name, lane = order.name, order.id
            queue_files(db, librarian, store, 16, prefix=name, size_bytes=4 * MIB, lane=lane)
        queue_files(db, librarian, store, 16, prefix="hand", size_bytes=2 * MIB, priority=10)
    sent: Counter[int] = Counter()
    for _ in range(25):
        found = claim(database)
        assert found is not None
        sent[found.lane.number] += found.batch.bytes_total
        confirm_all(database, hold_of(found))
    total = sum(sent.values())
    hand, first, second = (sent[n] / total for n in (0, orders[0].id, orders[1].id))
    assert (hand, first, second) == pytest.approx((0.25, 0.25, 0.5), abs=0.1)


def test_a_lane_that_had_nothing_to_send_does_not_take_the_link_for_itself(
    database_url: str,
) -> None:
    with opened(database_url) as database, database.transactions.begin() as db:
        librarian, [busy, idle] = lanes_of(db, [10, 10])
        for _ in range(20):
            serve_one(db, librarian, as_lanes(db, [busy]), 10 * MIB)
        turns = [
            serve_one(db, librarian, as_lanes(db, [busy, idle]), MIB).number for _ in range(20)
        ]
    # The last batch of the one alone was ten times as large.
    assert Counter(turns[10:])[busy.id] == pytest.approx(5, abs=1)


def test_small_files_cost_a_mebibyte_each() -> None:
    small, large = [(10, 5)] * 3, [(3 * MIB, 5)]
    lane = Lane(7, 0.0, priority=2)
    assert cost_of(lane, small) == cost_of(lane, large) == 1.5 * MIB
    assert cost_of(Lane(0, 0.0), large) == 0.6 * MIB


def test_an_order_with_a_time_zone_that_is_gone_holds_no_other_back(database: Database) -> None:
    with database.transactions.begin() as db:
        librarian, [bad, good] = lanes_of(db, [10, 10])
        store = add_heard_store(db)
        for order in (bad, good):
            queue_files(db, librarian, store, 1, lane=order.id, prefix=order.name)
    change(database, StandingOrder, bad.id, hours="08:00-20:00", timezone="Mars/Olympus")
    found = claim(database)
    assert found is not None
    assert found.lane.number == good.id
    assert claim(database) is None
