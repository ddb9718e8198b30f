"""The command `librarian-receive`: all that the SSH key of a neighbour can have run here."""

import os
import sys
import syslog

import click

from librarian.errors import LibrarianError
from store_agent.faults import explain
from store_agent.receiving_rsync import OpenBatch, become_rsync, describe, parse_command


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--peer", required=True, help="Account of the neighbour whose key this is.")
@click.option(
    "--beneath",
    "roots",
    required=True,
    multiple=True,
    type=click.Path(path_type=str),
    help="Root of a store into which the neighbour may write; give it for each.",
)
def main(peer: str, roots: tuple[str, ...]) -> None:
    """Serve a neighbour's rsync; the forced command of its key in authorized_keys."""
    try:
        _serve(peer, tuple(root.rstrip("/") for root in roots))
    except LibrarianError as error:
        _refuse(peer, error)
    except OSError as error:
        _refuse(peer, explain(error, "The batch's directory"))


def _serve(peer: str, roots: tuple[str, ...]) -> None:
    order = parse_command(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    batch = OpenBatch(order.path, peer, roots)
    if order.options is None:
        click.echo(describe(batch))
    else:
        become_rsync(order, batch)


def _refuse(peer: str, error: LibrarianError) -> None:
    # What was asked for is in the sentence as `show_name` wrote it: it cannot forge a line.
    syslog.openlog("librarian-receive", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_WARNING, f"{peer}: {error}")
    click.echo(f"librarian-receive: {error}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
