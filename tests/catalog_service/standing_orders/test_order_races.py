"""Files, orders and catalogues that come at once: no file is passed over, none is queued twice."""

import threading

from catalog_service.tables import FileNews
from tests.catalog_service.standing_orders.order_book import OrderBook, new_file, opened_book


def test_an_ingest_that_saw_no_order_is_waited_for_before_old_files_are_looked_at(
    postgres_url: str,
) -> None:
    with opened_book(postgres_url) as book:
        turning = threading.Thread(target=book.turn)
        with book.database.transactions.begin() as db:
            new_file(db, "a.uvh5")
            book.create("night", "*")
            turning.start()
            turning.join(0.3)
            assert turning.is_alive()
        turning.join()
        assert (book.names(), book.count(FileNews)) == (["a.uvh5"], 0)


def test_files_that_come_into_view_out_of_their_order_are_not_passed_over(
    postgres_url: str,
) -> None:
    with opened_book(postgres_url) as book:
        book.create("night", "*")
        book.turn()
        with book.database.transactions.begin() as db:
            new_file(db, "early.uvh5")
            book.add_file("late.uvh5")
            book.turn()
            assert book.names() == ["late.uvh5"]
        book.turn()
        assert book.names() == ["early.uvh5", "late.uvh5"]


def test_two_catalogues_at_once_queue_each_file_once(postgres_url: str) -> None:
    with opened_book(postgres_url) as book:
        with book.database.transactions.begin() as db:
            for number in range(60):
                new_file(db, f"{number}.uvh5")
        book.create("night", "*")
        for number in range(60, 70):
            book.add_file(f"{number}.uvh5")
        turning = threading.Thread(target=OrderBook(book.database).turn)
        turning.start()
        book.turn()
        turning.join()
        assert (len(set(book.names())), len(book.names())) == (70, 70)
        assert book.count(FileNews) == 0
