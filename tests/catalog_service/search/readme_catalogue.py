"""The catalogue of the examples in the description of the search language, as its tables say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from catalog_service.tables import (
    File,
    FileEvent,
    Instance,
    Librarian,
    MetadataKey,
    Observation,
    ObservingSession,
    RemoteInstance,
)
from tests.catalog_service.staging_rows import add_agent, add_store

FIRST, SECOND, THIRD = 1225829885, 1225895058, 1225903699


@dataclass(frozen=True)
class Row:
    """A file of the table."""

    name: str
    size_bytes: int
    source: str
    obsid: int | None
    put_on_record: datetime | None
    available_on: tuple[str, ...] = ()
    lost_on: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


def _day(day: int, hour: int = 3) -> datetime:
    return datetime(2018, 11, day, hour, tzinfo=UTC)


# What was put on record at no time of the table was so a day before the search.
FILES = {
    "A": Row(
        "zen.2458432.34569.HH.uvh5",
        5_200_000_000,
        "correlator",
        FIRST,
        _day(10),
        ("pot1", "pot2"),
        (),
        ("rtp.processed",),
        {"antenna": 12, "pol": "xx", "good": True, "seen": "2018-11-12T08:30:00.000000Z"},
    ),
    "B": Row(
        "zen.2458432.34569.HH.uv",
        1_300_000_000,
        "rtp",
        FIRST,
        _day(10, 12),
        ("pot1",),
        ("pot2",),
        (),
        {"antenna": 12, "pol": "yy"},
    ),
    "C": Row(
        "zen.2458433.10001.xx.HH.uvh5",
        5_000_000_000,
        "correlator",
        SECOND,
        _day(11),
        ("pot2",),
        (),
        ("rtp.processed", "rtp.failed"),
        {"antenna": 40.5, "pol": "XX", "good": False},
    ),
    "D": Row(
        "zen.2458433.20002.xx.HH.uvh5",
        4_000_000_000,
        "correlator",
        THIRD,
        _day(11, 12),
        (),
        ("pot1", "pot2"),
    ),
    "E": Row("calibration_table_100%.txt", 4096, "Ann", None, None, ("pot1",)),
    "F": Row("ZEN.notes #2.txt", 0, "ann", None, None),
}
# Believed to be at the librarian `karoo`.
AT_KAROO = ("A", "D")
OBSERVATIONS: dict[str, dict[str, Any]] = {
    "1": {
        "obsid": FIRST,
        "start_time_jd": 2458432.34569,
        "stop_time_jd": 2458432.35319,
        "start_lst_hr": 23.5,
        "session_id": FIRST,
        "file_count": 2,
        "total_bytes": 6_500_000_000,
    },
    "2": {
        "obsid": SECOND,
        "start_time_jd": 2458433.10001,
        "stop_time_jd": 2458433.12501,
        "start_lst_hr": 0.5,
        "session_id": SECOND,
        "file_count": 1,
        "total_bytes": 5_000_000_000,
    },
    # Its stop and its LST are not known.
    "3": {
        "obsid": THIRD,
        "start_time_jd": 2458433.20002,
        "stop_time_jd": None,
        "start_lst_hr": None,
        "session_id": SECOND,
        "file_count": 1,
        "total_bytes": 4_000_000_000,
    },
}
SESSIONS: dict[str, dict[str, Any]] = {
    "S": {
        "id": FIRST,
        "start_time_jd": 2458432.34569,
        "stop_time_jd": 2458432.35319,
        "observation_count": 1,
        "file_count": 2,
        "total_bytes": 6_500_000_000,
    },
    "T": {
        "id": SECOND,
        "start_time_jd": 2458433.10001,
        "stop_time_jd": 2458433.22502,
        "observation_count": 2,
        "file_count": 2,
        "total_bytes": 9_000_000_000,
    },
}
_KEYS = {"antenna": "NUMBER", "pol": "TEXT", "good": "BOOLEAN", "seen": "TIME"}


def put_on_record(db: Session) -> None:
    """Write all that the tables say."""
    now = datetime.now(UTC)
    db.execute(insert(ObservingSession), list(SESSIONS.values()))
    db.execute(insert(Observation), list(OBSERVATIONS.values()))
    db.execute(insert(MetadataKey), [{"name": n, "type": t} for n, t in _KEYS.items()])
    agent = add_agent(db)
    stores = {name: add_store(db, agent, name).id for name in ("pot1", "pot2")}
    for key, row in enumerate(FILES.values(), start=1):
        _put_file(db, key, row, stores, row.put_on_record or now - timedelta(days=1))
    _put_neighbour(db, now)


def _put_neighbour(db: Session, now: datetime) -> None:
    neighbour = Librarian(
        name="karoo", url="karoo:1", tls=True, account_name="here", secret=b"", create_time=now
    )
    db.add(neighbour)
    db.flush()
    for key, (label, row) in enumerate(FILES.items(), start=1):
        if label in AT_KAROO:
            there = {"file_id": key, "file_name": row.name, "librarian_id": neighbour.id}
            db.add(RemoteInstance(**there, confirm_time=now))


def _put_file(db: Session, key: int, row: Row, stores: Mapping[str, int], time: datetime) -> None:
    db.add(
        File(
            id=key,
            name=row.name,
            type=row.name.rpartition(".")[2],
            size_bytes=row.size_bytes,
            checksum=f"md5:{key:032x}",
            obsid=row.obsid,
            create_time=time,
            source=row.source,
            instance_count=len(row.available_on),
            custom=row.metadata,
        )
    )
    db.flush()
    db.add_all(
        Instance(
            file_id=key,
            store_id=stores[store],
            parent_dirs="",
            deletion_allowed=False,
            available=store in row.available_on,
            create_time=time,
        )
        for store in row.available_on + row.lost_on
    )
    db.add_all(FileEvent(file_id=key, time=time, type=t, payload="{}") for t in row.events)
