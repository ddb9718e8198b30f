"""Where else files are believed to be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from catalog_service.bulk import table_of
from catalog_service.database import Database, open_database
from catalog_service.librarians import find_librarian_by_site, get_librarian, list_librarians
from catalog_service.remote_instances import (
    add_remote_instances,
    list_remote_instances,
    remove_remote_instances,
)
from catalog_service.tables import File, Librarian, RemoteInstance
from librarian.errors import UnknownFileError, UnknownLibrarianError

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=9)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return a catalogue's database with two neighbours and ten files, 1 to 10."""
    opened = open_database(database_url)
    with opened.transactions.begin() as db:
        for name in ("karoo", "minnesota"):
            add_librarian(db, name, site_id=f"site-{name}")
        rows = [
            {
                "id": number,
                "name": f"zen.{number}",
                "type": str(number),
                "size_bytes": 1,
                "checksum": "md5:0",
                "create_time": NOW,
                "source": "test",
            }
            for number in range(1, 11)
        ]
        db.execute(insert(table_of(File)), rows)
    yield opened
    opened.dispose()


def add_librarian(db: object, name: str, **changes: object) -> None:
    values = {
        "name": name,
        "url": "localhost:1",
        "tls": False,
        "account_name": "here",
        "secret": b"",
        "create_time": NOW,
    }
    db.execute(insert(Librarian).values({**values, **changes}))  # type: ignore[attr-defined]


def test_each_file_counts_once_however_often_it_is_confirmed(database: Database) -> None:
    with database.transactions.begin() as db:
        karoo = get_librarian(db, "karoo").id
        assert add_remote_instances(db, karoo, [1, 2, 3]) == 3
        assert add_remote_instances(db, karoo, [3, 4, 3]) == 1
        assert add_remote_instances(db, karoo, []) == 0
    with database.transactions.begin() as db:
        assert get_librarian(db, "karoo").remote_instance_count == 4
        assert get_librarian(db, "minnesota").remote_instance_count == 0


def test_what_is_confirmed_again_has_the_later_time(database: Database) -> None:
    with database.transactions.begin() as db:
        karoo = get_librarian(db, "karoo").id
        add_remote_instances(db, karoo, [1, 2])
        db.execute(update(RemoteInstance).values(confirm_time=LONG_AGO))
        add_remote_instances(db, karoo, [1])
    with database.transactions.begin() as db:
        (again,) = list_remote_instances(db, "zen.1")
        (other,) = list_remote_instances(db, "zen.2")
    assert again.confirm_time >= NOW
    assert other.confirm_time == LONG_AGO


def test_what_is_believed_no_more_is_gone_and_not_counted(database: Database) -> None:
    with database.transactions.begin() as db:
        karoo, minnesota = (get_librarian(db, name).id for name in ("karoo", "minnesota"))
        add_remote_instances(db, karoo, range(1, 11))
        add_remote_instances(db, minnesota, [1])
        assert remove_remote_instances(db, karoo, [1, 2]) == 2
        assert remove_remote_instances(db, karoo, [1, 2]) == 0
    with database.transactions.begin() as db:
        assert get_librarian(db, "karoo").remote_instance_count == 8
        assert db.scalar(select(func.count()).select_from(RemoteInstance)) == 9
        assert [place.librarian_name for place in list_remote_instances(db, "zen.1")] == [
            "minnesota"
        ]


def test_a_file_that_is_not_on_record_is_not_recorded_elsewhere(database: Database) -> None:
    with database.transactions.begin() as db:
        assert add_remote_instances(db, get_librarian(db, "karoo").id, [10, 11]) == 1


def test_remote_instances_of_no_file_are_refused(database: Database) -> None:
    with database.transactions.begin() as db, pytest.raises(UnknownFileError):
        list_remote_instances(db, "zen.nowhere")


@pytest.mark.parametrize("name", ["nowhere", "", "a\0b", "karoo\n", 65 * "x"])
def test_a_name_that_no_librarian_has_is_said_to_be_unknown(database: Database, name: str) -> None:
    with database.transactions.begin() as db, pytest.raises(UnknownLibrarianError):
        get_librarian(db, name)


def test_a_librarian_is_found_by_its_site(database: Database) -> None:
    with database.transactions.begin() as db:
        add_librarian(db, "unknown")
        found = find_librarian_by_site(db, "site-karoo")
        assert found is not None
        assert found.name == "karoo"
        assert find_librarian_by_site(db, "") is None
        assert find_librarian_by_site(db, "site-nowhere") is None
        assert [one.name for one in list_librarians(db)] == ["karoo", "minnesota", "unknown"]
