"""The columns of results: which there are, how they are headed, and what they sort by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from librarian.client.columns import (
    METADATA,
    METADATA_PREFIX,
    RecordColumn,
    all_columns,
    check_metadata_keys,
    choose_columns,
    metadata_column,
)
from librarian.client.records import File, MetadataKey, Observation, ObservingSession, Record
from librarian.client.searches import ItemKind
from web_frontend.searching.queries import Query

RECORDS: Mapping[ItemKind, type[Record]] = {
    "files": File,
    "observations": Observation,
    "sessions": ObservingSession,
}
_SHOWN: Mapping[ItemKind, Sequence[str]] = {
    "files": ("name", "size_bytes", "create_time", "obsid", "type", "instance_count"),
    "observations": (
        "obsid",
        "start_time_jd",
        "stop_time_jd",
        "start_lst_hr",
        "session_id",
        "file_count",
        "total_bytes",
    ),
    "sessions": (
        "id",
        "start_time_jd",
        "stop_time_jd",
        "observation_count",
        "file_count",
        "total_bytes",
    ),
}
# By what the service sorts; the first is the order when none is asked for.
ORDERS: Mapping[ItemKind, Mapping[str, str]] = {
    "files": {
        "name": "name",
        "create-time": "time put on record",
        "size": "size",
        "obsid": "observation",
        "start-time": "start of the observation",
    },
    "observations": {"obsid": "obsid", "start-time": "start"},
    "sessions": {"session-id": "session", "start-time": "start"},
}
_ORDER_OF: Mapping[ItemKind, Mapping[str, str]] = {
    "files": {
        "name": "name",
        "create_time": "create-time",
        "size_bytes": "size",
        "obsid": "obsid",
    },
    "observations": {"obsid": "obsid", "start_time_jd": "start-time"},
    "sessions": {"id": "session-id", "start_time_jd": "start-time"},
}
_TITLES: Mapping[str, str] = {
    "name": "Name",
    "type": "Type",
    "size_bytes": "Size",
    "checksum": "Checksum",
    "obsid": "Observation",
    "create_time": "Put on record (UTC)",
    "source": "Source",
    "instance_count": "Copies",
    METADATA: "Metadata",
    "id": "Session",
    "session_id": "Session",
    "start_time_jd": "Start (UTC)",
    "stop_time_jd": "Stop (UTC)",
    "start_lst_hr": "LST",
    "observation_count": "Observations",
    "file_count": "Files",
    "total_bytes": "Size",
}
_RIGHT = frozenset(
    {"size_bytes", "instance_count", "observation_count", "file_count", "total_bytes"}
)


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column as the page of results has it."""

    column: RecordColumn
    title: str
    right: bool
    # What its head leads to; empty when nothing sorts by it.
    order: str = ""
    # How it is sorted now: `ascending`, `descending` or not at all.
    sorted: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.column.name


def chosen_columns(query: Query, keys: Iterable[MetadataKey]) -> list[RecordColumn]:
    """Return the columns that an address asks for, or the usual; raise InvalidRequestError."""
    names = query.columns or _SHOWN[query.kind]
    columns = choose_columns(RECORDS[query.kind], names)
    if any(column.name.startswith(METADATA_PREFIX) for column in columns):
        check_metadata_keys(columns, {key.name for key in keys})
    return columns


def shown_columns(query: Query, columns: Iterable[RecordColumn]) -> list[ShownColumn]:
    """Return columns with their heads."""
    return [_shown(query, column) for column in columns]


def offered_columns(kind: ItemKind, keys: Iterable[MetadataKey]) -> list[tuple[str, str]]:
    """Return names and titles of all columns that can be chosen."""
    columns = all_columns(RECORDS[kind])
    if kind == "files":
        columns += [metadata_column(key.name) for key in keys]
    return [(column.name, column_title(column)) for column in columns]


def column_title(column: RecordColumn) -> str:
    """Return the head of a column."""
    return _TITLES.get(column.name, column.name.removeprefix(METADATA_PREFIX))


def _shown(query: Query, column: RecordColumn) -> ShownColumn:
    key = _ORDER_OF[query.kind].get(column.name, "")
    current, _, direction = query.order.partition(",")
    first = next(iter(ORDERS[query.kind]))
    is_sorted = bool(key) and key == (current.strip() or first)
    falls = direction.strip() == "desc"
    return ShownColumn(
        column,
        column_title(column),
        column.name in _RIGHT,
        f"{key},desc" if is_sorted and not falls else key,
        ("descending" if falls else "ascending") if is_sorted else "",
    )
