"""Observing sessions that came with files from a neighbour."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import Row, execute_many, insert_or, table_of
from catalog_service.observation_rules import ObservationFacts, check_facts
from catalog_service.observing_sessions import add_to_counts, write_owners
from catalog_service.tables import Observation, ObservingSession
from librarian.errors import InvalidRequestError

_OBSERVATIONS = table_of(Observation)
_OBSERVING_SESSIONS = table_of(ObservingSession)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """An observing session, as the neighbour has it on record."""

    id: int
    start_time_jd: float
    stop_time_jd: float


def check_session(facts: SessionFacts) -> SessionFacts:
    """Return an observing session unchanged, or raise InvalidRequestError."""
    try:
        check_facts(ObservationFacts(facts.id, facts.start_time_jd, facts.stop_time_jd))
    except InvalidRequestError as error:
        raise InvalidRequestError(f"The observing session {facts.id} cannot be: {error}") from None
    return facts


def attach_sessions(db: Session, sessions: Mapping[int, SessionFacts]) -> None:
    """Put observations into the observing sessions they came with, given by obsid.

    What this site has grouped by itself stays as it is. The caller has locked the observations.
    """
    columns = _OBSERVATIONS.c
    alone = select(_OBSERVATIONS).where(columns.obsid.in_(list(sessions)))
    alone = alone.where(columns.session_id.is_(None)).order_by(columns.obsid)
    rows = db.execute(alone).all() if sessions else []
    known = _known_spans(db, [sessions[row.obsid] for row in rows])
    counts: dict[int, Row] = {}
    owners: list[Row] = []
    for row in rows:
        key = sessions[row.obsid].id
        start_time_jd, stop_time_jd = known[key]
        # This site's own of that id may be another group: then it is left to the next grouping.
        if start_time_jd <= row.start_time_jd <= stop_time_jd:
            owners.append({"key": row.obsid, "owner": key})
            sums = counts.setdefault(key, {"key": key, "observations": 0, "files": 0, "bytes": 0})
            sums["observations"] += 1
            sums["files"] += row.file_count
            sums["bytes"] += row.total_bytes
    write_owners(db, owners)
    add_to_counts(db, [counts[key] for key in sorted(counts)])


def _known_spans(db: Session, sessions: list[SessionFacts]) -> dict[int, tuple[float, float]]:
    """Put sessions on record that are not yet; return when those of the ids start and stop."""
    new = {facts.id: facts for facts in sessions}
    rows: list[Row] = [
        {
            "id": facts.id,
            "start_time_jd": facts.start_time_jd,
            "stop_time_jd": facts.stop_time_jd,
            "observation_count": 0,
            "file_count": 0,
            "total_bytes": 0,
        }
        for _, facts in sorted(new.items())
    ]
    columns = _OBSERVING_SESSIONS.c
    statement = insert_or(db, _OBSERVING_SESSIONS)
    execute_many(db, statement.on_conflict_do_nothing(index_elements=[columns.id]), rows)
    spans = select(columns.id, columns.start_time_jd, columns.stop_time_jd)
    found = db.execute(spans.where(columns.id.in_(list(new)))) if new else ()
    return {key: (start_time_jd, stop_time_jd) for key, start_time_jd, stop_time_jd in found}
