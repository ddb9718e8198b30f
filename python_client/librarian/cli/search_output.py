"""What a search prints: a table for people, or JSON, CSV, names or paths for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

import click

from librarian.cli.output import print_csv, print_json, print_line, print_rows
from librarian.cli.search_columns import shown_cells, shown_column
from librarian.cli.search_kinds import Found
from librarian.client.columns import (
    RecordColumn,
    all_columns,
    choose_columns,
    csv_value,
    json_value,
)
from librarian.client.records import Instance, Record


class Form(Enum):
    """The forms, by the options that ask for them."""

    TABLE = ""
    JSON = "--json"
    CSV = "--csv"
    NAMES = "--names"
    PATHS = "--paths"


@dataclass(frozen=True)
class Output:
    """What to print of what is found; `names` are those of the columns, where they are chosen."""

    found: Found
    form: Form
    names: Sequence[str] | None = None

    def columns(self) -> list[RecordColumn]:
        """Return the columns; raises InvalidRequestError when there is none of a name."""
        if self.names is not None:
            return choose_columns(self.found.record, self.names)
        if self.form is Form.TABLE:
            return choose_columns(self.found.record, self.found.table)
        return all_columns(self.found.record)


def chosen_form(given: dict[Form, bool]) -> Form:
    """Return the form that is given, or the table; two are wrong usage."""
    forms = [form for form, is_given in given.items() if is_given]
    if len(forms) > 1:
        first, second = forms[0].value, forms[1].value
        raise click.UsageError(
            f"{first} and {second} exclude each other: give one of them.",
            click.get_current_context(),
        )
    return forms[0] if forms else Form.TABLE


def print_found(output: Output, columns: Sequence[RecordColumn], records: Iterable[Record]) -> None:
    """Print what is found while it comes."""
    match output.form:
        case Form.JSON:
            reads = [(column.name, column.read) for column in columns]
            for record in records:
                print_json({name: json_value(read(record)) for name, read in reads})
        case Form.CSV:
            header = [column.name for column in columns]
            rows = ([csv_value(column.read(record)) for column in columns] for record in records)
            print_csv(header, rows)
        case Form.NAMES:
            [key] = choose_columns(output.found.record, [output.found.key])
            # The copies of one file come together.
            for name, _ in groupby(map(key.read, records)):
                print_line(str(name))
        case _:
            spare = output.found.spare if output.names is None else frozenset()
            heads = [shown_column(column, spare=column.name in spare) for column in columns]
            print_rows(heads, map(shown_cells(columns), records), empty=output.found.empty)


def print_paths(instances: Iterable[Instance], limit: int | None) -> None:
    """Print where the available instances lie, as `host:path`."""
    left = limit
    for instance in instances:
        if instance.state != "AVAILABLE":
            continue
        if left == 0:
            return
        print_line(f"{instance.host}:{instance.path}")
        left = None if left is None else left - 1
