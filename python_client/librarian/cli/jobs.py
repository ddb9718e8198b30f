"""Commands about jobs, and how all commands show and wait for them."""

import click

from librarian.cli.arguments import LARGEST_NUMBER, UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, ExitCode
from librarian.cli.output import (
    Column,
    format_count,
    format_size,
    format_time,
    print_fields,
    print_json,
    print_line,
    print_rows,
    printable,
    say,
)
from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from librarian.client.progress import follow

_COLUMNS = [
    Column("Job", right=True),
    Column("State"),
    Column("Owner"),
    Column("Files", right=True),
    Column("Size", right=True),
    Column("Created (UTC)"),
    Column("Destination"),
]

job_argument = click.argument("number", metavar="JOB", type=click.IntRange(1, LARGEST_NUMBER))
wait_option = click.option("--wait", "-w", is_flag=True, help="Wait until the job has ended.")
timeout_option = click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), help="Wait this many seconds at most."
)


@click.command()
@connection_argument
@click.option("--active", is_flag=True, help="Only jobs that have not ended.")
@click.option("--owner", metavar="USER", type=UTF8_TEXT, help="Only jobs of this account.")
@json_option
def list_jobs(connection: str, active: bool, owner: str | None, as_json: bool) -> None:
    """List the jobs on record, the newest first."""
    with Librarian.connect(connection) as site:
        jobs = site.list_jobs(active_only=active, owner=owner)
        if as_json:
            for job in jobs:
                print_json(job.to_json())
        else:
            print_rows(_COLUMNS, map(_job_row, jobs), empty="There are no jobs.")


@click.command()
@connection_argument
@job_argument
@wait_option
@timeout_option
@json_option
def show_job(
    connection: str, number: int, wait: bool, timeout: float | None, as_json: bool
) -> None:
    """Show the job with this number; with --wait wait for it, as `stage-files --wait` does."""
    with Librarian.connect(connection) as site:
        job = site.get_job(number)
        if wait:
            wait_for_job(job, connection, timeout, as_json=as_json)
        else:
            print_job(job, as_json=as_json)


@click.command()
@connection_argument
@job_argument
@json_option
def cancel_job(connection: str, number: int, as_json: bool) -> None:
    """Ask a job to stop; what it copied so far stays."""
    with Librarian.connect(connection) as site:
        job = site.get_job(number).cancel()
        if as_json:
            print_json(job.to_json(with_errors=True))
        elif job.has_ended:
            print_line(f"Job {job.id} has ended: {job.state.lower()}.")
        else:
            print_line(f"Job {job.id} was asked to stop.")


def wait_for_job(job: Job, connection: str, timeout: float | None, *, as_json: bool) -> None:
    """Wait for a job and print what became of it; raise CommandError when it did not succeed.

    Interrupted, the job goes on, and the person is told how to come back to it.
    """
    try:
        _wait(job, timeout)
    except KeyboardInterrupt:
        raise CommandError(
            f"job {job.id} goes on; to come back: librarian show-job {connection} {job.id} --wait",
            ExitCode.INTERRUPTED,
        ) from None
    print_job(job, as_json=as_json)
    _check_success(job)


def _wait(job: Job, timeout: float | None) -> None:
    """Wait with a bar, and tell once of each error after which the job is tried again."""
    told = {""}
    with follow(True, f"job {job.id}") as show:

        def report(job: Job) -> None:
            show(job)
            if not job.has_ended and job.error not in told:
                told.add(job.error)
                say(f"job {job.id} is tried again: {printable(job.error)}")

        job.wait(timeout_seconds=timeout, progress=report)


def print_job(job: Job, *, as_json: bool) -> None:
    """Print a job and the errors of its files."""
    if as_json:
        print_json(job.to_json(with_errors=True), flush=True)
        return
    print_fields(_job_fields(job))
    for error in job.errors():
        say(f"{printable(error.name)}: {printable(error.message)}")


def _check_success(job: Job) -> None:
    if job.state == "CANCELLED":
        raise CommandError(f"job {job.id} was cancelled.")
    if job.files_failed:
        done = f"{job.files_done} of {format_count(job.files_total, 'file')} staged"
        raise CommandError(
            f"job {job.id}: {done}, {job.files_failed} failed.", ExitCode.DONE_IN_PART
        )
    if job.state == "FAILED":
        raise CommandError(f"job {job.id} failed: {job.error or 'no reason is on record.'}")


def _job_row(job: Job) -> list[str]:
    files = f"{job.files_done}/{job.files_total}"
    size, created = format_size(job.bytes_total), format_time(job.create_time)
    return [str(job.id), job.state.lower(), job.owner, files, size, created, job.destination]


def _job_fields(job: Job) -> dict[str, str]:
    fields = {
        "job": str(job.id),
        "state": job.state.lower(),
        "owner": job.owner,
        "destination": job.destination,
        "search": job.search,
        "files": f"{job.files_done} of {job.files_total} done, {job.files_failed} failed",
        "bytes": f"{format_size(job.bytes_done)} of {format_size(job.bytes_total)}",
        "created": f"{format_time(job.create_time)} UTC",
    }
    if job.end_time:
        fields["ended"] = f"{format_time(job.end_time)} UTC"
    if job.error:
        fields["error"] = job.error
    return fields
