"""Comparisons of observations and observing sessions, as conditions on their tables."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from catalog_service.search.moments import julian_date
from catalog_service.search.spans import span_condition, span_of
from catalog_service.search.tree import Comparison
from catalog_service.tables import File, FileEvent, Observation, ObservingSession

_WHOLE_NUMBERS: Mapping[str, Any] = {
    "obsid": Observation.obsid,
    "session-id": Observation.session_id,
    "num-files": Observation.file_count,
    "total-size": Observation.total_bytes,
}
_NUMBERS: Mapping[str, Any] = {
    "start-time-jd": Observation.start_time_jd,
    "stop-time-jd": Observation.stop_time_jd,
    "start-lst-hr": Observation.start_lst_hr,
    "duration": Observation.stop_time_jd - Observation.start_time_jd,
}
_SESSION_WHOLE_NUMBERS: Mapping[str, Any] = {
    "session-id": ObservingSession.id,
    "num-obs": ObservingSession.observation_count,
    "num-files": ObservingSession.file_count,
    "total-size": ObservingSession.total_bytes,
}
_SESSION_NUMBERS: Mapping[str, Any] = {
    "start-time-jd": ObservingSession.start_time_jd,
    "stop-time-jd": ObservingSession.stop_time_jd,
    "duration": ObservingSession.stop_time_jd - ObservingSession.start_time_jd,
}


def observation_condition(
    clause: Comparison, *, negated: bool, now: datetime
) -> ColumnElement[bool]:
    """Return the condition that an observation compares, or is known not to."""
    return _number_condition(clause, _WHOLE_NUMBERS, _NUMBERS, negated=negated, now=now)


def session_condition(clause: Comparison, *, negated: bool, now: datetime) -> ColumnElement[bool]:
    """Return the condition that an observing session compares, or is known not to."""
    if clause.attribute == "event":
        found = _a_file_has_event(str(clause.value))
        return found if negated else ~found
    if clause.attribute == "age":
        # Turned around, so that the column stands alone.
        span, inside = span_of(clause.operator, clause.value)
        stop: Any = ObservingSession.stop_time_jd
        return span_condition(stop, span.before(julian_date(now, now)), inside=inside != negated)
    return _number_condition(
        clause, _SESSION_WHOLE_NUMBERS, _SESSION_NUMBERS, negated=negated, now=now
    )


def _number_condition(
    clause: Comparison,
    whole_numbers: Mapping[str, Any],
    numbers: Mapping[str, Any],
    *,
    negated: bool,
    now: datetime,
) -> ColumnElement[bool]:
    value: Any = clause.value
    value = (
        tuple(julian_date(end, now) for end in value)
        if isinstance(value, tuple)
        else julian_date(value, now)
    )
    span, inside = span_of(clause.operator, value)
    if clause.attribute in whole_numbers:
        column, span = whole_numbers[clause.attribute], span.whole()
    else:
        column = numbers[clause.attribute]
    return span_condition(column, span, inside=inside != negated)


def _a_file_has_event(event_type: str) -> ColumnElement[bool]:
    return (
        select(FileEvent.id)
        .join(File, File.id == FileEvent.file_id)
        .join(Observation, Observation.obsid == File.obsid)
        .where(Observation.session_id == ObservingSession.id, FileEvent.type == event_type)
        .correlate(ObservingSession)
        .exists()
    )
