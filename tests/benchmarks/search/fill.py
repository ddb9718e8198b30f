"""Filling a catalogue's database with the made one: in bulk, past all that slows single rows.

What belongs to the schema is what the migrations made: indexes are taken away for the filling and
made anew, each by its own definition.
"""

import io
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from catalog_service.database import open_database
from catalog_service.tables import Agent, MetadataKey, Store
from tests.benchmarks.search.catalogue import METADATA_KEYS, STORES, Columns, Night, make_nights

TABLES = ("observing_session", "observation", "file", "instance", "file_event")
_KEYED = ("file", "instance", "file_event")
_HOST = "pots.example.org"
_NIGHTS_AT_ONCE = 10


def fill(database_url: str, size: int) -> float:
    """Fill a new, migrated database with about so many files; return the seconds that it took."""
    began = time.monotonic()
    database = open_database(database_url)
    try:
        with database.transactions.begin() as db:
            store_ids = _add_places(db)
        load = _fill_sqlite if database.is_sqlite else _fill_postgres
        load(database.engine, size, store_ids)
        with database.transactions.begin() as db:
            _count_on_stores(db)
    finally:
        database.dispose()
    return time.monotonic() - began


def forget_newer_files(database_url: str, last_file_id: int) -> None:
    """Take away the files after that one: a catalogue is measured again as it was filled."""
    database = open_database(database_url)
    try:
        with database.engine.connect() as connection:
            for table, key in (("file_event", "file_id"), ("instance", "file_id"), ("file", "id")):
                statement = f"DELETE FROM {table} WHERE {key} > {last_file_id}"  # noqa: S608
                connection.exec_driver_sql(statement)
            connection.commit()
        with database.engine.connect() as connection:
            if not database.is_sqlite:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("VACUUM (ANALYZE) file, instance, file_event")
    finally:
        database.dispose()


def _add_places(db: Session) -> list[int]:
    agent = Agent(
        name="pots",
        host=_HOST,
        address=f"{_HOST}:21107",
        tls=False,
        staging_prefix="",
        ticket_key=b"",
        version="",
        report_time=datetime.now(UTC),
    )
    db.add(agent)
    db.flush()
    stores = [
        Store(
            name=name,
            store_id=f"made-{name}",
            agent_id=agent.id,
            root=f"/{name}",
            enabled=True,
            ingestible=False,
        )
        for name in STORES
    ]
    db.add_all(stores)
    db.add_all(MetadataKey(name=name, type=kind) for name, kind in METADATA_KEYS.items())
    db.flush()
    return [store.id for store in stores]


def _count_on_stores(db: Session) -> None:
    connection = db.connection()
    connection.exec_driver_sql(
        "UPDATE store SET instance_count ="
        " (SELECT count(*) FROM instance WHERE store_id = store.id AND available)"
    )


def _fill_postgres(engine: Engine, size: int, store_ids: list[int]) -> None:
    where = engine.url.query["host"], engine.url.username, engine.url.database
    with closing(psycopg2.connect(host=where[0], user=where[1], dbname=where[2])) as db:
        db.autocommit = True
        cursor = db.cursor()
        cursor.execute("SET timezone = 'UTC'")
        # All that the rows refer to comes with them.
        cursor.execute("SET session_replication_role = replica")
        with _without_postgres_indexes(cursor):
            for nights in _batches(make_nights(size, store_ids)):
                _copy(cursor, nights)
        for table in _KEYED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"  # noqa: S608
                f" (SELECT max(id) FROM {table}))"
            )
        cursor.execute("VACUUM (ANALYZE)")


def _batches(nights: Iterator[Night]) -> Iterator[list[Night]]:
    waiting: list[Night] = []
    for number, night in enumerate(nights, start=1):
        waiting.append(night)
        if len(waiting) == _NIGHTS_AT_ONCE:
            yield waiting
            waiting = []
        if number % 500 == 0:
            _tell(f"{number} nights are filled")
    if waiting:
        yield waiting


def _copy(cursor: Any, nights: list[Night]) -> None:
    for table in TABLES:
        text = "".join(_copied_text(night.tables[table]) for night in nights)
        columns = ", ".join(nights[0].tables[table])
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text))


def _copied_text(columns: Columns) -> str:
    texts = [[r"\N" if value is None else str(value) for value in c] for c in columns.values()]
    return "".join("\t".join(row) + "\n" for row in zip(*texts, strict=True))


@contextmanager
def _without_postgres_indexes(cursor: Any) -> Iterator[None]:
    """Take away the indexes that are no constraints, and make them again after the filling."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND tablename = ANY (%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (list(TABLES),),
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for name, definition in indexes:
        began = time.monotonic()
        cursor.execute(definition)
        _tell(f"{name} took {time.monotonic() - began:.0f} s")


def _fill_sqlite(engine: Engine, size: int, store_ids: list[int]) -> None:
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as db:
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
            db.execute(f"PRAGMA {pragma}")
        indexes = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        db.execute("BEGIN IMMEDIATE")
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        for night in make_nights(size, store_ids):
            for table in TABLES:
                _insert(db, table, night.tables[table])
        for _, definition in indexes:
            db.execute(definition)
        db.execute("COMMIT")
        db.execute("ANALYZE")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(db: sqlite3.Connection, table: str, columns: Columns) -> None:
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    db.executemany(statement, zip(*columns.values(), strict=True))


def _tell(line: str) -> None:
    print(json.dumps({"filling": line}), file=sys.stderr, flush=True)
