"""A catalogue with something in it to search for, served to clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from catalog_service.database import Database
from catalog_service.metadata import update_metadata
from catalog_service.tables import File, Observation, ObservingSession
from tests.catalog_service.staging_rows import NOW, add_agent, add_instance, add_store, opened
from tests.catalog_service.staging_site import Served, served

FIRST_OBSID = 1_222_852_410
START_JD = 2_458_396.5
NIGHT_METADATA: dict[str, str | float | bool | datetime] = {
    "antenna": 12,
    "quality": 0.5,
    "good": True,
    "observer": "é",
    "night": datetime(2018, 10, 5, 4, 3, 2, 1, UTC),
}


@contextmanager
def searched_site(database_url: str, threads: int = 64) -> Iterator[Served]:
    """Serve a database with a site in it."""
    with opened(database_url) as database, served(database, threads) as site:
        yield site


def put_night(database: Database) -> None:
    """Put an observing session of two observations on record, with two files; and a log."""
    with database.transactions.begin() as db:
        db.add(
            ObservingSession(
                id=FIRST_OBSID,
                start_time_jd=START_JD,
                stop_time_jd=START_JD + 0.02,
                observation_count=2,
                file_count=2,
                total_bytes=3000,
            )
        )
        db.flush()
        for number in range(2):
            db.add(
                Observation(
                    obsid=FIRST_OBSID + 600 * number,
                    start_time_jd=START_JD + 0.01 * number,
                    stop_time_jd=START_JD + 0.01 if number == 0 else None,
                    start_lst_hr=3.25 if number == 0 else None,
                    session_id=FIRST_OBSID,
                    file_count=1,
                    total_bytes=1000 * (number + 1),
                )
            )
        db.flush()
        store = add_store(db, add_agent(db))
        names = ["zen.1.uvh5", "zen.2.uvh5", "operations.log"]
        files = [
            File(**{**_file(name, number), "instance_count": 0})
            for number, name in enumerate(names)
        ]
        files[2].obsid = None
        db.add_all(files)
        db.flush()
        for file in files[:2]:
            add_instance(db, file, store, "2458396")


def put_files(database: Database, names: list[str], **changes: object) -> None:
    """Put files of no observation on record."""
    with database.transactions.begin() as db:
        rows = [
            {**_file(name, number), "obsid": None, **changes} for number, name in enumerate(names)
        ]
        db.execute(insert(File), rows)


def put_metadata(database: Database, name: str) -> None:
    """Give a file metadata of every type."""
    with database.transactions.begin() as db:
        update_metadata(db, name, NIGHT_METADATA, [])


def create_time(number: int) -> datetime:
    """Return when the file of a number was put on record."""
    return NOW + timedelta(seconds=number, microseconds=number)


def _file(name: str, number: int) -> dict[str, object]:
    return {
        "name": name,
        "type": name.rpartition(".")[2],
        "size_bytes": 1000 * (number + 1),
        "checksum": "blake3:00",
        "obsid": FIRST_OBSID + 600 * number,
        "create_time": create_time(number),
        "source": "telescope",
        "instance_count": 1 if number < 2 else 0,
    }
