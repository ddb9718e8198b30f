"""Exports by the client, on a real site."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from librarian import Librarian
from librarian.client.row_progress import RowProgress
from librarian.errors import ConflictError, InvalidRequestError, LibrarianError, NotFoundError
from tests.system.site import Site


@pytest.fixture(scope="module")
def names(client_site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Put two files into the archive, one with metadata, and return their names."""
    directory = tmp_path_factory.mktemp("exported")
    names = ["exported.1.log", "exported.2.log"]
    with client_site.librarian() as client:
        for name in names:
            (directory / name).write_text(name)
            client.upload(directory / name, f"exports/{name}", null_obsid=True)
        client.update_metadata(names[0], set={"export_grade": 3})
    return names


def test_all_files_and_metadata_keys_are_exported(
    librarian: Librarian, names: list[str], tmp_path: Path
) -> None:
    export = librarian.export_catalog(tmp_path / "all.parquet")
    table = parquet.read_table(tmp_path / "all.parquet")
    assert export.row_count == table.num_rows == librarian.search_files("name:%").count()
    assert (export.format, export.size_bytes) == (
        "parquet",
        (tmp_path / "all.parquet").stat().st_size,
    )
    grades = {row["name"]: row["meta.export_grade"] for row in table.to_pylist()}
    assert (grades[names[0]], grades[names[1]]) == (3.0, None)
    assert sorted(grades) == [row["name"] for row in table.select(["name"]).to_pylist()]


def test_a_search_columns_and_a_format_are_chosen(
    librarian: Librarian, names: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "table.txt"
    export = librarian.export_catalog(
        str(path),
        {"name-matches": "exported.%"},
        format="csv",
        columns=["name", "metadata", "obsid"],
    )
    assert (export.path, export.row_count, export.format) == (str(path), 2, "csv")
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["name", "metadata", "obsid"],
        [names[0], '{"export_grade": 3}', ""],
        [names[1], "{}", ""],
    ]


def test_progress_is_told_with_the_total(
    librarian: Librarian, names: list[str], tmp_path: Path
) -> None:
    told: list[RowProgress] = []
    librarian.export_catalog(tmp_path / "a.csv", "name:exported.%", progress=told.append)
    assert told[-1] == RowProgress(rows_total=2, rows_done=2)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("table.txt", InvalidRequestError, "table.txt does not say its format"),
        ("there.csv", ConflictError, "is there already"),
        ("none/a.csv", NotFoundError, "make it first"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path, name: str, error: type[LibrarianError], words: str
) -> None:
    (tmp_path / "there.csv").touch()
    with Librarian("127.0.0.1:1", "token") as nobody, pytest.raises(error, match=words):
        nobody.export_catalog(tmp_path / name)
    assert os.listdir(tmp_path) == ["there.csv"]


def test_an_unknown_format_is_refused(librarian: Librarian, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no format 'xlsx'"):
        librarian.export_catalog(tmp_path / "a.csv", format="xlsx")


def test_a_bad_search_leaves_no_file(librarian: Librarian, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="line 1"):
        librarian.export_catalog(tmp_path / "a.csv", "naem:x", progress=print)
    assert os.listdir(tmp_path) == []


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['pyarrow'] = None\nfrom librarian import Librarian\n"
        "from librarian.errors import LibrarianError\n"
        "try:\n    Librarian('127.0.0.1:1', 't').export_catalog(sys.argv[1])\n"
        "except LibrarianError as error:\n    print(error)\n"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "a.parquet")]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert done.stdout == (
        "Parquet needs pyarrow, which is not here: run `pip install 'librarian[tables]'`, or"
        " export CSV.\n"
    )
    assert os.listdir(tmp_path) == []


INTERRUPTED = """
import os, signal, sys
from librarian import Librarian
with Librarian.connect("local") as site:
    def interrupt(progress):
        os.kill(os.getpid(), signal.SIGINT)
    site.export_catalog(sys.argv[1], "name:exported.%", progress=interrupt)
"""


def test_an_interrupted_export_leaves_no_file(
    client_site: Site, names: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "a.parquet")],
        env=client_site.client_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1].startswith("KeyboardInterrupt")
    assert "Exception ignored" not in done.stderr
    assert os.listdir(tmp_path) == []
