"""Exports: the catalogue's files with their metadata, as a table for analysis elsewhere."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, get_args

from librarian.client.columns import (
    METADATA,
    METADATA_PREFIX,
    all_columns,
    check_metadata_keys,
    choose_columns,
    metadata_column,
)
from librarian.client.metadata import MetadataCalls
from librarian.client.progress import ProgressOption
from librarian.client.records import File, Record
from librarian.client.row_progress import follow_rows
from librarian.client.searches import SearchCalls, SearchText
from librarian.client.table_files import (
    CsvWriter,
    ParquetWriter,
    TableWriter,
    TypedColumn,
    import_parquet,
)
from librarian.client.whole_files import check_destination, new_file
from librarian.errors import InvalidRequestError

_EVERY_FILE = '{"always-true": true}'
_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
_FORMATS = ("parquet", "csv")
_BATCH_ROWS = 8192
_METADATA_TYPES: dict[str, type] = {
    "TEXT": str,
    "NUMBER": float,
    "BOOLEAN": bool,
    "TIME": datetime,
}


@dataclass(frozen=True, slots=True)
class Export(Record):
    """A table that was written."""

    path: str
    format: str
    row_count: int
    size_bytes: int


class ExportCalls(MetadataCalls, SearchCalls):
    """How the catalogue itself is taken elsewhere."""

    def export_catalog(
        self,
        path: str | PathLike[str],
        search: SearchText = _EVERY_FILE,
        *,
        format: str | None = None,
        columns: Iterable[str] | None = None,
        overwrite: bool = False,
        progress: ProgressOption = None,
    ) -> Export:
        """Write the files that match, by name, with their metadata into a table at `path`.

        The format is `parquet` or `csv`, by default that of the path's suffix. Without `columns`
        it has all of a file's own, and `meta.KEY` of each metadata key; times are in UTC. The file
        is there only when it is whole.

        Raises InvalidRequestError, ConflictError when something is there already, NotFoundError
        when the directory is not.
        """
        target = Path(os.path.abspath(path))
        chosen = _choose_format(target, format)
        check_destination(target, overwrite=overwrite)
        typed = self._typed_columns(columns)
        found = self.search_files(
            search, with_metadata=any(column.column.needs_metadata for column in typed)
        )
        with follow_rows(progress, f"export {target.name}", found.count) as report:
            with new_file(target, overwrite=overwrite) as file, _writer(chosen, file, typed) as out:
                row_count = 0
                while batch := list(islice(found, _BATCH_ROWS)):
                    out.write(batch)
                    row_count += len(batch)
                    report(row_count)
            report(row_count)
        return Export(str(target), chosen, row_count, target.stat().st_size)

    def _typed_columns(self, names: Iterable[str] | None) -> list[TypedColumn]:
        keys = {key.name: _METADATA_TYPES.get(key.type, str) for key in self.list_metadata_keys()}
        if names is None:
            chosen = [*all_columns(File), *map(metadata_column, keys)]
        else:
            chosen = choose_columns(File, names)
            check_metadata_keys(chosen, keys)
        types = {f"{METADATA_PREFIX}{key}": kind for key, kind in keys.items()} | _field_types()
        return [TypedColumn(column, types.get(column.name, str)) for column in chosen]


def _field_types() -> dict[str, Any]:
    """Return the type of each field of a file; that of what may be None is its other type."""
    return {
        field.name: next(iter(get_args(field.type)), field.type)
        for field in fields(File)
        if field.name != METADATA
    }


def _choose_format(path: Path, format: str | None) -> str:
    chosen = format or _SUFFIXES.get(path.suffix.lower(), "")
    if chosen not in _FORMATS:
        what = (
            f"There is no format {format!r}" if format else f"{path.name} does not say its format"
        )
        raise InvalidRequestError(f"{what}: choose `parquet` or `csv`, by suffix or by name.")
    if chosen == "parquet":
        import_parquet()
    return chosen


@contextmanager
def _writer(format: str, file: BinaryIO, columns: Sequence[TypedColumn]) -> Iterator[TableWriter]:
    writer: TableWriter = (
        ParquetWriter(file, columns) if format == "parquet" else CsvWriter(file, columns)
    )
    try:
        yield writer
        writer.close()
    except BaseException:
        writer.abandon()
        raise
