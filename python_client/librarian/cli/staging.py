"""The commands that copy files to where people compute."""

import getpass

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.jobs import job_argument, print_job, timeout_option, wait_for_job, wait_option
from librarian.cli.output import format_size, print_fields, print_json
from librarian.cli.search_arguments import SearchCommand, join_words, search_words
from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from librarian.client.records import StagingPreview


@click.command(cls=SearchCommand)
@connection_argument
@click.argument("dest", metavar="DEST", type=UTF8_TEXT)
@search_words
@click.option("--user", type=UTF8_TEXT, help="Login name of who gets the files.  [default: you]")
@click.option("--preview", is_flag=True, help="Only say what would be copied, and where to.")
@wait_option
@timeout_option
@json_option
def stage_files(  # noqa: PLR0913 - a parameter for each argument of the command
    connection: str,
    dest: str,
    words: tuple[str, ...],
    user: str | None,
    preview: bool,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Copy the files that match SEARCH into the directory DEST; `-` reads SEARCH from stdin.

    DEST lies beneath the site's staging directory: give its path, or one relative to it. While the
    job runs, DEST has the file STAGING-IN-PROGRESS, and then STAGING-SUCCEEDED or STAGING-ERRORS.
    """
    with Librarian.connect(connection) as site:
        if preview:
            _print_preview(site.preview_staging(join_words(words), dest), as_json=as_json)
            return
        job = site.stage_files(join_words(words), dest, user=user or getpass.getuser())
        _follow(job, connection, wait, timeout, as_json=as_json)


@click.command()
@connection_argument
@job_argument
@wait_option
@timeout_option
@json_option
def retry_job(
    connection: str, number: int, wait: bool, timeout: float | None, as_json: bool
) -> None:
    """Let a staging that failed or was cancelled go on with the files that are not done."""
    with Librarian.connect(connection) as site:
        _follow(site.retry_staging(number), connection, wait, timeout, as_json=as_json)


def _follow(job: Job, connection: str, wait: bool, timeout: float | None, *, as_json: bool) -> None:
    if wait:
        wait_for_job(job, connection, timeout, as_json=as_json)
    else:
        print_job(job, as_json=as_json)


def _print_preview(preview: StagingPreview, *, as_json: bool) -> None:
    if as_json:
        print_json(preview.to_json())
        return
    fields = {
        "destination": preview.destination,
        "files": str(preview.file_count),
        "bytes": format_size(preview.total_bytes),
    }
    if preview.without_instance_count:
        fields["without a copy here"] = str(preview.without_instance_count)
    print_fields(fields)
