"""Page tokens and orders that no search gave or knows, and tokens made by hand."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.pages import parse_order, read_pages
from librarian.errors import InvalidRequestError
from tests.catalog_service.search.reading import EVERYTHING, compiled, keys
from tests.catalog_service.search.samples import Sample, put_on_record


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[Database]:
    """Return a database without tables: what is refused is refused before it is asked."""
    database = open_database(f"sqlite:///{tmp_path}/empty.sqlite")
    yield database
    database.dispose()


def token(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("order", "token", "says"),
    [
        ("", "x", "none that a search gave"),
        ("", "é", "none that a search gave"),
        ("", "A" * 5000, "none that a search gave"),
        ("", base64.urlsafe_b64encode(b"[" * 2000).decode(), "none that a search gave"),
        ("", base64.urlsafe_b64encode(b"\xff\xff\xff").decode(), "none that a search gave"),
        ("", token("files:name", "a"), "none that a search gave"),
        ("", token("files:name,desc", "a", None), "another order"),
        ("", token("instances:name", "a", 1), "another order"),
        ("", token("files:name", 1, None), "none that a search gave"),
        ("", token("files:name", None, None), "none that a search gave"),
        ("", token("files:name", "a\0b", None), "none that a search gave"),
        ("", token("files:name", "\ud800", None), "none that a search gave"),
        ("size", token("files:size", True, 1), "none that a search gave"),
        ("size", token("files:size", 2**63, 1), "none that a search gave"),
        ("size", token("files:size", 1, 2**63), "none that a search gave"),
        ("size", token("files:size", 1, None), "none that a search gave"),
        ("size", token("files:size", 1, "1; DROP TABLE file"), "none that a search gave"),
        ("start-time", token("files:start-time", float("nan"), 1), "none that a search gave"),
        ("create-time", token("files:create-time", "yesterday", 1), "none that a search gave"),
        ("create-time", token("files:create-time", [], 1), "none that a search gave"),
    ],
)
def test_a_token_that_no_such_search_gave_is_refused(
    nowhere: Database, order: str, token: str, says: str
) -> None:
    found = compiled(nowhere, EVERYTHING)
    with pytest.raises(InvalidRequestError, match=says):
        read_pages(nowhere, found, parse_order(order, ItemKind.FILES), page_token=token)


def test_a_token_made_by_hand_is_only_ever_a_value(database: Database) -> None:
    put_on_record(database, [Sample("a"), Sample("b")])
    found = compiled(database, EVERYTHING)
    made = token("files:name", "' OR 1 = 1 --", None)
    assert keys(read_pages(database, found, page_token=made)) == ["a", "b"]
    early = token("files:create-time", datetime.min.replace(tzinfo=UTC).isoformat(), -(2**63) + 1)
    order = parse_order("create-time", ItemKind.FILES)
    assert keys(read_pages(database, found, order, page_token=early)) == ["a", "b"]


@pytest.mark.parametrize(
    ("order", "item", "says"),
    [
        ("sise", ItemKind.FILES, "did you mean 'size'"),
        ("size", ItemKind.OBSERVATIONS, "known are 'obsid' or 'start-time'"),
        ("name,down", ItemKind.FILES, "'name,desc' for the largest first"),
        ("name,desc,desc", ItemKind.FILES, "'name,desc' for the largest first"),
        (",desc", ItemKind.SESSIONS, "no order of sessions by ''"),
    ],
)
def test_an_order_that_is_not_known_is_refused(order: str, item: ItemKind, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        parse_order(order, item)


def test_instances_come_by_name_alone(nowhere: Database) -> None:
    with pytest.raises(InvalidRequestError, match="no order of instances by 'size'"):
        read_pages(
            nowhere,
            compiled(nowhere, EVERYTHING),
            parse_order("size", ItemKind.FILES),
            instances=True,
        )


def test_a_limit_is_not_negative(nowhere: Database) -> None:
    with pytest.raises(InvalidRequestError, match="0, for all, or more"):
        read_pages(nowhere, compiled(nowhere, EVERYTHING), limit=-1)
