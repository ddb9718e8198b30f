"""Putting files on record in bulk: file, instance, event, observation, and the counts."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from catalog_service.arrivals import count_arrivals
from catalog_service.bulk import (
    Row,
    driver_time,
    execute_many,
    insert_or,
    insert_rows,
    new_keys,
    table_of,
)
from catalog_service.clock import database_time
from catalog_service.file_news import note_files
from catalog_service.observation_rules import ObservationFacts
from catalog_service.tables import File, FileEvent, Instance, Observation, ObservingSession, Store
from catalog_service.travelling_sessions import SessionFacts, attach_sessions
from librarian.names import file_type

_FILES = table_of(File)
_INSTANCES = table_of(Instance)
_EVENTS = table_of(FileEvent)
_OBSERVATIONS = table_of(Observation)
_OBSERVING_SESSIONS = table_of(ObservingSession)
_STORES = table_of(Store)

CREATE_INSTANCE = "create_instance"

_FILE_COLUMNS = (
    "id",
    "name",
    "type",
    "size_bytes",
    "checksum",
    "obsid",
    "create_time",
    "source",
    "instance_count",
    "metadata",
)
_INSTANCE_COLUMNS = (
    "file_id",
    "store_id",
    "file_name",
    "parent_dirs",
    "available",
    "deletion_allowed",
    "create_time",
    "verify_time",
)
_EVENT_COLUMNS = ("file_id", "time", "type", "payload")


class NewInstance(NamedTuple):
    """A copy to put on record, and what its file is."""

    file_name: str
    size_bytes: int
    checksum: str
    observation: ObservationFacts | None
    source: str
    store_id: int
    store_name: str
    parent_dirs: str
    deletion_allowed: bool = False
    # Of the file, when it is new; without a time it is now.
    metadata_json: str = "{}"
    create_time: datetime | None = None
    # Name of the neighbour that it came from, and the observing session it came with.
    came_from: str = ""
    observing_session: SessionFacts | None = None


def record_instances(
    db: Session, new: Sequence[NewInstance], known_file_ids: Mapping[str, int]
) -> None:
    """Put instances on record, and those of their files that are not on record yet.

    The caller has made sure that no file is named twice, that files of `known_file_ids` have the
    same contents, and that none of the instances is on record as available.
    """
    if not new:
        return
    unknown = [item for item in new if item.file_name not in known_file_ids]
    known = [item for item in new if item.file_name in known_file_ids]
    _record_observations(db, unknown)
    keys = new_keys(db, _FILES, len(unknown))
    file_ids = dict(zip((item.file_name for item in unknown), keys, strict=True))
    time = database_time(db)
    insert_rows(db, _FILES, _FILE_COLUMNS, _file_rows(db, unknown, file_ids, time))
    _insert_instances(db, unknown, file_ids, time)
    _upsert_instances(db, known, known_file_ids, time)
    file_ids |= known_file_ids
    insert_rows(db, _EVENTS, _EVENT_COLUMNS, _event_rows(new, file_ids, driver_time(db, time)))
    _count_more_instances(db, new, known_file_ids)
    # After the stores, whose rows keep those who count the same apart.
    count_arrivals(db, time, ((item.store_id, item.size_bytes) for item in unknown))
    note_files(db, (file_ids[item.file_name] for item in new))


def _file_rows(
    db: Session, new: Sequence[NewInstance], file_ids: Mapping[str, int], time: datetime
) -> list[tuple[Any, ...]]:
    now = driver_time(db, time)
    return [
        (
            file_ids[item.file_name],
            item.file_name,
            file_type(item.file_name),
            item.size_bytes,
            item.checksum,
            item.observation.obsid if item.observation else None,
            driver_time(db, item.create_time) if item.create_time else now,
            item.source,
            1,
            item.metadata_json,
        )
        for item in new
    ]


def _insert_instances(
    db: Session, new: Sequence[NewInstance], file_ids: Mapping[str, int], time: datetime
) -> None:
    now = driver_time(db, time)
    rows = [
        (
            file_ids[item.file_name],
            item.store_id,
            item.file_name,
            item.parent_dirs,
            True,
            item.deletion_allowed,
            now,
            now,
        )
        for item in new
    ]
    insert_rows(db, _INSTANCES, _INSTANCE_COLUMNS, rows)


def _upsert_instances(
    db: Session, new: Sequence[NewInstance], file_ids: Mapping[str, int], time: datetime
) -> None:
    """Put instances of known files on record; a copy that was gone from its place is back."""
    statement, columns = insert_or(db, _INSTANCES), _INSTANCES.c
    statement = statement.on_conflict_do_update(
        index_elements=[columns.file_id, columns.store_id, columns.parent_dirs],
        set_={"available": True, "verify_time": statement.excluded.verify_time},
    )
    rows: list[Row] = [
        {
            "file_id": file_ids[item.file_name],
            "store_id": item.store_id,
            "file_name": item.file_name,
            "parent_dirs": item.parent_dirs,
            "available": True,
            "deletion_allowed": item.deletion_allowed,
            "create_time": time,
            "verify_time": time,
        }
        for item in new
    ]
    execute_many(db, statement, rows)


def _event_rows(
    new: Sequence[NewInstance], file_ids: Mapping[str, int], time: Any
) -> list[tuple[Any, ...]]:
    @cache
    def payload(store_name: str, parent_dirs: str, came_from: str) -> str:
        details = {"store_name": store_name, "parent_dirs": parent_dirs}
        if came_from:
            details["came_from"] = came_from
        return json.dumps(details, ensure_ascii=False)

    return [
        (
            file_ids[item.file_name],
            time,
            CREATE_INSTANCE,
            payload(item.store_name, item.parent_dirs, item.came_from),
        )
        for item in new
    ]


def _count_more_instances(
    db: Session, new: Sequence[NewInstance], known_file_ids: Mapping[str, int]
) -> None:
    # By key, for others may count at the same time, and no two must wait for each other.
    known = sorted(known_file_ids[n.file_name] for n in new if n.file_name in known_file_ids)
    statement = update(_FILES).where(_FILES.c.id == bindparam("key"))
    statement = statement.values(instance_count=_FILES.c.instance_count + 1)
    execute_many(db, statement, [{"key": key} for key in known])
    counts = Counter(n.store_id for n in new)
    statement = update(_STORES).where(_STORES.c.id == bindparam("key"))
    statement = statement.values(instance_count=_STORES.c.instance_count + bindparam("count"))
    execute_many(db, statement, [{"key": k, "count": counts[k]} for k in sorted(counts)])


def _record_observations(db: Session, new: Sequence[NewInstance]) -> None:
    """Put observations on record or complete what is known of them, and count their new files."""
    rows: dict[int, Row] = {}
    for item in new:
        if item.observation is not None:
            row = rows.setdefault(item.observation.obsid, _observation_row(item.observation))
            row["file_count"] += 1
            row["total_bytes"] += item.size_bytes
    execute_many(db, _upsert_observation(db), [rows[obsid] for obsid in sorted(rows)])
    _count_in_observing_sessions(db, rows)
    attach_sessions(
        db,
        {
            item.observation.obsid: item.observing_session
            for item in new
            if item.observation is not None and item.observing_session is not None
        },
    )


def _observation_row(facts: ObservationFacts) -> Row:
    return {
        "obsid": facts.obsid,
        "start_time_jd": facts.start_time_jd,
        "stop_time_jd": facts.stop_time_jd,
        "start_lst_hr": facts.start_lst_hr,
        "file_count": 0,
        "total_bytes": 0,
    }


def _upsert_observation(db: Session) -> Any:
    statement = insert_or(db, _OBSERVATIONS)
    new, old = statement.excluded, _OBSERVATIONS.c
    return statement.on_conflict_do_update(
        index_elements=[old.obsid],
        set_={
            "stop_time_jd": func.coalesce(old.stop_time_jd, new.stop_time_jd),
            "start_lst_hr": func.coalesce(old.start_lst_hr, new.start_lst_hr),
            "file_count": old.file_count + new.file_count,
            "total_bytes": old.total_bytes + new.total_bytes,
        },
    )


def _count_in_observing_sessions(db: Session, rows: Mapping[int, Row]) -> None:
    columns = select(_OBSERVATIONS.c.obsid, _OBSERVATIONS.c.session_id)
    assigned = columns.where(
        _OBSERVATIONS.c.obsid.in_(list(rows)), _OBSERVATIONS.c.session_id.is_not(None)
    )
    counts: dict[int, Row] = defaultdict(lambda: {"files": 0, "bytes": 0})
    for obsid, session_id in db.execute(assigned) if rows else ():
        counts[session_id]["files"] += rows[obsid]["file_count"]
        counts[session_id]["bytes"] += rows[obsid]["total_bytes"]
    columns_of = _OBSERVING_SESSIONS.c
    statement = update(_OBSERVING_SESSIONS).where(columns_of.id == bindparam("key"))
    statement = statement.values(
        file_count=columns_of.file_count + bindparam("files"),
        total_bytes=columns_of.total_bytes + bindparam("bytes"),
    )
    execute_many(db, statement, [{"key": key, **counts[key]} for key in sorted(counts)])
