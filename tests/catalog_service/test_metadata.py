"""Custom metadata: keys of one type, changes that are logged, and an index for each key."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, select

from catalog_service.bulk import table_of
from catalog_service.database import Database, open_database
from catalog_service.metadata import (
    MAX_KEYS_PER_SITE,
    MetadataKeys,
    MetadataValue,
    find_time_keys,
    load_keys,
    update_metadata,
)
from catalog_service.metadata_indexes import ensure_metadata_indexes
from catalog_service.metadata_values import MetadataType, value_column
from catalog_service.tables import File, FileEvent, MetadataKey
from librarian.errors import InvalidRequestError, UnknownFileError

TIME = datetime(2018, 10, 1, 12, 0, 0, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open a database with a file in it."""
    opened = open_database(database_url)
    with opened.transactions.begin() as db:
        db.execute(insert(table_of(File)), [file_row("one")])
    yield opened
    opened.dispose()


def file_row(name: str, **metadata: Any) -> dict[str, Any]:
    row = {"name": name, "type": "x", "size_bytes": 1, "checksum": "md5:00", "source": "test"}
    return {**row, "create_time": NOW, "metadata": metadata}


def set_metadata(database: Database, *remove: str, **new: MetadataValue) -> dict[str, Any]:
    with database.transactions.begin() as db:
        return dict(update_metadata(db, "one", new, remove).custom)


def events(database: Database) -> list[dict[str, Any]]:
    with database.readings.begin() as db:
        rows = db.execute(select(FileEvent).order_by(FileEvent.id)).scalars()
        return [json.loads(event.payload) for event in rows if event.type == "update_metadata"]


def test_values_of_all_types_are_kept(database: Database) -> None:
    elsewhere = TIME.astimezone(timezone(timedelta(hours=2)))
    kept = set_metadata(database, antenna=12, quality=0.5, pol="xx", good=True, start=elsewhere)
    assert kept == {
        "antenna": 12,
        "quality": 0.5,
        "pol": "xx",
        "good": True,
        "start": "2018-10-01T12:00:00.000005Z",
    }
    with database.readings.begin() as db:
        assert find_time_keys(db) == {"start"}
        assert load_keys(db)["good"] is MetadataType.BOOLEAN


def test_a_change_is_logged_with_what_was_before(database: Database) -> None:
    set_metadata(database, antenna=12, pol="xx")
    set_metadata(database, "pol", antenna=13)
    assert events(database) == [
        {"set": {"antenna": 12, "pol": "xx"}, "removed": [], "before": {}},
        {"set": {"antenna": 13}, "removed": ["pol"], "before": {"antenna": 12, "pol": "xx"}},
    ]


def test_a_change_that_changes_nothing_is_not_logged(database: Database) -> None:
    set_metadata(database, antenna=12)
    set_metadata(database, "pol", antenna=12.0)
    assert len(events(database)) == 1


@pytest.mark.parametrize("other", ["12", True, TIME])
def test_a_value_of_another_type_than_its_keys_is_refused(
    database: Database, other: MetadataValue
) -> None:
    set_metadata(database, antenna=12)
    with pytest.raises(InvalidRequestError, match="'antenna' takes a number"):
        set_metadata(database, antenna=other, new_key=1)
    with database.readings.begin() as db:
        assert "new_key" not in load_keys(db)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", 1),
        ("1st", 1),
        ("a-b", 1),
        ("a'b", 1),
        ("x" * 65, 1),
        ("ok", float("nan")),
        ("ok", float("inf")),
        ("ok", "x" * 1025),
        ("ok", "a\0b"),
    ],
)
def test_what_no_file_may_have_is_refused(database: Database, key: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError):
        set_metadata(database, **{key: value})


def test_a_site_has_not_more_keys_than_it_may(database: Database) -> None:
    for start in range(0, MAX_KEYS_PER_SITE, 50):
        with database.transactions.begin() as db:
            MetadataKeys(db).settle({f"k{start + number}": 1 for number in range(50)})
    with pytest.raises(InvalidRequestError, match="at most 200 metadata keys"):
        set_metadata(database, one_more=1)
    assert set_metadata(database, k7=1) == {"k7": 1}


def test_a_file_has_not_more_keys_than_it_may(database: Database) -> None:
    set_metadata(database, **{f"k{number}": 1 for number in range(64)})
    with pytest.raises(InvalidRequestError, match="at most 64 keys"):
        set_metadata(database, one_more=1)


def test_a_file_that_is_not_there_is_told(database: Database) -> None:
    with pytest.raises(UnknownFileError), database.transactions.begin() as db:
        update_metadata(db, "other", {"antenna": 1}, [])


def test_a_key_that_is_set_and_removed_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match="both set and removed"):
        set_metadata(database, "antenna", antenna=1)


def test_many_at_once_make_one_key_and_lose_no_change(database: Database) -> None:
    def change(number: int) -> None:
        set_metadata(database, **{"antenna": number, f"k{number}": number})

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(change, range(16)))
    assert len(events(database)) == 16
    with database.readings.begin() as db:
        [file] = db.execute(select(File)).scalars()
        assert file.custom.keys() == {"antenna"} | {f"k{number}" for number in range(16)}
        assert len(load_keys(db)) == 17


@pytest.fixture
def indexed(database: Database) -> Database:
    """Fill a database so that an index pays, and make the indexes."""
    values: dict[str, MetadataValue] = {"antenna": 1, "pol": "xx", "good": True, "start": TIME}
    with database.transactions.begin() as db:
        MetadataKeys(db).settle(values)
        metadata = [
            {"antenna": i, "pol": f"p{i}", "good": i == 7, "start": f"{i:04}-01-01T"}
            for i in range(5000)
        ]
        rows = [file_row(f"f{i}", **each) for i, each in enumerate(metadata)]
        db.execute(insert(table_of(File)), rows)
    while ensure_metadata_indexes(database):
        pass
    return database


def plan_of(database: Database, condition: Any) -> str:
    statement = select(File.name).where(condition).order_by(File.name).limit(100)
    with database.readings.begin() as db:
        connection = db.connection()
        written = statement.compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{explain} {written}".replace("%", "%%"))
        return "\n".join(str(row[-1]) for row in rows)


ANTENNA = value_column("antenna", MetadataType.NUMBER)
POLARISATION = value_column("pol", MetadataType.TEXT)
START = value_column("start", MetadataType.TIME)


def test_a_search_by_a_key_uses_its_index(indexed: Database) -> None:
    with indexed.readings.begin() as db:
        numbers = {key.name: key.id for key in db.execute(select(MetadataKey)).scalars()}
    for key, condition in [
        ("antenna", ANTENNA == 12),
        ("antenna", ANTENNA.between(4, 5.5)),
        ("antenna", ANTENNA > 4990),
        ("pol", POLARISATION == "p9"),
        ("start", START < "0003"),
    ]:
        assert f"ix_file_metadata_{numbers[key]} " in f"{plan_of(indexed, condition)} "


def test_truths_are_found_by_value(indexed: Database) -> None:
    good = value_column("good", MetadataType.BOOLEAN)
    with indexed.readings.begin() as db:
        assert db.execute(select(File.name).where(good.is_(True))).scalars().all() == ["f7"]


def test_an_index_that_was_broken_off_is_made_anew(indexed: Database) -> None:
    with indexed.transactions.begin() as db:
        db.execute(table_of(MetadataKey).update().values(indexed=False))
    count = 0
    while ensure_metadata_indexes(indexed):
        count += 1
    assert count == 4
    assert "ix_file_metadata_" in plan_of(indexed, ANTENNA == 12)


def test_two_that_index_at_once_do_not_disturb_each_other(database: Database) -> None:
    with database.transactions.begin() as db:
        MetadataKeys(db).settle({f"k{number}": number for number in range(6)})

    def index_all(_: int) -> None:
        while ensure_metadata_indexes(database):
            pass

    with ThreadPoolExecutor(2) as executor:
        list(executor.map(index_all, range(2)))
    index_all(0)
    with database.readings.begin() as db:
        assert not db.execute(select(MetadataKey.id).where(~MetadataKey.indexed)).all()
