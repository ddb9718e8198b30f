"""What commands print: data to stdout, as rows for people or JSON for programs; talk to stderr."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from librarian.sizes import format_size as format_size

# Rows that are looked at to choose the widths of columns: a search may have millions.
_ROWS_MEASURED = 200
_JSON = json.JSONEncoder(ensure_ascii=False)
# A longer cell is folded before a column is left away; blanks between columns.
_UNFOLDED_CHARACTERS, _GAP_CHARACTERS = 28, 2


class Column(NamedTuple):
    """A column of a table."""

    title: str
    # Numbers are read from their last digit.
    right: bool = False
    # Left away where a terminal is too narrow for all.
    spare: bool = False


def print_line(text: str = "", *, flush: bool = False) -> None:
    """Print a line of data."""
    sys.stdout.write(f"{text}\n")
    if flush:
        sys.stdout.flush()


def print_json(document: Any, *, flush: bool = False) -> None:
    """Print one JSON document on one line."""
    print_line(_JSON.encode(document), flush=flush)


def print_csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print CSV as RFC 4180 has it, a row as it comes."""
    writer = csv.writer(sys.stdout)
    writer.writerow(header)
    writer.writerows(rows)


def say(text: str) -> None:
    """Tell the person something that is not data."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_failure(path: str, message: str, *, as_json: bool) -> None:
    """Tell of one of many that failed: data for programs, talk for people."""
    if as_json:
        print_json({"path": path, "error": message}, flush=True)
    else:
        say(f"{printable(path)}: {printable(message)}")


def print_rows(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print a table while its rows come, and hold none of them for long.

    `empty` is told on stderr when there are none.
    """
    remaining = iter(rows)
    first = list(islice(remaining, _ROWS_MEASURED))
    if not first:
        say(empty)
    elif len(first) < _ROWS_MEASURED and sys.stdout.isatty():
        _print_rich_table(columns, first)
    else:
        _print_plain_table(columns, first, remaining)


def print_fields(fields: Mapping[str, str]) -> None:
    """Print names and values of one thing, a line each."""
    width = max(map(len, fields))
    for name, value in fields.items():
        print_line(f"{name.ljust(width)}  {printable(value)}".rstrip())


def printable(text: str) -> str:
    """Return text with what could disturb a terminal written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def format_count(count: int, what: str) -> str:
    """Return a number of things, whose plural ends in `s`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def format_time(moment: datetime | None) -> str:
    """Return a time for people, in UTC to the second; nothing for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _print_rich_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    shown = _fitting_columns(columns, rows, console.width)
    for number in shown:
        justify: Any = "right" if columns[number].right else "left"
        table.add_column(Text(columns[number].title), justify=justify, overflow="fold")
    for row in rows:
        # A Text is shown as it is: a name may look like markup.
        table.add_row(*(Text(printable(row[number])) for number in shown))
    console.print(table)


def _fitting_columns(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> list[int]:
    """Return the numbers of the columns to show: spare ones go, from the right, until all fit."""
    widths = [
        min(max(len(column.title), *(len(row[number]) for row in rows)), _UNFOLDED_CHARACTERS)
        for number, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    for number in reversed(range(len(columns))):
        needed = sum(widths[one] + _GAP_CHARACTERS for one in shown) - _GAP_CHARACTERS
        if needed > width and columns[number].spare:
            shown.remove(number)
    return shown


def _print_plain_table(
    columns: Sequence[Column], first: Sequence[Sequence[str]], remaining: Iterator[Sequence[str]]
) -> None:
    widths = [
        max(len(column.title), *(len(row[number]) for row in first))
        for number, column in enumerate(columns)
    ]
    print_line(_align([column.title for column in columns], columns, widths))
    for rows in (first, remaining):
        for row in rows:
            print_line(_align([printable(cell) for cell in row], columns, widths))


def _align(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )
    return "  ".join(parts).rstrip()
