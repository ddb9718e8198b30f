"""Putting beside a filled catalogue's files what else its pages show; once, and found again."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from catalog_service.bulk import table_of
from catalog_service.database import Database, open_database
from catalog_service.tables import (
    Account,
    File,
    FileEvent,
    Instance,
    Job,
    Librarian,
    Observation,
    ObservingSession,
    StandingOrder,
    Store,
    StoreUsage,
    Transfer,
    TransferBatch,
)
from tests.benchmarks.search.catalogue import FIRST_NIGHT, night_count
from tests.benchmarks.web.site_rows import FIRST_KEY, LATER, ORDERS, all_rows, usage_rows, utc_now
from tests.benchmarks.web.transfer_rows import add_transfers, remove_transfers, transfer_count

BUSY_FILES, EVENTS_A_FILE, COPIES_A_FILE = 60, 1000, 20
# So many nights have 100,000 files; no observing session is that long unless it was made so.
LARGE_SESSIONS, NIGHTS_A_LARGE_ONE, OBSERVATIONS_OF_A_LARGE_ONE = 3, 31, 200
SUSPECTS = 250
_AT_ONCE = 5000
# By the first of these that a table has, what was made in it is known.
_KEYS = ("token_id", "job_id", "account_id", "librarian_id", "id")
_MADE = "made by the benchmark"


def fill(database_url: str, size: int) -> None:
    """Put there what is not there yet, and let what is under way last a day from now."""
    database = open_database(database_url)
    try:
        began = time.monotonic()
        if not _is_filled(database, size):
            with database.engine.begin() as connection:
                _remove(connection)
            with database.engine.begin() as connection:
                _add(connection, size)
            _tidy(database)
            print(f"Filled for the pages in {time.monotonic() - began:.0f} s.", file=sys.stderr)
        with database.engine.begin() as connection:
            _keep_still(connection)
    finally:
        database.dispose()


def busy_files(size: int) -> list[int]:
    """Return the keys of files to which much happened."""
    return [(number + 1) * size // (BUSY_FILES + 2) for number in range(BUSY_FILES)]


def _is_filled(database: Database, size: int) -> bool:
    orders = select(StandingOrder.id).where(StandingOrder.id >= FIRST_KEY)
    with database.engine.connect() as connection:
        return _count(connection, orders) == ORDERS and _count(
            connection, select(Transfer.id)
        ) >= transfer_count(size)


def _count(connection: Connection, rows: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def _remove(connection: Connection) -> None:
    """Take away what an earlier filling has left, and another benchmark has taken a part of."""
    remove_transfers(connection)
    now = utc_now()
    for noun, _ in reversed(all_rows(now, 1)):
        table = table_of(noun)
        key = next(name for name in _KEYS if name in table.c)
        is_made = table.c[key].like("made%") if key == "token_id" else table.c[key] >= FIRST_KEY
        connection.execute(delete(table).where(is_made))
    connection.execute(delete(table_of(StoreUsage)))


def _add(connection: Connection, size: int) -> None:
    now = utc_now()
    for noun, rows in all_rows(now, night_count(size)):
        _insert(connection, noun, rows)
    _tell("rows")
    stores = connection.execute(select(Store.id, Store.instance_count)).tuples()
    _insert(connection, StoreUsage, usage_rows(now, stores))
    add_transfers(connection, size, now)
    _tell("transfers")
    _add_busy_files(connection, size)
    _mark_suspects(connection)
    _join_sessions(connection, size)


def _insert(connection: Connection, noun: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    for part in _parts(rows):
        connection.execute(insert(table_of(noun)), part)


def _parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while part := [dict(row) for row in islice(source, _AT_ONCE)]:
        yield part


def _add_busy_files(connection: Connection, size: int) -> None:
    ids = busy_files(size)
    instances = table_of(Instance)
    made = select(instances.c.id).where(
        instances.c.file_id == ids[0], instances.c.parent_dirs.like("made/%")
    )
    if connection.execute(made).first():
        return
    found = connection.execute(select(File.id, File.name).where(File.id.in_(ids)))
    names = {id: name for id, name in found}
    now = utc_now()
    _insert(
        connection,
        FileEvent,
        (
            {
                "file_id": id,
                "time": now - timedelta(hours=EVENTS_A_FILE - number),
                "type": ("verify_contents", "launch_copy", "rtp.processed")[number % 3],
                "payload": json.dumps({"note": _MADE, "number": number}),
            }
            for id in ids
            for number in range(EVENTS_A_FILE)
        ),
    )
    _insert(
        connection,
        Instance,
        (
            {
                "file_id": id,
                "store_id": 1 + number % 6,
                "file_name": names[id],
                "parent_dirs": f"made/{number}",
                "available": True,
                "deletion_allowed": False,
                "create_time": now,
            }
            for id in ids
            for number in range(COPIES_A_FILE)
        ),
    )
    more = File.instance_count + COPIES_A_FILE
    connection.execute(update(File).where(File.id.in_(ids)).values(instance_count=more))


def _mark_suspects(connection: Connection) -> None:
    chosen = select(Instance.id).where(Instance.id % 997 == 5, Instance.id < 997 * SUSPECTS)
    problem = "Its checksum differs from the record."
    connection.execute(update(Instance).where(Instance.id.in_(chosen)).values(problem=problem))


def _join_sessions(connection: Connection, size: int) -> None:
    """Make a few observing sessions of as many nights as have 100,000 files."""
    is_large = ObservingSession.observation_count > OBSERVATIONS_OF_A_LARGE_ONE
    if connection.execute(select(ObservingSession.id).where(is_large)).first():
        return
    nights = night_count(size)
    for number in range(LARGE_SESSIONS):
        first = FIRST_NIGHT + (number + 1) * nights // (LARGE_SESSIONS + 1)
        _join(connection, first, first + min(NIGHTS_A_LARGE_ONE, nights // LARGE_SESSIONS - 1))


def _join(connection: Connection, first: int, end: int) -> None:
    within = (ObservingSession.start_time_jd >= first, ObservingSession.start_time_jd < end)
    ids = [id for (id,) in connection.execute(select(ObservingSession.id).where(*within)).tuples()]
    kept = min(ids)
    observed = Observation.session_id.in_(ids)
    connection.execute(update(Observation).where(observed).values(session_id=kept))
    totals = select(
        func.max(ObservingSession.stop_time_jd),
        func.sum(ObservingSession.observation_count),
        func.sum(ObservingSession.file_count),
        func.sum(ObservingSession.total_bytes),
    ).where(ObservingSession.id.in_(ids))
    stop, observations, files, total = connection.execute(totals).one()
    values = {
        "stop_time_jd": stop,
        "observation_count": int(observations),
        "file_count": int(files),
        "total_bytes": int(total),
    }
    connection.execute(update(ObservingSession).where(ObservingSession.id == kept).values(**values))
    rest = [id for id in ids if id != kept]
    connection.execute(delete(ObservingSession).where(ObservingSession.id.in_(rest)))


def _tidy(database: Database) -> None:
    """Let the database know its new sizes, and go on behind the keys that were given."""
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if database.is_sqlite:
            connection.execute(text("ANALYZE"))
            return
        for noun in (Librarian, StandingOrder, Account, Job):
            name = table_of(noun).name
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'),"  # noqa: S608
                    f" (SELECT max(id) FROM {name}))"
                )
            )
        connection.execute(text("VACUUM (ANALYZE)"))


def _keep_still(connection: Connection) -> None:
    """Have nothing begin by itself while pages are measured, however long ago it was filled."""
    now = utc_now()
    later = now + LATER
    connection.execute(update(StandingOrder).values(fill_time=now))
    connection.execute(update(Librarian).values(reconcile_time=now))
    connection.execute(update(TransferBatch).values(lease_until=later))
    running = (Job.id > FIRST_KEY, Job.state == "RUNNING")
    connection.execute(update(Job).where(*running).values(lease_until=later))
    waiting = (Job.id > FIRST_KEY, Job.state == "QUEUED")
    connection.execute(update(Job).where(*waiting).values(run_time=later))


def _tell(what: str) -> None:
    print(f"{what} are there", file=sys.stderr, flush=True)
