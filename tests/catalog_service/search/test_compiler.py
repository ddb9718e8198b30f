"""What only the catalogue can tell of a search: its stores, its metadata keys, and their types."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_search
from catalog_service.search.pages import read_pages
from catalog_service.tables import File
from librarian.errors import BusyError, InvalidRequestError
from tests.catalog_service.search.catalogues import put_frame
from tests.catalog_service.search.samples import Sample


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    observed = {
        "first": "2018-10-01T00:00:00.000000Z",
        "later": "2018-10-01T23:59:59.999999Z",
        "next": "2018-10-02T00:00:00.000000Z",
    }
    with database.transactions.begin() as db:
        put_frame(db)
        for name, time in observed.items():
            db.add(File(**vars(Sample(name)), custom={"observed": time}))
        db.add(File(**vars(Sample("without"))))
    yield database
    database.dispose()


def found(database: Database, search: str) -> list[str]:
    compiled = compile_search(database, search, account_name="ann", item=ItemKind.FILES)
    return [row[0] for page in read_pages(database, compiled) for row in page.rows]


def test_what_is_not_understood_is_told_with_its_place(database: Database) -> None:
    for search, says in [
        ('{"has-instance-on": "pot-1"}', "line 1, column 21: There is no store 'pot-1': did you"),
        ('{"none-of":\n {"has-instance-on": "x"}}', "line 2, column 22: There is no store 'x'"),
        ('{"has-remote-instance-at": "kaaroo"}', "There is no librarian 'kaaroo': did you mean"),
        ("at:x", "line 1, column 4: There is no librarian 'x': known are"),
        ('{"meta.antena-is-exactly": 1}', "no metadata key 'antena': did you mean 'antenna'"),
        ('{"has-metadata": "zz"}', "no metadata key 'zz': known are"),
        ('{"meta.antenna-is-exactly": "12"}', "'antenna' has numbers, and \"12\" is none"),
        ('{"meta.pol-is-exactly": 12}', "'pol' has texts in quotes, and 12 is none"),
        ('{"meta.good-is-exactly": 1}', "'good' has true or false, and 1 is none"),
        ('{"meta.good-greater-than": true}', "which 'greater-than' does not compare"),
        ('{"meta.good-in": ["true"]}', "which 'in' does not compare"),
        ('{"meta.antenna-matches": "1%"}', "which 'matches' does not compare"),
        ('{"meta.observed-is-exactly": "soon"}', "Expected a time such as"),
    ]:
        with pytest.raises(InvalidRequestError, match=r"line [0-9]+, column [0-9]+") as caught:
            found(database, search)
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ('"meta.observed-is-exactly": "2018-10-01"', ["first", "later"]),
        ('"meta.observed-is-not": "2018-10-01"', ["next"]),
        ('"meta.observed-greater-than": "2018-10-01"', ["next"]),
        ('"meta.observed-at-most": "2018-10-01"', ["first", "later"]),
        ('"meta.observed-less-than": "2018-10-02"', ["first", "later"]),
        ('"meta.observed-at-least": "2018-10-01"', ["first", "later", "next"]),
        ('"meta.observed-in-range": ["2018-10-02", "2018-10-01"]', ["first", "later", "next"]),
        ('"meta.observed-is-exactly": "2018-10-01T00:00:00Z"', ["first"]),
        ('"none-of": {"meta.observed-in-range": ["2018-10-01", "2018-10-01"]}', ["next"]),
    ],
)
def test_a_date_of_metadata_means_its_whole_day(
    database: Database, clause: str, expected: list[str]
) -> None:
    assert found(database, f"{{{clause}}}") == expected


def test_a_list_of_names_limits_what_else_is_looked_for(database: Database) -> None:
    search = '{"name-in": ["next", "nowhere", "first", "first"], "has-metadata": "observed"}'
    assert found(database, search) == ["first", "next"]
    # In an alternative it does not.
    either = '{"or": {"name-in": ["next"], "name-is-exactly": "without"}}'
    assert found(database, either) == ["next", "without"]


@pytest.mark.parametrize("typed", ["'", "x' OR '1'='1", "; DROP TABLE file;--", "%(x)s", ":name"])
def test_what_a_person_types_is_only_ever_a_value(database: Database, typed: str) -> None:
    for clause in ("name-is-exactly", "name-matches", "has-event", "meta.pol-is-exactly"):
        assert found(database, f'{{"{clause}": "{typed}"}}') == []
    assert len(found(database, '{"always-true": 0}')) == 4


def test_no_connection_is_held_while_a_search_is_read(database_url: str) -> None:
    database = open_database(database_url, pool_size=1)
    pool: Any = database.readings.kw["bind"].pool
    pool._timeout = 0.1
    held = [pool.connect() for _ in range(2)]
    with pytest.raises(InvalidRequestError, match="line 1, column"):
        compile_search(database, "name:(", account_name="ann")
    with pytest.raises(BusyError, match="Too many calls"):
        compile_search(database, "name:x", account_name="ann")
    for connection in held:
        connection.close()
    database.dispose()


def test_what_is_looked_up_for_a_search_has_its_time_limit(postgres_url: str) -> None:
    database = open_database(postgres_url, search_timeout_seconds=0.05)
    with database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE store"))
        with pytest.raises(InvalidRequestError, match=r"took longer than 0\.05 s"):
            compile_search(database, "store:pot1", account_name="ann")
    database.dispose()
