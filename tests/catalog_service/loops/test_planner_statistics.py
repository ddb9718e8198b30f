"""Statistics of SQLite's planner: learned beside what else goes on."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text

from catalog_service.database import Database, open_database
from catalog_service.loops.planner_statistics import PlannerStatistics
from catalog_service.tables import File


@dataclass(frozen=True)
class Parts:
    database: Database


@pytest.fixture
def parts(sqlite_url: str) -> Parts:
    return Parts(open_database(sqlite_url))


def put_files(database: Database, first: int) -> None:
    row = {"type": "uv", "size_bytes": 1, "checksum": "md5:00", "source": "ann"}
    row["create_time"] = datetime.now(UTC)
    rows = [{"name": f"zen.{first + number}.uv", **row} for number in range(2000)]
    with database.transactions.begin() as db:
        db.execute(insert(File), rows)


def known_rows(database: Database) -> int:
    """Return how many files the planner of a connection that reads reckons with."""
    names = text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'file' AND idx LIKE '%autoindex%'")
    with database.readings.begin() as db:
        return int(db.execute(names).scalar_one().split()[0])


def test_what_is_there_is_learned_and_what_came_since(parts: Parts) -> None:
    put_files(parts.database, 0)
    loop = PlannerStatistics(parts)
    assert not loop.run_once()
    before = known_rows(parts.database)
    put_files(parts.database, 2000)
    loop.run_once()
    assert 0 < before < known_rows(parts.database)


def test_what_is_being_read_meanwhile_goes_on(parts: Parts) -> None:
    put_files(parts.database, 0)
    with parts.database.readings.begin() as db:
        rows = db.execute(select(File.name).order_by(File.name).execution_options(yield_per=10))
        first = next(rows)
        PlannerStatistics(parts).run_once()
        assert len([first, *rows]) == 2000
