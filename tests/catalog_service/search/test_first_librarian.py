"""The searches of the first Librarian's manual find what its text says, as they stand there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_search
from catalog_service.tables import File, FileEvent, Observation, ObservingSession

FILES, OBSERVATIONS, SESSIONS = ItemKind.FILES, ItemKind.OBSERVATIONS, ItemKind.SESSIONS
KEYS: dict[ItemKind, Any] = {
    FILES: File.name,
    OBSERVATIONS: Observation.obsid,
    SESSIONS: ObservingSession.id,
}
JD = 2457644.5
# Of 57 and of 56 observations; the last has no file with an event.
SESSION_ROWS = [
    {"id": 1164855000, "start_time_jd": JD, "stop_time_jd": JD + 0.5, "observation_count": 57},
    {"id": 1164956000, "start_time_jd": JD, "stop_time_jd": JD + 0.5, "observation_count": 56},
]
# Obsid, LST, files, observing session.
OBSERVATION_ROWS = [
    (1164855000, 12.0, 2592, 1164855000),
    (1164856000, 12.01, 2591, 1164855000),
    (1164956000, 12.02, 1, 1164956000),
    (1165000000, None, 1, None),
]
# Name, bytes, instances, obsid, days since it was put on record.
FILE_ROWS: list[tuple[str, int, int, int | None, float]] = [
    ("zen.2457644.31415.xx.HH.uvc", 99, 1, 1164855000, 1),
    ("zen.2457644.31416.xx.HH.uvc", 100, 0, 1164855000, 2.9),
    ("zen.2458002.22551.xx.uv", 200, 1, 1164856000, 3.1),
    ("zen.24572xx.HH.uv", 5_000_000_000, 1, 1164956000, 6.9),
    ("zen.24572.11111.xx.HH.uv", 5_000_000_001, 1, 1165000000, 7.1),
    ("a.bad_ants", 2, 3, None, 20),
    ("b.bad_ants", 12345, 2, None, 20),
    ("blooga", 201, 0, None, 20),
    ("librarian.pgdump", 202, 1, None, 20),
]
NAMES = [row[0] for row in FILE_ROWS]
ZEN = NAMES[:5]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Fill a database of each kind with files that each search tells apart."""
    if request.param == "sqlite":
        from catalog_service.migrate import upgrade

        url = f"sqlite:///{tmp_path_factory.mktemp('first') / 'catalog.sqlite'}"
        upgrade(url)
    else:
        cluster = request.getfixturevalue("postgres_cluster")
        template = request.getfixturevalue("postgres_template")
        cluster.create_database("first_librarian", template=template)
        url = cluster.url("first_librarian")
    opened = open_database(url)
    fill(opened)
    yield opened
    opened.dispose()


def fill(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transactions.begin() as db:
        db.execute(insert(ObservingSession), SESSION_ROWS)
        for number, lst, count, observing_session in OBSERVATION_ROWS:
            observed: dict[str, Any] = {
                "obsid": number,
                "start_time_jd": JD,
                "start_lst_hr": lst,
                "file_count": count,
            }
            db.execute(insert(Observation).values(**observed, session_id=observing_session))
        for key, (name, size, instances, obsid, days) in enumerate(FILE_ROWS, start=1):
            row: dict[str, Any] = {
                "id": key,
                "name": name,
                "type": name.rpartition(".")[2],
                "size_bytes": size,
            }
            row |= {"checksum": "md5:00", "obsid": obsid, "create_time": now - timedelta(days)}
            db.execute(insert(File).values(**row, source="hera", instance_count=instances))
        event = {"time": now, "type": "create_instance", "payload": "{}"}
        db.execute(insert(FileEvent).values(file_id=1, **event))


def find(database: Database, item: ItemKind, search: str) -> list[Any]:
    compiled = compile_search(database, search, account_name="ann", item=item)
    key = KEYS[item]
    with database.readings.begin() as db:
        return list(db.execute(select(key).where(compiled.condition).order_by(key)).scalars())


@pytest.mark.parametrize(
    ("item", "search", "expected"),
    [
        (
            FILES,
            '{"name-matches": "zen.2457644.%.xx.HH.uvc", "num-instances-greater-than": 0,}',
            NAMES[:1],
        ),
        (
            FILES,
            '{"and": {"name-matches": "%.bad_ants", "num-instances-greater-than": 2,}}',
            ["a.bad_ants"],
        ),
        (
            FILES,
            '{"or": {"size-greater-than": 5000000000,'
            ' "name-is-exactly": "zen.2458002.22551.xx.uv",}}',
            ["zen.24572.11111.xx.HH.uv", "zen.2458002.22551.xx.uv"],
        ),
        (FILES, '{"none-of": {"name-matches": "zen.%"}}', NAMES[5:]),
        (FILES, '{"none-of": {"always-true": []}}', []),
        (FILES, '{"always-false": []}', []),
        (FILES, '{"size-is-exactly": 12345}', ["b.bad_ants"]),
        (FILES, '{"name-is-exactly": "zen.2458002.22551.xx.uv"}', ["zen.2458002.22551.xx.uv"]),
        (FILES, '{"size-is-not": 2, "name-matches": "%.bad_ants"}', ["b.bad_ants"]),
        (FILES, '{"name-matches": "zen.24572%xx.HH.uv"}', sorted(NAMES[3:5])),
        (FILES, '{"name-matches": "blooga%"}', ["blooga"]),
        (FILES, '{"size-greater-than": 5000000000}', ["zen.24572.11111.xx.HH.uv"]),
        (FILES, '{"num-instances-less-than": 1}', ["blooga", NAMES[1]]),
        (FILES, '{"size-in-range": [100, 200]}', NAMES[1:3]),
        (
            FILES,
            '{"size-not-in-range": [100, 5000000000]}',
            ["a.bad_ants", "zen.24572.11111.xx.HH.uv", NAMES[0]],
        ),
        (
            FILES,
            '{"start-lst-hr-in-range": [12.00, 12.01], "name-matches": "%.xx.uv"}',
            ["zen.2458002.22551.xx.uv"],
        ),
        (FILES, '{"not-older-than": 3}', NAMES[:2]),
        (FILES, '{"not-newer-than": 3, "not-older-than": 7}', sorted(NAMES[2:4])),
        (
            FILES,
            '{"name-like": "%.xx.uv", "obs-matches":'
            ' {"obsid-in-range": [1164855000, 1164856000], "num-files-is-not": 2592}}',
            ["zen.2458002.22551.xx.uv"],
        ),
        (FILES, '{"name-like": "%.pgdump", "obsid-is-null": ""}', ["librarian.pgdump"]),
        # Files without what is asked for never match, whichever way it is asked.
        (FILES, '{"session-id-is-not": 1}', sorted(ZEN[:4])),
        (FILES, '{"none-of": {"start-lst-hr-greater-than": 12.015}}', sorted(NAMES[:3])),
        (OBSERVATIONS, '{"start-lst-hr-in-range": [12.00, 12.01],}', [1164855000, 1164856000]),
        (SESSIONS, '{"num-obs-is-exactly": 57,}', [1164855000]),
        (SESSIONS, '{"no-file-has-event": "create_instance"}', [1164956000]),
    ],
)
def test_a_search_of_the_manual_finds_what_it_says(
    database: Database, item: ItemKind, search: str, expected: list[Any]
) -> None:
    assert find(database, item, search) == sorted(expected)
