"""The command that takes the catalogue elsewhere, as a table."""

from pathlib import Path

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option, read_search
from librarian.cli.output import (
    format_count,
    format_size,
    print_json,
    print_line,
    printable,
)
from librarian.cli.search_arguments import columns_option, split_columns
from librarian.client.librarian import Librarian


@click.command()
@connection_argument
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--search", metavar="SEARCH", type=UTF8_TEXT, help="Which files.  [default: all]")
@click.option(
    "--format", metavar="FORMAT", type=click.Choice(["parquet", "csv"]), help="Parquet or csv."
)
@columns_option
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def export_catalog(  # noqa: PLR0913 - a parameter for each argument of the command
    connection: str,
    file: Path,
    search: str | None,
    format: str | None,
    columns: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write the files that match, with their metadata, into the table FILE.

    \b
    librarian export-catalog CONN files.parquet
    librarian export-catalog CONN night.csv --search name:zen.2458098.%

    FILE ends in .parquet or .csv, unless --format says which it is; it is there only when it is
    whole. Metadata are columns meta.KEY; times are in UTC.
    """  # noqa: D301 - click reads the character
    chosen = {} if search is None else {"search": read_search(search)}
    with Librarian.connect(connection) as site:
        export = site.export_catalog(
            file,
            **chosen,
            format=format,
            columns=split_columns(columns),
            overwrite=force,
            progress=not as_json,
        )
    if as_json:
        print_json(export.to_json())
    else:
        what, size = format_count(export.row_count, "file"), format_size(export.size_bytes)
        print_line(f"Wrote {what} to {printable(str(file))} ({size}).")
