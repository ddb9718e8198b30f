"""Comparisons of files, as conditions on their table."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, not_, select, true

from catalog_service.search.attributes import METADATA_PREFIX
from catalog_service.search.lookups import KnownLibrarian, KnownStore, Lookups
from catalog_service.search.metadata_conditions import has_metadata, metadata_condition
from catalog_service.search.moments import moment
from catalog_service.search.spans import Span, span_condition, span_of
from catalog_service.search.text_conditions import text_condition
from catalog_service.search.tree import Comparison
from catalog_service.tables import File, FileEvent, Instance, RemoteInstance

OF_OBSERVATION = {"start-time-jd", "stop-time-jd", "start-lst-hr", "session-id"}

_TEXTS: Mapping[str, Any] = {
    "name": File.name,
    "type": File.type,
    "source": File.source,
    "checksum": File.checksum,
}
_WHOLE_NUMBERS: Mapping[str, Any] = {
    "size": File.size_bytes,
    "obsid": File.obsid,
    "num-instances": File.instance_count,
}

# So many instances are looked up one by one more quickly than they are met among all files.
_FEW_INSTANCES = 20_000


def file_condition(clause: Comparison, *, negated: bool, lookups: Lookups) -> ColumnElement[bool]:
    """Return the condition that a file compares, or is known not to.

    The attributes OF_OBSERVATION are not the file's own.
    """
    if clause.attribute.startswith(METADATA_PREFIX):
        return metadata_condition(clause, negated=negated, lookups=lookups)
    if clause.attribute in _TEXTS:
        column = _TEXTS[clause.attribute]
        return text_condition(column, clause.operator, clause.value, negated=negated)
    if clause.operator in ("has", "lacks", "is-null"):
        return _what_it_has(clause, lookups, wanted=(clause.operator == "lacks") == negated)
    if clause.attribute == "create-time":
        return _create_time(clause, lookups, negated=negated)
    span, inside = span_of(clause.operator, clause.value)
    if clause.attribute == "num-unavailable-instances":
        return _unavailable_instances(span.whole(), inside=inside != negated)
    column = _WHOLE_NUMBERS[clause.attribute]
    return span_condition(column, span.whole(), inside=inside != negated)


def _what_it_has(clause: Comparison, lookups: Lookups, *, wanted: bool) -> ColumnElement[bool]:
    match clause.attribute:
        case "obsid":
            return File.obsid.is_(None) if wanted else File.obsid.is_not(None)
        case "store":
            found = _available_on(lookups.store(clause), wanted=wanted)
        case "event":
            found = _has_event(str(clause.value), lookups, wanted=wanted)
        case "metadata":
            found = has_metadata(clause, lookups)
        case "librarian":
            found = _believed_at(lookups.librarian(clause), wanted=wanted)
        case _:
            raise ValueError(f"No condition is known for {clause.attribute!r}.")
    return found if wanted else not_(found)


def _of_file(table: Any) -> Select[Any]:
    """Select of a table what belongs to the file of the query around it, and to no other."""
    return select(table.id).where(table.file_id == File.id).correlate(File)


def _has_event(event_type: str, lookups: Lookups, *, wanted: bool) -> ColumnElement[bool]:
    of_type = FileEvent.type == event_type
    if wanted and lookups.is_rare_event(event_type):
        # SQLite goes through all files by name, unless it is told to begin at the events.
        matching: ColumnElement[bool] = File.id.in_(select(FileEvent.file_id).where(of_type))
        return matching
    return _of_file(FileEvent).where(of_type).exists()


def _available_on(store: KnownStore, *, wanted: bool) -> ColumnElement[bool]:
    on_store = (Instance.store_id == store.id, Instance.available)
    if wanted and store.instance_count <= _FEW_INSTANCES:
        # SQLite goes through all files by name, unless it is told to begin at the instances.
        instances = select(Instance.file_id).where(*on_store).correlate(None)
        matching: ColumnElement[bool] = File.id.in_(instances)
        return matching
    return _of_file(Instance).where(*on_store).exists()


def _believed_at(librarian: KnownLibrarian, *, wanted: bool) -> ColumnElement[bool]:
    there = RemoteInstance.librarian_id == librarian.id
    if wanted and librarian.remote_instance_count <= _FEW_INSTANCES:
        remote_instances = select(RemoteInstance.file_id).where(there).correlate(None)
        matching: ColumnElement[bool] = File.id.in_(remote_instances)
        return matching
    of_file = select(RemoteInstance.file_id).where(RemoteInstance.file_id == File.id)
    return of_file.correlate(File).where(there).exists()


def _create_time(clause: Comparison, lookups: Lookups, *, negated: bool) -> ColumnElement[bool]:
    value: Any = clause.value
    time = moment(value, lookups.now)
    if clause.operator == "newer-than":
        return File.create_time <= time if negated else File.create_time > time
    return File.create_time >= time if negated else File.create_time < time


def _unavailable_instances(span: Span, *, inside: bool) -> ColumnElement[bool]:
    """Return the condition on a number that no column keeps; most ask whether there is one."""
    unavailable = _of_file(Instance).where(~Instance.available)
    low, high = max(span.low or 0, 0), span.high
    if (high is None and low <= 1) or (low == 0 and high == 0):
        if low == 0 and high is None:
            return true() if inside else false()
        there_is_one = unavailable.exists()
        return there_is_one if inside == (low == 1) else ~there_is_one
    count = unavailable.with_only_columns(func.count()).scalar_subquery()
    return span_condition(count, Span(low, high), inside=inside)
