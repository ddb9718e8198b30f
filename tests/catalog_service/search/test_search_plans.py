"""Which index a search is looked up in, when there are many files."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from catalog_service.database import Database, open_database
from catalog_service.metadata_indexes import ensure_metadata_indexes
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_tree
from catalog_service.search.language import parse_search
from catalog_service.search.listings import Listing
from catalog_service.search.lookups import Lookups
from catalog_service.search.orders import parse_order
from catalog_service.search.page_tokens import Position
from catalog_service.search.plans import Plan, choose_plan
from catalog_service.tables import File, FileEvent, Instance, Observation, RemoteInstance
from tests.catalog_service.search.catalogues import LIBRARIAN_KEYS, STORE_KEYS, put_frame
from tests.catalog_service.search.samples import Sample
from tests.catalog_service.search.trees import NOW

FILES, OBSERVATIONS = ItemKind.FILES, ItemKind.OBSERVATIONS
# Those that seem to have few files and many.
STORES, NEIGHBOURS = list(STORE_KEYS), list(LIBRARIAN_KEYS)
COUNT = 6000
PLACE = Position(COUNT // 2, COUNT // 2)
NAME = Position(f"zen.{COUNT // 2:06d}", None)


def put_many(database: Database) -> None:
    numbers = range(1, COUNT + 1)
    with database.transactions.begin() as db:
        put_frame(db)
        for table, rows in {
            Observation: [{"obsid": n, "start_time_jd": float(n)} for n in range(COUNT // 10 + 1)],
            File: [file_row(number) for number in numbers],
            Instance: [instance_row(number) for number in numbers],
            RemoteInstance: [remote_row(number) for number in numbers],
            FileEvent: [
                {"file_id": n, "time": NOW, "type": "rare" if n % 500 == 0 else "x", "payload": ""}
                for n in numbers
            ],
        }.items():
            db.execute(insert(table), rows)
    while ensure_metadata_indexes(database):
        pass
    with database.transactions.begin() as db:
        db.execute(text("ANALYZE"))


def file_row(number: int) -> dict[str, Any]:
    sample = Sample(
        f"zen.{number:06d}.{'uvh5' if number % 3 else 'log'}",
        size_bytes=number,
        obsid=number // 10,
        create_time=NOW - timedelta(hours=number),
        instance_count=1 if number % 100 else 0,
    )
    return vars(sample) | {"custom": {"antenna": number % 350, "pol": f"p{number % 700}"}}


def instance_row(number: int) -> dict[str, Any]:
    return {
        "file_id": number,
        "store_id": 1 if number % 200 == 0 else 2,
        "parent_dirs": "",
        "available": True,
        "deletion_allowed": False,
        "create_time": NOW,
    }


def remote_row(number: int) -> dict[str, Any]:
    # What the larger neighbour has lies late in the order of names.
    name, librarian = file_row(number)["name"], 2 if number > COUNT // 3 else 1
    return {"file_id": number, "file_name": name, "librarian_id": librarian, "confirm_time": NOW}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    put_many(database)
    yield database
    database.dispose()


def listing_of(database: Database, item: ItemKind, search: str, order: str) -> Listing:
    with database.readings.begin() as db:
        compiled = compile_tree(parse_search(search, item), item, Lookups(db, NOW))
    return Listing(compiled, parse_order(order, item))


def plan(connection: Connection, listing: Listing, after: Position | None) -> str:
    """Return how the database reads a page, told of the very statement that reads it."""
    ran: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        ran.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    connection.execute(listing.query(after, 100)).all()
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + ran[0][0], ran[0][1])
    return "\n".join(str(row) for row in rows)


# Item, search, order, where the page begins, and the index or what finds rows in it.
LOOKED_UP: list[tuple[ItemKind, str, str, Position | None, str]] = [
    (FILES, '{"name-is-exactly": "zen.000005.uvh5"}', "", None, "name"),
    (FILES, '{"name-matches": "zen.00005%.uvh5"}', "", None, "name"),
    (FILES, '{"name-in": ["zen.000005.uvh5", "zen.000006.log"]}', "", None, "name"),
    (FILES, '{"obsid-is-exactly": 5}', "", None, "obsid_(id|type_size_bytes)"),
    (FILES, '{"num-instances-is-exactly": 0}', "", None, "instance_count_name"),
    (FILES, '{"size-in-range": [20.5, 30]}', "", None, "size_bytes_id"),
    (FILES, '{"always-true": 1}', "size", PLACE, "size_bytes_id"),
    (FILES, '{"always-true": 1}', "size,desc", PLACE, "size_bytes_id"),
    (FILES, '{"always-true": 1}', "create-time", Position(NOW, 1), "create_time_id"),
    (FILES, '{"always-true": 1}', "obsid", PLACE, "obsid_id"),
    (FILES, '{"always-true": 1}', "start-time", Position(300.0, 1), "start_time_jd"),
    (FILES, '{"start-time-jd-in-range": [1, 7]}', "", None, "start_time_jd"),
    (FILES, '{"meta.antenna-is-exactly": 12}', "", None, "metadata_1"),
    (FILES, '{"meta.antenna-in-range": [12, 13]}', "", None, "metadata_1"),
    (FILES, '{"meta.pol-is-exactly": "p5"}', "", None, "metadata_2"),
    (FILES, '{"meta.pol-matches": "p69%"}', "", None, "metadata_2"),
    (FILES, '{"meta.good-is-exactly": true}', "", None, "metadata_3"),
    (FILES, '{"meta.observed-is-exactly": "2018-10-01"}', "", None, "metadata_4"),
    (FILES, f'{{"has-instance-on": "{STORES[0]}"}}', "", None, "store_id_file_name"),
    (FILES, f'{{"has-instance-on": "{STORES[1]}"}}', "", NAME, "store_id_file_name"),
    (FILES, f'{{"has-remote-instance-at": "{NEIGHBOURS[1]}"}}', "", None, "librarian_id_file_name"),
    (FILES, f"at:{NEIGHBOURS[1]} -name:zen.1%", "name,desc", NAME, "librarian_id_file_name"),
    (FILES, f"at:{NEIGHBOURS[1]} type:uvh5", "", NAME, "librarian_id_file_name"),
    (OBSERVATIONS, '{"always-true": 1}', "start-time", Position(300.0, 1), "start_time_jd"),
]


def test_what_many_files_are_searched_by_is_looked_up_in_an_index(database: Database) -> None:
    with database.engine.begin() as connection:
        for item, search, order, after, index in LOOKED_UP:
            rows = plan(connection, listing_of(database, item, search, order), after)
            names = "uq_file_name|sqlite_autoindex_file_1" if index == "name" else index
            assert re.search(rf"({names})\b", rows), rows
            # Neither database reads all files, though it be in the order of an index.
            assert not re.search("SCAN (file|observation)|Seq Scan on file", rows), rows


def test_the_name_of_an_index_is_a_text_like_any_other(postgres_url: str) -> None:
    database = open_database(postgres_url)
    listing = listing_of(database, FILES, "type:ix_file_name_trigrams", "")
    with database.engine.begin() as connection:
        query = listing.query(None, 100)
        assert choose_plan(connection, query, query) is Plan.ORDERED
    database.dispose()
