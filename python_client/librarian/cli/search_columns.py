"""How the columns of what a search finds look to a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from librarian.cli.output import Column, format_size
from librarian.client.columns import RecordColumn

_MINUTE = "%Y-%m-%d %H:%M"


def shown_column(column: RecordColumn, *, spare: bool = False) -> Column:
    """Return the head of a column."""
    title, right, _ = _LOOKS.get(column.name, (column.name, False, _show_value))
    return Column(title, right, spare)


def shown_cells(columns: Sequence[RecordColumn]) -> Callable[[Any], list[str]]:
    """Return what makes a record a row of a table."""
    parts = [(c.read, _LOOKS[c.name][2] if c.name in _LOOKS else _show_value) for c in columns]
    return lambda record: [_show_known(show, read(record)) for read, show in parts]


def _show_known(show: Callable[[Any], str], value: Any) -> str:
    return "" if value is None else show(value)


def _show_value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case float():
            return f"{value:.10g}"
        case dict():
            return " ".join(f"{key}={_show_value(item)}" for key, item in sorted(value.items()))
        case _:
            return str(value)


def _show_minute(moment: datetime) -> str:
    """Show no seconds: with them, a file's row does not fit into 80 columns."""
    return moment.astimezone(UTC).strftime(_MINUTE)


_LOOKS: Mapping[str, tuple[str, bool, Callable[[Any], str]]] = {
    "name": ("Name", False, str),
    "type": ("Type", False, str),
    "size_bytes": ("Size", True, format_size),
    "checksum": ("Checksum", False, str),
    "obsid": ("Obsid", True, str),
    "create_time": ("Created (UTC)", False, _show_minute),
    "source": ("Source", False, str),
    "instance_count": ("Copies", True, str),
    "metadata": ("Metadata", False, _show_value),
    "id": ("Session", True, str),
    "session_id": ("Session", True, str),
    "start_time_jd": ("Start (JD)", True, "{:.5f}".format),
    "stop_time_jd": ("Stop (JD)", True, "{:.5f}".format),
    "start_lst_hr": ("LST (h)", True, "{:.4f}".format),
    "observation_count": ("Observations", True, str),
    "file_count": ("Files", True, str),
    "total_bytes": ("Size", True, format_size),
    "file_name": ("Name", False, str),
    "store": ("Store", False, str),
    "parent_dirs": ("Directories", False, str),
    "host": ("Host", False, str),
    "path": ("Path", False, str),
    "state": ("State", False, str.lower),
    "deletion_policy": ("Deletion", False, str.lower),
}
