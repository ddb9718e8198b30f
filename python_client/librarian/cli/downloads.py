"""The command that downloads a file."""

from pathlib import Path

import click

from librarian.cli.arguments import connection_argument, json_option, name_argument
from librarian.cli.exit_codes import CommandError, ExitCode
from librarian.cli.output import print_json, print_line
from librarian.client.librarian import Librarian


@click.command()
@connection_argument
@name_argument
@click.argument("dest", metavar="[DEST]", required=False, type=click.Path(path_type=Path))
@json_option
def get(connection: str, name: str, dest: Path | None, as_json: bool) -> None:
    """Download the file NAME to DEST, or to its own name here.

    DEST is a path, or a directory that is there. What arrives is checked against the record; broken
    off, the same command goes on where it was.
    """
    try:
        with Librarian.connect(connection) as site:
            path = site.get(name, dest, progress=True)
    except KeyboardInterrupt:
        again = "interrupted; the same command goes on where this one was."
        raise CommandError(again, ExitCode.INTERRUPTED) from None
    if as_json:
        print_json({"name": name, "path": str(path)})
    else:
        print_line(str(path))
