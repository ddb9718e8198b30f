"""What a search finds as a file that a browser keeps: made while it is sent, in constant memory."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, cast, get_args

from librarian.client.columns import METADATA_PREFIX, RecordColumn
from librarian.client.records import Instance, MetadataKey, Record
from librarian.client.table_files import CsvWriter, ParquetWriter, TableWriter, TypedColumn

BATCH_ROWS = 1000
# A spreadsheet takes a cell that begins like this for a formula, and runs it.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_METADATA_TYPES: dict[str, type] = {
    "TEXT": str,
    "NUMBER": float,
    "BOOLEAN": bool,
    "TIME": datetime,
}


class Outbox:
    """A file that is written to, and whose bytes are taken out of it meanwhile."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size_bytes = 0

    def write(self, data: Any) -> int:
        """Add bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._size_bytes += len(part)
        return len(part)

    def tell(self) -> int:
        """Return how many bytes were written in all."""
        return self._size_bytes

    def flush(self) -> None:
        """Do nothing: the bytes are taken out by `take`."""

    def close(self) -> None:
        """Do nothing: what is left is taken out by `take`."""

    def readable(self) -> bool:
        """Tell that nobody can read it like a file."""
        return False

    def writable(self) -> bool:
        """Tell that it is written to."""
        return True

    def seekable(self) -> bool:
        """Tell that what was written is gone."""
        return False

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def typed_columns(
    record: type[Record], columns: Iterable[RecordColumn], keys: Iterable[MetadataKey]
) -> list[TypedColumn]:
    """Return columns with the types of their values."""
    types: dict[str, Any] = {
        # What may be None is of its other type.
        field.name: next(iter(get_args(field.type)), field.type)
        for field in fields(record)
    }
    types |= {f"{METADATA_PREFIX}{key.name}": _METADATA_TYPES.get(key.type, str) for key in keys}
    return [
        TypedColumn(column, types.get(column.name, str))
        if isinstance(types.get(column.name, str), type)
        else TypedColumn(column, str)
        for column in columns
    ]


def write_table(
    records: Iterator[Record], columns: Sequence[TypedColumn], format: str
) -> Iterator[bytes]:
    """Yield the parts of a table, `csv` or `parquet`; raise LibrarianError without pyarrow."""
    outbox = Outbox()
    file = cast(BinaryIO, outbox)
    writer: TableWriter = (
        ParquetWriter(file, columns)
        if format == "parquet"
        else CsvWriter(file, [_harmless(column) for column in columns])
    )
    return _table_parts(records, writer, outbox)


def _table_parts(records: Iterator[Record], writer: TableWriter, outbox: Outbox) -> Iterator[bytes]:
    try:
        while batch := list(islice(records, BATCH_ROWS)):
            writer.write(batch)
            if part := outbox.take():
                yield part
        writer.close()
        yield outbox.take()
    except BaseException:
        writer.abandon()
        raise


def write_lines(records: Iterator[Record], line: Callable[[Any], str | None]) -> Iterator[bytes]:
    """Yield a line for each record that has one."""
    while batch := list(islice(records, BATCH_ROWS)):
        lines = [text for record in batch if (text := line(record)) is not None]
        yield "".join(f"{text}\n" for text in lines).encode()


def write_json(records: Iterator[Record]) -> Iterator[bytes]:
    """Yield the parts of a JSON array of records, one a line."""
    before = b"["
    while batch := list(islice(records, BATCH_ROWS)):
        text = ",\n".join(json.dumps(record.to_json(), ensure_ascii=False) for record in batch)
        yield before + b"\n" + text.encode()
        before = b","
    yield b"\n]\n" if before == b"," else b"[]\n"


def path_line(instance: Instance) -> str | None:
    """Return where a copy that can be read is, as `host:path`."""
    return f"{instance.host}:{instance.path}" if instance.state == "AVAILABLE" else None


def _harmless(column: TypedColumn) -> TypedColumn:
    """Return a column of texts that no spreadsheet takes for formulas."""
    if column.type is not str:
        return column
    read = column.column.read

    def harmless(record: Any) -> Any:
        value = read(record)
        is_formula = isinstance(value, str) and value.startswith(_FORMULA_SIGNS)
        return f"'{value}" if is_formula else value

    return TypedColumn(RecordColumn(column.name, harmless), str)
