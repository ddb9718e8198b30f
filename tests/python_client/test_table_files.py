"""Tables in files: what is written is what was read, and a file is there only when it is whole."""

import csv
import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow
import pytest
from pyarrow import parquet

from librarian.client.columns import RecordColumn, metadata_column
from librarian.client.records import Record
from librarian.client.table_files import CsvWriter, ParquetWriter, TypedColumn
from librarian.client.whole_files import check_destination, new_file
from librarian.errors import ConflictError, NotFoundError, StoreFullError, StoreUnusableError

MOMENT = datetime(2018, 11, 12, 3, 15, 1, 250001, tzinfo=UTC)


@dataclass(frozen=True)
class Row(Record):
    """What is written."""

    name: str
    obsid: int | None = None
    time: datetime = MOMENT
    metadata: dict[str, Any] = field(default_factory=dict)


COLUMNS = [
    TypedColumn(RecordColumn("name", lambda row: row.name), str),
    TypedColumn(RecordColumn("obsid", lambda row: row.obsid), int),
    TypedColumn(RecordColumn("time", lambda row: row.time), datetime),
    TypedColumn(RecordColumn("metadata", lambda row: row.metadata), str),
    TypedColumn(metadata_column("quality"), float),
    TypedColumn(metadata_column("good"), bool),
]
ROWS = [
    Row('a,"b"\n☄', 2**62, metadata={"quality": 1, "good": True, "at": MOMENT}),
    Row("", None, MOMENT + timedelta(microseconds=1), {"quality": 0.1}),
]


def write(path: Path, rows: Sequence[Row] = ROWS, batches: int = 1) -> None:
    kind = ParquetWriter if path.suffix == ".parquet" else CsvWriter
    with new_file(path, overwrite=False) as file:
        writer = kind(file, COLUMNS)
        for _ in range(batches):
            writer.write(rows)
        writer.close()


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def test_parquet_has_typed_columns_and_the_same_values(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert [str(kind) for kind in table.schema.types] == [
        "string",
        "int64",
        "timestamp[us, tz=UTC]",
        "string",
        "double",
        "bool",
    ]
    first, second = table.to_pylist()
    assert (first["name"], first["obsid"], first["time"]) == ('a,"b"\n☄', 2**62, MOMENT)
    assert first["metadata"] == f'{{"quality": 1, "good": true, "at": "{MOMENT.isoformat()}"}}'
    assert (first["meta.quality"], first["meta.good"]) == (1.0, True)
    assert (second["obsid"], second["meta.quality"], second["meta.good"]) == (None, 0.1, None)
    assert second["time"] - first["time"] == timedelta(microseconds=1)


def test_csv_has_the_same_values(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        head, first, second = csv.reader(file)
    assert head == ["name", "obsid", "time", "metadata", "meta.quality", "meta.good"]
    assert (first[0], first[1], first[2]) == ('a,"b"\n☄', str(2**62), MOMENT.isoformat())
    assert (first[4], first[5]) == ("1", "true")
    assert (second[1], second[4], second[5]) == ("", "0.1", "")


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_a_table_of_no_rows_has_its_columns(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, batches=0)
    if name == "a.csv":
        assert (
            tmp_path / name
        ).read_bytes() == b"name,obsid,time,metadata,meta.quality,meta.good\r\n"
    else:
        table = parquet.read_table(tmp_path / name)
        assert (table.num_rows, table.num_columns) == (0, 6)


def test_row_groups_are_written_while_rows_come(tmp_path: Path) -> None:
    rows = [Row(f"file{number}") for number in range(8192)]
    with new_file(tmp_path / "a.parquet", overwrite=False) as file:
        writer = ParquetWriter(file, COLUMNS)
        held: list[int] = []
        for _ in range(20):
            writer.write(rows)
            held.append(pyarrow.total_allocated_bytes())
        writer.close()
    found = parquet.ParquetFile(tmp_path / "a.parquet")
    assert found.metadata.num_rows == 20 * 8192
    assert [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)] == [
        65_536,
        65_536,
        32_768,
    ]
    # What waits to be written grows to one row group, and not on with the rows.
    assert max(held[8:]) < 1.5 * max(held[:8])


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with new_file(path, overwrite=False) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b"whole")
    assert path.read_bytes() == b"halfwhole"
    assert names(tmp_path) == ["new"]


def test_a_new_file_may_be_read_as_others_are(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with new_file(tmp_path / "new", overwrite=False):
        pass
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no"), NotFoundError("no")])
def test_what_breaks_off_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def break_off(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    with pytest.raises(type(error)), new_file(tmp_path / "new", overwrite=False) as file:
        break_off(file)
    assert names(tmp_path) == []


def test_what_is_overwritten_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with new_file(path, overwrite=True) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.csv"]


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    expected = pytest.raises(ConflictError, match="is there already")
    with expected, new_file(path, overwrite=False):
        path.write_bytes(b"another's")
    assert path.read_bytes() == b"another's"
    assert names(tmp_path) == ["a.csv"]


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    expected = pytest.raises(StoreFullError, match="no room left")
    with expected, new_file(tmp_path / "a", overwrite=False):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from librarian.errors import StoreUnusableError
from tests.python_client.test_table_files import Row, write
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    rows = [Row(f"{number * 7919 % 65537}.{number}") for number in range(60_000)]
    write(Path(sys.argv[1]), rows, batches=3)
except StoreUnusableError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_a_write_that_fails_leaves_nothing_and_no_noise(tmp_path: Path, name: str) -> None:
    """The kernel's limit of a file's size fails a write just as a full disk does."""
    run = [sys.executable, "-c", LIMITED, str(tmp_path / name)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path} cannot be written: File too large.\n"
    assert names(tmp_path) == []


def test_where_no_file_can_be_made_is_told_before(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    (tmp_path / "dangling").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    check_destination(tmp_path / "new", overwrite=False)
    check_destination(tmp_path / "there", overwrite=True)
    for name, overwrite in [("there", False), ("dangling", False), ("pipe", True)]:
        with pytest.raises(ConflictError):
            check_destination(tmp_path / name, overwrite=overwrite)
    with pytest.raises(ConflictError, match="is a directory"):
        check_destination(tmp_path, overwrite=True)
    with pytest.raises(NotFoundError, match="make it first"):
        check_destination(tmp_path / "none" / "new", overwrite=False)


def test_a_directory_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    expected = pytest.raises(StoreUnusableError, match="cannot be written")
    with expected, new_file(tmp_path / "gone" / "a", overwrite=False):
        pass
