"""Tables in files: CSV and Parquet, written a batch at a time."""

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, BinaryIO, Protocol

from librarian.client.columns import RecordColumn, csv_value
from librarian.client.records import Record
from librarian.errors import LibrarianError

# Rows of a Parquet file that are compressed together, and must be in memory at once.
_ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column whose values are all of one type, or None."""

    column: RecordColumn
    type: type

    @property
    def name(self) -> str:
        """Its name in the file."""
        return self.column.name

    def values(self, rows: Sequence[Record]) -> list[Any]:
        """Return the values of rows as the type has them; what is structured becomes JSON."""
        read = self.column.read
        if self.type is str:
            return [
                csv_value(value) if isinstance(value, dict) else value for value in map(read, rows)
            ]
        if self.type is float:
            return [None if value is None else float(value) for value in map(read, rows)]
        return list(map(read, rows))


class TableWriter(Protocol):
    """Writes rows into an open file."""

    def write(self, rows: Sequence[Record]) -> None:
        """Add rows."""

    def close(self) -> None:
        """Write what is left, and the file's end."""

    def abandon(self) -> None:
        """Let go of the file, which will not be whole."""


class CsvWriter:
    """Writes CSV as RFC 4180 has it: a header, then a row each, in UTF-8."""

    def __init__(self, file: BinaryIO, columns: Sequence[TypedColumn]) -> None:
        self._file = file
        self._reads = [column.column.read for column in columns]
        self._write_rows([[column.name for column in columns]])

    def write(self, rows: Sequence[Record]) -> None:
        """Add rows."""
        reads = self._reads
        self._write_rows([csv_value(read(row)) for read in reads] for row in rows)

    def close(self) -> None:
        """Do nothing: the file is its owner's."""

    abandon = close

    def _write_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode())


class ParquetWriter:
    """Writes Parquet, a row group at a time, so that memory does not grow with the rows."""

    def __init__(self, file: BinaryIO, columns: Sequence[TypedColumn]) -> None:
        self._arrow, parquet = import_parquet()
        self._columns = columns
        types = [(column.name, self._arrow_type(column.type)) for column in columns]
        self._schema = self._arrow.schema(types)
        self._batches: list[Any] = []
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Record]) -> None:
        """Add rows."""
        arrays = [
            self._arrow.array(column.values(rows), field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        self._batches.append(self._arrow.record_batch(arrays, schema=self._schema))
        if sum(batch.num_rows for batch in self._batches) >= _ROW_GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        """Write what is left, and the file's end."""
        if self._batches:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the file, which will not be whole."""
        with suppress(Exception):
            self._writer.close()
        # It would try again, and complain on stderr, when it is collected.
        self._writer.is_open = False

    def _write_group(self) -> None:
        table = self._arrow.Table.from_batches(self._batches, self._schema)
        self._batches = []
        self._writer.write_table(table, row_group_size=table.num_rows)

    def _arrow_type(self, kind: type) -> Any:
        if kind is datetime:
            return self._arrow.timestamp("us", tz="UTC")
        return {
            bool: self._arrow.bool_(),
            int: self._arrow.int64(),
            float: self._arrow.float64(),
        }.get(kind, self._arrow.string())


def import_parquet() -> tuple[Any, Any]:
    """Import pyarrow late: who exports no Parquet does without it."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise LibrarianError(
            "Parquet needs pyarrow, which is not here: run `pip install 'librarian[tables]'`, or"
            " export CSV."
        ) from error
