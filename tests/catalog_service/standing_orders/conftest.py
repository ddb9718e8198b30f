"""A book of standing orders, for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.catalog_service.standing_orders.order_book import OrderBook, opened_book


@pytest.fixture
def book(database_url: str) -> Iterator[OrderBook]:
    with opened_book(database_url) as book:
        yield book
