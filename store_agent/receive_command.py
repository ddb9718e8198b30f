"""The command `librarian-receive`: all that the SSH key of a neighbour can have run here."""

import argparse
import os
import sys
import syslog
from collections.abc import Sequence

from librarian.errors import LibrarianError
from store_agent.faults import explain
from store_agent.receive_orders import parse_command
from store_agent.receiving_rsync import OpenBatch, become_rsync, describe


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a neighbour's rsync; the forced command of its key in authorized_keys."""
    told = _parser().parse_args(arguments)
    roots = [root.rstrip("/") for root in told.roots]
    try:
        _serve(told.peer, roots)
    except LibrarianError as error:
        _refuse(told.peer, error)
    except OSError as error:
        _refuse(told.peer, explain(error, "The batch's directory"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("librarian-receive", description=main.__doc__)
    parser.add_argument(
        "--peer", required=True, help="account of the neighbour whose key this is, at this site"
    )
    parser.add_argument(
        "--beneath",
        dest="roots",
        metavar="ROOT",
        action="append",
        required=True,
        help="root of a store into which the neighbour may write; give it for each",
    )
    return parser


def _serve(peer: str, roots: Sequence[str]) -> None:
    order = parse_command(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    batch = OpenBatch(order.path, peer, roots)
    if order.options is None:
        sys.stdout.write(f"{describe(batch)}\n")
    else:
        become_rsync(order, batch)


def _refuse(peer: str, error: LibrarianError) -> None:
    # What was asked for is in the sentence as `show_name` wrote it: it cannot forge a line.
    syslog.openlog("librarian-receive", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_WARNING, f"{peer}: {error}")
    sys.exit(f"librarian-receive: {error}")


if __name__ == "__main__":
    main()
