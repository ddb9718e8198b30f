"""Observations on record."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from catalog_service.tables import File, Observation, ObservingSession
from librarian.errors import NotFoundError


class TypeCount(NamedTuple):
    """The files of one type."""

    type: str
    file_count: int
    total_bytes: int


def get_observation(db: Session, obsid: int) -> Observation:
    """Return an observation, or raise NotFoundError."""
    found = db.get(Observation, obsid)
    if found is None:
        raise NotFoundError(f"There is no observation {obsid} on record: correct the obsid.")
    return found


def get_observing_session(db: Session, session_id: int) -> ObservingSession:
    """Return an observing session, or raise NotFoundError."""
    found = db.get(ObservingSession, session_id)
    if found is None:
        raise NotFoundError(
            f"There is no observing session {session_id} on record: it is the obsid of its first"
            " observation."
        )
    return found


def count_observation_types(db: Session, obsid: int) -> list[TypeCount]:
    """Count an observation's files by type; raise NotFoundError."""
    get_observation(db, obsid)
    return _count_types(db, File.obsid == obsid)


def count_session_types(db: Session, session_id: int) -> list[TypeCount]:
    """Count an observing session's files by type."""
    mine = select(Observation.obsid).where(Observation.session_id == session_id)
    return _count_types(db, File.obsid.in_(mine))


def _count_types(db: Session, mine: ColumnElement[bool]) -> list[TypeCount]:
    size_bytes = func.coalesce(func.sum(File.size_bytes), 0)
    counts = select(File.type, func.count(), size_bytes).where(mine).group_by(File.type)
    return sorted(TypeCount(name, count, int(size)) for name, count, size in db.execute(counts))
