"""What commands print."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from librarian.cli.output import (
    Column,
    format_count,
    format_size,
    format_time,
    print_csv,
    print_json,
    print_rows,
    printable,
)

COLUMNS = [Column("Name"), Column("Size", right=True)]


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (12_345_678_901, "12.3 GB"),
        (10**18, "1000 PB"),
    ],
)
def test_a_size_has_two_or_three_digits_and_a_unit(size_bytes: int, text: str) -> None:
    assert format_size(size_bytes) == text


def test_a_time_is_shown_in_utc() -> None:
    moment = datetime(2026, 11, 21, 1, 2, 3, 999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2026-11-20 23:02:03"
    assert format_time(moment.astimezone(UTC)) == format_time(moment)
    assert format_time(None) == ""


def test_rows_are_aligned_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, [["zen.uvh5", "3"], ["a", "12"]], empty="none")
    assert capsys.readouterr().out == "Name      Size\nzen.uvh5     3\na           12\n"


def test_no_rows_are_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, [], empty="No file matches.")
    assert capsys.readouterr() == ("", "No file matches.\n")


def test_rows_are_printed_while_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    printed: list[int] = []

    def rows() -> Iterator[list[str]]:
        for number in range(1000):
            printed.append(len(capsys.readouterr().out.splitlines()))
            yield [f"file{number:04}", "1"]

    print_rows(COLUMNS, rows(), empty="none")
    # The header and the first 200 come together, then each row before the next is asked for.
    assert printed[198:203] == [0, 0, 201, 1, 1]


def test_a_control_character_in_a_row_is_written_as_an_escape(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_rows(COLUMNS, [["\x1b[2Jfile\n", "1"]], empty="none")
    assert "\x1b" not in capsys.readouterr().out


def test_printable_keeps_what_can_be_shown() -> None:
    assert printable("Zürich ☄ \udcff\x07") == r"Zürich ☄ \udcff\x07"


def test_json_is_one_document_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "a\nb ☄"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"name": "a\nb ☄"}


def test_one_thing_is_not_told_as_many() -> None:
    assert [format_count(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


AT_A_TERMINAL = """
from librarian.cli.output import Column, print_rows
columns = [Column("Name"), Column("Created", spare=True), Column("Size"), Column("By", spare=True)]
print_rows(columns, [["zen.2458432.34569.xx.HH.uvh5", "2018-11-12", "123 MB", "rtp"]], empty="")
"""


def shown_at_a_terminal(width: int) -> list[list[str]]:
    """Return the words of each line of a table at a terminal of some width."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL], stdout=theirs, env=environment, timeout=60
    )
    os.close(theirs)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", os.read(ours, 65536).decode())
    os.close(ours)
    assert done.returncode == 0
    assert max(map(len, shown.splitlines())) <= width
    return [line.split() for line in shown.splitlines()]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, ["Name", "Created", "Size", "By"]),
        (50, ["Name", "Created", "Size"]),
        (40, ["Name", "Size"]),
    ],
)
def test_a_narrow_terminal_shows_fewer_columns_and_folds_none(
    width: int, titles: list[str]
) -> None:
    head, _, row = shown_at_a_terminal(width)
    assert head == titles
    assert row[0] == "zen.2458432.34569.xx.HH.uvh5"


def test_a_very_narrow_terminal_folds_what_must_be_shown() -> None:
    head, _, *rows = shown_at_a_terminal(24)
    assert head == ["Name", "Size"]
    assert "".join(row[0] for row in rows) == "zen.2458432.34569.xx.HH.uvh5"


def test_csv_is_quoted_where_it_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv(["a", "b"], [["1,2", 'x"y'], ["", 0.1]])
    assert capsys.readouterr().out == 'a,b\r\n"1,2","x""y"\r\n,0.1\r\n'
