"""The command that copies files to where people compute."""

import getpass

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.jobs import print_job, timeout_option, wait_for_job, wait_option
from librarian.cli.search_arguments import SearchCommand, join_words, search_words
from librarian.client.librarian import Librarian


@click.command(cls=SearchCommand)
@connection_argument
@click.argument("dest", metavar="DEST", type=UTF8_TEXT)
@search_words
@click.option("--user", type=UTF8_TEXT, help="Login name of who gets the files.  [default: you]")
@wait_option
@timeout_option
@json_option
def stage_files(  # noqa: PLR0913 - a parameter for each argument of the command
    connection: str,
    dest: str,
    words: tuple[str, ...],
    user: str | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Copy the files that match SEARCH into the directory DEST; `-` reads SEARCH from stdin.

    DEST lies beneath the site's staging directory: give its path, or one relative to it. While the
    job runs, DEST has the file STAGING-IN-PROGRESS, and then STAGING-SUCCEEDED or STAGING-ERRORS.
    """
    with Librarian.connect(connection) as site:
        job = site.stage_files(join_words(words), dest, user=user or getpass.getuser())
        if wait:
            wait_for_job(job, connection, timeout, as_json=as_json)
        else:
            print_job(job, as_json=as_json)
