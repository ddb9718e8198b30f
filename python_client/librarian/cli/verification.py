"""The command that has the copies of a file read and compared with the record."""

import click

from librarian.cli.arguments import connection_argument, json_option, name_argument
from librarian.cli.exit_codes import CommandError, ExitCode
from librarian.cli.output import Column, print_json, print_rows
from librarian.client.librarian import Librarian
from librarian.client.records import VerifiedInstance

_COLUMNS = [Column("Store"), Column("Path"), Column("Found")]


@click.command()
@connection_argument
@name_argument
@json_option
def verify_file(connection: str, name: str, as_json: bool) -> None:
    """Have each copy of the file NAME at the site read, and compared with the record.

    A copy that is bad is not used any more while there is a better one. It takes as long as the
    disks need.
    """
    with Librarian.connect(connection) as site:
        found = site.verify_file(name)
    if as_json:
        for one in found:
            print_json({**one.to_json(), "good": one.is_good})
    else:
        print_rows(_COLUMNS, map(_row, found), empty="No copy is here.")
    _check(found)


def _row(found: VerifiedInstance) -> list[str]:
    said = "good" if found.is_good else found.error or found.instance.problem
    return [found.instance.store, found.instance.path, said]


def _check(found: list[VerifiedInstance]) -> None:
    bad = sum(not one.error and bool(one.instance.problem) for one in found)
    if bad:
        raise CommandError(f"{bad} of {len(found)} copies are bad.")
    unread = sum(bool(one.error) for one in found)
    if unread:
        code = ExitCode.DONE_IN_PART if unread < len(found) else ExitCode.NOT_REACHABLE
        raise CommandError(f"{unread} of {len(found)} copies could not be read.", code)
