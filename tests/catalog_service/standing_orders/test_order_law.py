"""Law: in whatever order files and orders come, in the end each match is queued once."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from catalog_service import order_matching
from catalog_service.file_news import note_files
from catalog_service.loops import order_filling
from catalog_service.tables import File, FileEvent, FileNews, Instance, StandingOrder, Transfer
from tests.catalog_service.standing_orders.order_book import OrderBook, make_available

TYPES = ("uvh5", "log", "png")
SEARCHES = {"type:uvh5": {"uvh5"}, "type:uvh5 or type:log": {"uvh5", "log"}, "*": set(TYPES)}

file_arrives = st.tuples(st.just("file"), st.sampled_from(TYPES), st.booleans())
order_arrives = st.tuples(
    st.just("order"), st.sampled_from(sorted(SEARCHES)), st.sampled_from(["centre", "archive"])
)
# What happens to any of the orders or files that are there by then.
change = st.tuples(
    st.sampled_from(["enable", "search", "available", "lose memory", "news", "fill"]),
    st.integers(0, 20),
    st.sampled_from(sorted(SEARCHES)),
)
happenings = st.lists(st.one_of(file_arrives, order_arrives, change), max_size=16)


class Model:
    """What is on record, and what must be queued for it."""

    def __init__(self, book: OrderBook) -> None:
        self.book = book
        self.files: list[tuple[str, int, bool]] = []
        # Search, neighbour and whether it is enabled.
        self.orders: list[tuple[str, str, bool]] = []

    def happen(self, what: str, first: Any, second: Any) -> None:
        getattr(self, f"_{what.replace(' ', '_')}")(first, second)

    def expected(self) -> set[tuple[str, str]]:
        return {
            (name, to)
            for name, _, available in self.files
            for search, to, enabled in self.orders
            if available and enabled and name.rpartition(".")[2] in SEARCHES[search]
        }

    def _file(self, kind: str, available: bool) -> None:
        name = f"{len(self.files)}.{kind}"
        self.files.append((name, self.book.add_file(name, available=available), available))

    def _order(self, search: str, to: str) -> None:
        enabled = len(self.orders) % 2 == 0
        self.book.create(f"order{len(self.orders)}", search, to, enabled=enabled)
        self.orders.append((search, to, enabled))

    def _enable(self, number: int, _search: str) -> None:
        if self.orders:
            number %= len(self.orders)
            self.book.update(f"order{number}", enabled=True)
            self.orders[number] = (*self.orders[number][:2], True)

    def _search(self, number: int, search: str) -> None:
        """Change the search of an order that is not enabled yet: nothing was queued for it."""
        if self.orders and not self.orders[number % len(self.orders)][2]:
            number %= len(self.orders)
            self.book.update(f"order{number}", search=search)
            self.orders[number] = (search, *self.orders[number][1:])

    def _available(self, number: int, _search: str) -> None:
        if self.files and not self.files[number % len(self.files)][2]:
            name, key, _ = self.files[number % len(self.files)]
            with self.book.database.transactions.begin() as db:
                make_available(db, key)
                note_files(db, [key])
            self.files[number % len(self.files)] = (name, key, True)

    def _lose_memory(self, _number: int, _search: str) -> None:
        self.book.restart()

    def _news(self, _number: int, _search: str) -> None:
        self.book.news.run_once()

    def _fill(self, _number: int, _search: str) -> None:
        self.book.filling.run_once()


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a walk over few files take several turns."""
    for module in (order_matching, order_filling):
        monkeypatch.setattr(module, "MOST_FILES", 2)
    monkeypatch.setattr(order_filling, "_FIRST_WIDTH", 2)


def clear(book: OrderBook) -> None:
    with book.database.transactions.begin() as db:
        for table in (Transfer, FileNews, StandingOrder, FileEvent, Instance, File):
            db.execute(delete(table))
    book.restart()


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happenings=happenings)
def test_in_the_end_exactly_what_matches_is_queued_and_once(
    book: OrderBook, happenings: list[tuple[str, Any, Any]]
) -> None:
    clear(book)
    model = Model(book)
    for what, first, second in happenings:
        model.happen(what, first, second)
    book.turn()
    queued = [(name, to) for name, to, _ in book.queued()]
    assert sorted(queued) == sorted(model.expected())
    assert book.count(FileNews) == 0
