"""The command that compares belief with what a neighbour has."""

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, ExitCode
from librarian.cli.jobs import timeout_option
from librarian.cli.output import format_count, print_json, print_line, printable, say
from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from librarian.client.progress import follow
from librarian.client.reconciliations import Reconciliation


@click.command()
@connection_argument
@click.argument("librarian", type=UTF8_TEXT)
@click.option("--queue-missing", is_flag=True, help="Send again what is missing there.")
@click.option("--no-wait", is_flag=True, help="Only start it; show-job says how far it is.")
@timeout_option
@json_option
def reconcile(
    connection: str,
    librarian: str,
    queue_missing: bool,
    no_wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Compare what is believed to be at LIBRARIAN with what is, and mend the belief.

    It takes both sites' names in order, a page at a time, and goes on where it was when it is
    broken off. Sites also do it by themselves, once a day unless configured otherwise.
    """
    with Librarian.connect(connection) as site:
        job = site.reconcile(librarian, queue_missing=queue_missing)
        if not no_wait:
            _wait(job, connection, timeout)
        found = site.get_reconciliation(job.id)
    if as_json:
        print_json({"job": job.id, "state": job.state, **found.to_json()})
    elif no_wait:
        print_line(f"Job {job.id} compares; librarian show-job {connection} {job.id} shows it.")
    else:
        _print(found)
    if not no_wait and job.state != "SUCCEEDED":
        raise CommandError(f"job {job.id} {job.state.lower()}: {printable(job.error)}")


def _wait(job: Job, connection: str, timeout: float | None) -> None:
    try:
        with follow(True, f"job {job.id}") as show:
            job.wait(timeout_seconds=timeout, progress=show)
    except KeyboardInterrupt:
        raise CommandError(
            f"job {job.id} goes on; librarian show-job {connection} {job.id} --wait waits for it",
            ExitCode.INTERRUPTED,
        ) from None


def _print(found: Reconciliation) -> None:
    print_line(f"Compared {format_count(found.compared, 'file')} with {found.librarian}:")
    print_line(f"  {found.missing:,} missing there, believed in no more;")
    print_line(f"  {found.found:,} there that were not believed to be, believed in now;")
    print_line(f"  {found.conflicting:,} with other contents there: a person must look;")
    print_line(f"  {found.foreign:,} there that are not on record here;")
    print_line(f"  {found.queued:,} queued again.")
    for name in found.examples:
        say(f"missing or in conflict: {printable(name)}")
