"""Observing sessions: runs of adjoining observations, found from the times of their starts."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import Row as Selected
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import Row, execute_many, is_sqlite, table_of
from catalog_service.tables import Observation, ObservingSession
from librarian.errors import InvalidRequestError, StateError

_OBSERVATIONS = table_of(Observation)
_OBSERVING_SESSIONS = table_of(ObservingSession)
# Number of the PostgreSQL lock that keeps two assignments apart.
_ASSIGNMENT_LOCK = 0x4C696273

_GAP_FACTOR = 20
_MIN_GAP_DAYS = 1 / (24 * 60)
_MAX_GAP_DAYS = 0.5


@dataclass(frozen=True)
class Assignment:
    """What an assignment did: observing sessions by start, and who joined known ones."""

    new_sessions: Sequence[ObservingSession]
    joined_count: int


def assign_sessions(
    db: Session, min_start_time_jd: float | None, max_start_time_jd: float | None
) -> Assignment:
    """Group observations that belong to no observing session yet.

    Raises StateError when the last observation has no stop time.
    """
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_ASSIGNMENT_LOCK)))
    observations = _unassigned(db, min_start_time_jd, max_start_time_jd)
    if observations and observations[-1].stop_time_jd is None:
        raise StateError(
            f"Observation {observations[-1].obsid}, the last one, has no stop time: wait until the"
            " telescope is done, or leave it out by max_start_time_jd."
        )
    known = _KnownSessions(db)
    owners = [known.owner_of(observation) for observation in observations]
    joined = [pair for pair in zip(observations, owners, strict=True) if pair[1] is not None]
    _join(db, joined)
    alone = [o for o, owner in zip(observations, owners, strict=True) if owner is None]
    return Assignment(_begin(db, cut_into_groups(alone)), len(joined))


def cut_into_groups(observations: Sequence[Any]) -> list[list[Any]]:
    """Cut observations, sorted by start, where the gap between two starts is large.

    Large is 20 times the group's first gap, but at least a minute and at most half a day.
    """
    groups: list[list[Any]] = []
    limit_days: float | None = None
    for observation in observations:
        if not groups:
            groups.append([observation])
            continue
        gap_days = observation.start_time_jd - groups[-1][-1].start_time_jd
        if limit_days is None:
            limit_days = min(max(_GAP_FACTOR * gap_days, _MIN_GAP_DAYS), _MAX_GAP_DAYS)
        if gap_days >= limit_days:
            groups.append([observation])
            limit_days = None
        else:
            groups[-1].append(observation)
    return groups


def _unassigned(
    db: Session, min_start_time_jd: float | None, max_start_time_jd: float | None
) -> Sequence[Selected[Any]]:
    columns = _OBSERVATIONS.c
    for limit in (min_start_time_jd, max_start_time_jd):
        if limit is not None and limit != limit:
            raise InvalidRequestError("A limit must be a Julian date, in days.")
    statement = select(_OBSERVATIONS).where(columns.session_id.is_(None))
    if min_start_time_jd is not None:
        statement = statement.where(columns.start_time_jd >= min_start_time_jd)
    if max_start_time_jd is not None:
        statement = statement.where(columns.start_time_jd <= max_start_time_jd)
    # Locked, for files that come in meanwhile count in the observation's observing session.
    statement = statement.order_by(columns.obsid).with_for_update()
    return sorted(db.execute(statement).all(), key=lambda row: (row.start_time_jd, row.obsid))


class _KnownSessions:
    """Finds the observing session that wholly holds an observation, by bisection.

    They may overlap, so for each the one that lasts longest of all that began no later is kept.
    """

    def __init__(self, db: Session) -> None:
        columns = _OBSERVING_SESSIONS.c
        statement = select(columns.start_time_jd, columns.stop_time_jd, columns.id)
        rows = db.execute(statement.order_by(columns.start_time_jd, columns.id)).all()
        self._starts = [row[0] for row in rows]
        self._longest = list(accumulate(((stop, key) for _, stop, key in rows), max))

    def owner_of(self, observation: Selected[Any]) -> int | None:
        """Return the id of the observing session that holds an observation, if any does."""
        place = bisect_right(self._starts, observation.start_time_jd) - 1
        if place < 0 or observation.stop_time_jd is None:
            return None
        stop_time_jd, key = self._longest[place]
        return key if observation.stop_time_jd <= stop_time_jd else None


def _join(db: Session, joined: Sequence[tuple[Selected[Any], int | None]]) -> None:
    sums: dict[int | None, Row] = {}
    for observation, key in joined:
        row = sums.setdefault(key, {"key": key, "observations": 0, "files": 0, "bytes": 0})
        row["observations"] += 1
        row["files"] += observation.file_count
        row["bytes"] += observation.total_bytes
    add_to_counts(db, list(sums.values()))
    write_owners(db, [{"key": o.obsid, "owner": key} for o, key in joined])


def _begin(db: Session, groups: Sequence[Sequence[Selected[Any]]]) -> list[ObservingSession]:
    rows = [_session_row(group) for group in groups]
    execute_many(db, insert(_OBSERVING_SESSIONS), rows)
    owners = [
        {"key": observation.obsid, "owner": row["id"]}
        for row, group in zip(rows, groups, strict=True)
        for observation in group
    ]
    write_owners(db, owners)
    return [ObservingSession(**row) for row in rows]


def _session_row(group: Sequence[Selected[Any]]) -> Row:
    return {
        "id": group[0].obsid,
        "start_time_jd": group[0].start_time_jd,
        "stop_time_jd": max(o.stop_time_jd or o.start_time_jd for o in group),
        "observation_count": len(group),
        "file_count": sum(o.file_count for o in group),
        "total_bytes": sum(o.total_bytes for o in group),
    }


def add_to_counts(db: Session, rows: list[Row]) -> None:
    """Add to what sessions count: `observations`, `files` and `bytes`, by the session's `key`."""
    columns = _OBSERVING_SESSIONS.c
    statement = update(_OBSERVING_SESSIONS).where(columns.id == bindparam("key"))
    statement = statement.values(
        observation_count=columns.observation_count + bindparam("observations"),
        file_count=columns.file_count + bindparam("files"),
        total_bytes=columns.total_bytes + bindparam("bytes"),
    )
    execute_many(db, statement, rows)


def write_owners(db: Session, rows: list[Row]) -> None:
    """Give observations, by `key`, the sessions that own them: `owner`."""
    statement = update(_OBSERVATIONS).where(_OBSERVATIONS.c.obsid == bindparam("key"))
    execute_many(db, statement.values(session_id=bindparam("owner")), rows)
