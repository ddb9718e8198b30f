"""Columns: what of a record is shown or exported, chosen by name."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from difflib import get_close_matches
from operator import attrgetter
from typing import Any

from librarian.client.records import File, Record, to_json
from librarian.errors import InvalidRequestError

METADATA = "metadata"
METADATA_PREFIX = "meta."

# Other names for the same: those that searches and their orders have.
_ALIASES = {
    "size": "size_bytes",
    "created": "create_time",
    "copies": "instance_count",
    "instances": "instance_count",
    "num_instances": "instance_count",
    "num_files": "file_count",
    "files": "file_count",
    "num_obs": "observation_count",
    "total_size": "total_bytes",
    "start_time": "start_time_jd",
    "stop_time": "stop_time_jd",
    "session_id": "id",
    "name": "file_name",
}


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """A column: its name, and what reads its value from a record."""

    name: str
    read: Callable[[Any], Any]

    @property
    def needs_metadata(self) -> bool:
        """Whether its values are known only when a search asks for metadata."""
        return self.name == METADATA or self.name.startswith(METADATA_PREFIX)


def all_columns(record: type[Record]) -> list[RecordColumn]:
    """Return a column for each field of a kind of record, but not metadata."""
    return [RecordColumn(name, attrgetter(name)) for name in _field_names(record)]


def metadata_column(key: str) -> RecordColumn:
    """Return the column of one key of metadata; a file that lacks it has None."""
    return RecordColumn(f"{METADATA_PREFIX}{key}", lambda file: file.metadata.get(key))


def choose_columns(record: type[Record], names: Iterable[str]) -> list[RecordColumn]:
    """Return the columns of these names, in this order; `-` may stand for `_`.

    Raises InvalidRequestError naming the nearest when there is none of a name.
    """
    chosen = [_find_column(record, name.strip()) for name in names]
    found = [column.name for column in chosen]
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice:
        raise InvalidRequestError(f"The column {twice!r} is given twice: leave one away.")
    return chosen


def check_metadata_keys(columns: Iterable[RecordColumn], keys: Collection[str]) -> None:
    """Raise InvalidRequestError when a column is of a metadata key that a site does not have."""
    for column in columns:
        key = column.name.removeprefix(METADATA_PREFIX)
        if column.name.startswith(METADATA_PREFIX) and key not in keys:
            raise _unknown(key, sorted(keys), METADATA_PREFIX)


def csv_value(value: Any) -> Any:
    """Return a value as a field of CSV: exact, times in ISO 8601, nothing for what is unknown."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case dict():
            return json.dumps(json_value(value), ensure_ascii=False)
        case _:
            return value


def json_value(value: Any) -> Any:
    """Return a value as JSON's own types."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return to_json(value)


def _find_column(record: type[Record], name: str) -> RecordColumn:
    known = [*_field_names(record), *([METADATA] if record is File else [])]
    if record is File and name.startswith(METADATA_PREFIX) and name != METADATA_PREFIX:
        return metadata_column(name.removeprefix(METADATA_PREFIX))
    plain = name.replace("-", "_")
    for candidate in (plain, _ALIASES.get(plain)):
        if candidate in known:
            return RecordColumn(candidate, attrgetter(candidate))
    raise _unknown(name, known)


def _field_names(record: type[Record]) -> list[str]:
    return [field.name for field in fields(record) if field.name != METADATA]


def _unknown(name: str, known: Sequence[str], prefix: str = "") -> InvalidRequestError:
    near = [prefix + one for one in get_close_matches(name.replace("-", "_"), known, n=3)]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif known:
        hint = f"there are {', '.join(prefix + one for one in known)}."
    else:
        hint = "this site has no metadata keys."
    return InvalidRequestError(f"There is no column {prefix + name!r}: {hint}")
