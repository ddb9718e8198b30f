"""Records as tables: pandas data frames and astropy tables, a column for each field."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib import import_module
from operator import attrgetter
from typing import Any

from librarian.client.records import Record
from librarian.errors import LibrarianError

_METADATA = "metadata"
_METADATA_PREFIX = "meta."

_PANDAS_TYPES: dict[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "int64",
    int | None: "Int64",
    float: "float64",
    float | None: "float64",
    datetime: "datetime64[us, UTC]",
    datetime | None: "datetime64[us, UTC]",
}
_NUMPY_TYPES: dict[Any, Any] = {
    str: str,
    bool: bool,
    int: "int64",
    int | None: "int64",
    float: "float64",
    float | None: "float64",
}
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
# What the end of a field's name says of its values.
_UNITS = {"_bytes": "byte", "_lst_hr": "hourangle"}


@dataclass(frozen=True)
class _Column:
    name: str
    # As a field of a record would have it.
    type: Any
    values: Sequence[Any]

    @property
    def unit(self) -> str | None:
        ends = (unit for end, unit in _UNITS.items() if self.name.endswith(end))
        return None if self.name.startswith(_METADATA_PREFIX) else next(ends, None)


def make_frame(record: type[Record], items: Iterable[Record]) -> Any:
    """Return records of one kind as a pandas DataFrame."""
    pandas = _import("pandas")
    columns = {
        column.name: pandas.Series(column.values, dtype=_PANDAS_TYPES[column.type])
        for column in _columns(record, list(items))
    }
    return pandas.DataFrame(columns)


def make_table(record: type[Record], items: Iterable[Record]) -> Any:
    """Return records of one kind as an astropy Table; what is not known is masked."""
    table = _import("astropy.table")
    columns = _columns(record, list(items))
    with warnings.catch_warnings():
        # Leap seconds are announced for some months only; a record may tell of later years.
        warnings.filterwarnings("ignore", message=".*dubious year")
        return table.Table({column.name: _astropy_column(column) for column in columns})


def _import(name: str) -> Any:
    """Import late: most who search want no table, and do without these libraries."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise LibrarianError(
            f"Tables need {name.partition('.')[0]}, which is not here: run"
            " `pip install 'librarian[tables]'`."
        ) from error


def _columns(record: type[Record], items: Sequence[Any]) -> list[_Column]:
    columns = [
        _Column(field.name, field.type, list(map(attrgetter(field.name), items)))
        for field in fields(record)
        if field.name != _METADATA
    ]
    if any(field.name == _METADATA for field in fields(record)):
        columns += _metadata_columns([item.metadata for item in items])
    return columns


def _metadata_columns(metadata: Sequence[dict[str, Any]]) -> list[_Column]:
    keys = sorted(set().union(*metadata))
    return [_metadata_column(key, [values.get(key) for values in metadata]) for key in keys]


def _metadata_column(key: str, values: Sequence[Any]) -> _Column:
    kinds = {type(value) for value in values if value is not None}
    # A number of metadata is a float that may be whole.
    kind = float if kinds <= {int, float} else kinds.pop()
    return _Column(f"{_METADATA_PREFIX}{key}", kind, values)


def _astropy_column(column: _Column) -> Any:
    if column.type in (datetime, datetime | None):
        return _times(column.values)
    table, numpy = _import("astropy.table"), _import("numpy")
    kind = _NUMPY_TYPES[column.type]
    is_unknown = [value is None for value in column.values]
    filler = kind() if callable(kind) else 0
    known = [filler if value is None else value for value in column.values]
    array = numpy.array(known, dtype=kind)
    if column.name.endswith("_time_jd"):
        return _julian_dates(numpy.ma.array(array, mask=is_unknown) if any(is_unknown) else array)
    if any(is_unknown):
        return table.MaskedColumn(array, mask=is_unknown, unit=column.unit)
    return table.Column(array, unit=column.unit)


def _times(values: Sequence[datetime | None]) -> Any:
    numpy = _import("numpy")
    is_unknown = [value is None for value in values]
    known = [(value or _NO_TIME).replace(tzinfo=None) for value in values]
    array = numpy.array(known, dtype="datetime64[us]")
    given = numpy.ma.array(array, mask=is_unknown) if any(is_unknown) else array
    times = _import("astropy.time").Time(given, format="datetime64", scale="utc", precision=6)
    times.format = "isot"
    return times


def _julian_dates(given: Any) -> Any:
    return _import("astropy.time").Time(given, format="jd", scale="utc")
