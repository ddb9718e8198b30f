"""What standing orders queue: each match once, whenever it comes and whatever goes wrong."""

import pytest
from sqlalchemy import select, update

from catalog_service import order_matching, standing_orders
from catalog_service.file_events import create_file_event
from catalog_service.file_news import note_files
from catalog_service.loops import order_filling, order_loop
from catalog_service.metadata import update_metadata
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import File, FileNews, Librarian, Transfer
from tests.catalog_service.standing_orders.order_book import (
    OrderBook,
    make_available,
    new_file,
    opened_book,
)


def test_a_new_file_is_queued_with_its_order(book: OrderBook) -> None:
    book.create("night", "type:uvh5", priority=40)
    book.turn()
    book.add_file("a.uvh5")
    book.add_file("b.log")
    assert book.news.run_once()
    assert book.queued() == [("a.uvh5", "centre", "night")]
    with book.database.readings.begin() as db:
        transfer = db.scalars(select(Transfer)).one()
    order = book.order("night")
    assert (transfer.lane, transfer.owner, transfer.priority) == (order.id, "ada", 40)
    assert not book.news.run_once()


def test_files_without_orders_make_no_news(book: OrderBook) -> None:
    book.create("night", "type:uvh5", enabled=False)
    book.add_file("a.uvh5")
    assert book.count(FileNews) == 0


def test_searches_need_not_be_limited_by_time_by_hand_old_files_are_back_filled(
    book: OrderBook,
) -> None:
    for number in range(5):
        book.add_file(f"{number}.uvh5")
    book.create("night", "type:uvh5")
    assert book.order("night").fill_after_id == 0
    book.turn()
    assert book.names() == [f"{number}.uvh5" for number in range(5)]
    order = book.order("night")
    assert (order.fill_after_id, order.fill_time is None) == (None, False)


def test_a_back_fill_goes_in_parts_and_other_orders_take_turns(
    book: OrderBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_matching, "MOST_FILES", 3)
    monkeypatch.setattr(order_filling, "MOST_FILES", 3)
    for number in range(7):
        book.add_file(f"{number}.uvh5")
    book.create("first", "type:uvh5")
    book.create("second", "type:uvh5", to="archive")
    book.filling.run_once()
    book.filling.run_once()
    assert [to for _, to, _ in book.queued()].count("archive") == 3
    assert len(book.queued()) == 6
    # What a process knew is lost with it; where it was is on record.
    book.restart()
    book.turn()
    assert book.queued() == sorted(
        (f"{number}.uvh5", to, order)
        for number in range(7)
        for to, order in (("centre", "first"), ("archive", "second"))
    )


def test_overlapping_orders_queue_a_file_once(book: OrderBook) -> None:
    book.create("all", "*")
    book.create("night", "type:uvh5")
    book.turn()
    book.add_file("a.uvh5")
    book.add_file("b.log")
    book.turn()
    assert book.names() == ["a.uvh5", "b.log"]


def test_a_disabled_order_queues_nothing_until_it_is_enabled(book: OrderBook) -> None:
    book.create("other", "type:none")
    book.create("night", "type:uvh5", enabled=False)
    book.add_file("a.uvh5")
    book.turn()
    assert book.names() == []
    book.update("night", enabled=True)
    book.turn()
    assert book.names() == ["a.uvh5"]


def test_another_search_looks_at_all_files_again_and_leaves_what_was_queued(
    book: OrderBook,
) -> None:
    book.add_file("a.uvh5")
    book.add_file("b.log")
    book.create("night", "type:uvh5")
    book.turn()
    book.update("night", search="type:log")
    book.turn()
    assert book.names() == ["a.uvh5", "b.log"]
    book.update("night", priority=3, hours="20:00-08:00")
    assert book.order("night").fill_after_id is None


def test_a_file_without_an_instance_is_queued_when_it_has_one(book: OrderBook) -> None:
    book.create("night", "type:uvh5")
    key = book.add_file("a.uvh5", available=False)
    book.turn()
    assert book.names() == []
    with book.database.transactions.begin() as db:
        make_available(db, key)
        note_files(db, [key])
    book.turn()
    assert book.names() == ["a.uvh5"]


def test_a_change_of_metadata_and_an_event_make_a_file_match(book: OrderBook) -> None:
    book.create("good", "meta.good:true or event:checked")
    for name in ("a.uvh5", "b.uvh5", "c.uvh5"):
        book.add_file(name)
    with book.database.transactions.begin() as db:
        update_metadata(db, "c.uvh5", {"good": False}, [])
    book.turn()
    assert (book.names(), book.order("good").error) == ([], "")
    with book.database.transactions.begin() as db:
        update_metadata(db, "a.uvh5", {"good": True}, [])
        create_file_event(db, "b.uvh5", "checked", "{}", None)
    book.turn()
    assert book.names() == ["a.uvh5", "b.uvh5"]


def test_what_a_person_cancelled_is_not_queued_again(book: OrderBook) -> None:
    book.create("night", "type:uvh5")
    book.add_file("a.uvh5")
    book.turn()
    with book.database.transactions.begin() as db:
        db.execute(update(Transfer).values(state="CANCELLED", claimed_file_id=None))
    book.update("night", enabled=False)
    book.update("night", enabled=True)
    book.turn()
    assert book.names() == ["a.uvh5"]


def test_a_long_outage_drops_no_file_from_an_order(database_url: str) -> None:
    with opened_book(database_url, sweep_minutes=60) as book:
        book.create("night", "type:uvh5")
        book.turn()
        book.add_file("a.uvh5")
        # Nobody looks at news for a while, and then some are even lost.
        book.lose_news()
        book.add_file("b.uvh5")
        book.restart()
        book.turn()
        assert book.names() == ["b.uvh5"]
        book.filled_long_ago()
        book.turn()
        assert book.names() == ["a.uvh5", "b.uvh5"]
        assert not book.filling.run_once()


def test_a_sweep_of_an_order_leaves_the_impression_that_it_is_done(database_url: str) -> None:
    with opened_book(database_url, sweep_minutes=60) as book:
        book.create("night", "type:uvh5")
        book.turn()
        book.filled_long_ago()
        before = book.order("night").fill_time
        book.turn()
        assert book.order("night").fill_time != before
        assert book.order("night").fill_after_id is None


def test_an_exception_in_one_search_leaves_no_flag_set_for_ever_and_stops_no_other_order(
    book: OrderBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_filling, "_FIRST_RETRY_SECONDS", 0.0)
    book.save_search("mine", "type:uvh5")
    book.create("broken", "@mine", to="archive")
    book.create("good", "type:uvh5")
    book.turn()
    book.delete_search("mine")
    book.add_file("a.uvh5")
    book.news.run_once()
    assert book.queued() == [("a.uvh5", "centre", "good")]
    broken = book.order("broken")
    assert 'no saved search "mine"' in broken.error
    assert (broken.enabled, broken.fill_after_id) == (True, 0)
    # It comes back by itself, and misses nothing of what came meanwhile.
    book.add_file("b.uvh5")
    book.news.run_once()
    book.filling.run_once()
    assert book.order("broken").error
    book.save_search("mine", "type:uvh5")
    book.turn()
    assert book.order("broken").error == ""
    assert [name for name, to, _ in book.queued() if to == "archive"] == ["a.uvh5", "b.uvh5"]


def test_an_order_that_fails_is_tried_again_later_and_not_at_once(book: OrderBook) -> None:
    book.create("broken", "@nobody", to="archive")
    assert book.filling.run_once()
    assert not book.filling.run_once()


def test_a_saved_search_is_that_of_the_orders_owner(book: OrderBook) -> None:
    book.save_search("mine", "type:uvh5")
    book.create("night", "@mine")
    book.add_file("a.uvh5")
    book.turn()
    assert book.names() == ["a.uvh5"]


def test_an_order_that_changes_while_files_are_looked_at_queues_nothing_it_does_not_mean(
    book: OrderBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.create("night", "type:uvh5")
    book.turn()
    book.add_file("a.uvh5")
    changes = iter([lambda: book.update("night", search="type:log")])

    def reach(_point: str) -> None:
        next(changes, lambda: None)()

    monkeypatch.setattr(order_loop, "reach", reach)
    assert book.news.run_once()
    assert (book.names(), book.count(FileNews)) == ([], 1)
    book.turn()
    assert (book.names(), book.count(FileNews)) == ([], 0)


def test_deleting_an_order_cancels_what_is_queued_and_lets_go_on_what_is_under_way(
    book: OrderBook,
) -> None:
    book.create("night", "*")
    for name in ("a", "b", "c"):
        book.add_file(name)
    book.turn()
    with book.database.transactions.begin() as db:
        files = select(File.id).where(File.name == "a").scalar_subquery()
        db.execute(update(Transfer).where(Transfer.file_id == files).values(state="SENDING"))
        order = standing_orders.get_order(db, "night")[0]
        assert standing_orders.cancel_queued(db, order) == 2
        assert standing_orders.cancel_queued(db, order) == 0
        standing_orders.remove_order(db, "night")
    with book.database.readings.begin() as db:
        rows = db.execute(select(Transfer.state, Transfer.lane, Transfer.claimed_file_id)).all()
    assert sorted(row.state for row in rows) == ["CANCELLED", "CANCELLED", "SENDING"]
    assert [row.lane for row in rows if row.state == "SENDING"] == [0]
    assert [row.claimed_file_id for row in rows if row.state == "CANCELLED"] == [None, None]


def test_an_order_never_gets_the_key_of_one_that_was_deleted(book: OrderBook) -> None:
    book.create("night", "*")
    first = book.order("night").id
    with book.database.transactions.begin() as db:
        standing_orders.remove_order(db, "night")
    book.create("night", "*")
    assert book.order("night").id > first


def test_what_is_believed_to_be_at_the_neighbour_stays_here(book: OrderBook) -> None:
    with book.database.transactions.begin() as db:
        key = new_file(db, "a.uvh5")
        centre = db.scalars(select(Librarian).where(Librarian.name == "centre")).one()
        add_remote_instances(db, centre.id, [key])
    book.create("night", "*")
    book.turn()
    assert book.names() == []
