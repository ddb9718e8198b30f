"""A process that is killed between two steps of an order drops no file, and queues none twice."""

import os
import signal
import subprocess
import sys

import pytest

from catalog_service.tables import FileNews, Transfer
from tests.catalog_service.standing_orders.order_book import OrderBook, new_file

TURN = """
import sys
from catalog_service.database import open_database
from tests.catalog_service.standing_orders.order_book import OrderBook
OrderBook(open_database(sys.argv[1])).turn()
"""
# Farther apart than one turn looks.
APART = 15_000


def killed_at(point: str, database_url: str) -> bool:
    command = [sys.executable, "-c", TURN, database_url]
    environment = {**os.environ, "LIBRARIAN_KILL_AT": point}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", ["orders.filled", "orders.matched", "orders.queued"])
def test_who_comes_after_a_kill_goes_on_where_it_was(
    book: OrderBook, database_url: str, point: str
) -> None:
    book.create("night", "type:uvh5")
    with book.database.transactions.begin() as db:
        for number in range(3):
            new_file(db, f"{number}.uvh5", key=1 + number * APART, noted=point != "orders.filled")
    if point != "orders.filled":
        book.filling.run_once()
    assert killed_at(point, database_url)
    if point == "orders.filled":
        # It got as far as the first file's part.
        assert (book.names(), book.order("night").fill_after_id) == (["0.uvh5"], 10_000)
    book.restart()
    book.turn()
    assert book.names() == ["0.uvh5", "1.uvh5", "2.uvh5"]
    assert (book.count(FileNews), book.count(Transfer)) == (0, 3)
