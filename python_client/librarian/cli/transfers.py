"""Commands about transfers: what is sent to other librarians."""

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click

from librarian.cli.arguments import LARGEST_NUMBER, UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, ExitCode
from librarian.cli.output import (
    format_count,
    print_fields,
    print_json,
    print_line,
    print_rows,
    printable,
    say,
)
from librarian.cli.search_arguments import SearchCommand, join_words, search_words
from librarian.cli.transfer_output import (
    TRANSFER_COLUMNS,
    print_sent,
    transfer_fields,
    transfer_row,
)
from librarian.client.librarian import Librarian
from librarian.client.searches import SearchText
from librarian.client.transfer_records import Changed, Sent
from librarian.client.transfers import ACTIVE_STATES, UNSENT_STATES

Command = TypeVar("Command", bound=Callable[..., Any])

# Of those that fail, a person wants to see some.
_MOST_FAILURES = 20
_TRANSFER = click.IntRange(1, LARGEST_NUMBER)
_STATES = click.Choice((*ACTIVE_STATES, "CONFIRMED", *UNSENT_STATES), case_sensitive=False)

_librarian_argument = click.argument("dest", metavar="LIBRARIAN", type=UTF8_TEXT)
_ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1, type=_TRANSFER)
_to_option = click.option(
    "--to", metavar="LIBRARIAN", type=UTF8_TEXT, help="All to this librarian."
)
_order_option = click.option(
    "--order", metavar="NAME", type=UTF8_TEXT, help="All of this standing order."
)


def _send_options(command: Command) -> Command:
    """Add the options of what sends files."""
    options = [
        click.option("--priority", type=click.IntRange(1, 100), help="Share of the link."),
        click.option("--wait", "-w", is_flag=True, help="Wait until what was queued has arrived."),
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            help="Wait this many seconds at most.",
        ),
        json_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(cls=SearchCommand)
@connection_argument
@_librarian_argument
@search_words
@_send_options
def send(connection: str, dest: str, words: tuple[str, ...], **options: Any) -> None:
    """Send the files that match SEARCH to LIBRARIAN; `-` reads SEARCH from stdin.

    They are queued, and go on their way by themselves. Doing it again queues only what is neither
    there nor on its way.
    """
    _send(connection, dest, join_words(words), **options)


@click.command()
@connection_argument
@_librarian_argument
@click.argument("name", metavar="NAME", type=UTF8_TEXT)
@_send_options
def launch_copy(connection: str, dest: str, name: str, **options: Any) -> None:
    """Send the file NAME to LIBRARIAN: the first librarian's name of `send`."""
    _send(connection, dest, {"name-is-exactly": name}, **options)


@click.command()
@connection_argument
@click.option("--to", metavar="LIBRARIAN", type=UTF8_TEXT, help="Only those to this librarian.")
@click.option("--order", metavar="NAME", type=UTF8_TEXT, help="Only those of this standing order.")
@click.option("--file", "name", metavar="NAME", type=UTF8_TEXT, help="Only those of this file.")
@click.option("--state", "states", multiple=True, type=_STATES, help="Only those in this state.")
@click.option("--limit", metavar="N", type=_TRANSFER, help="Print this many at most.")
@json_option
def list_transfers(  # noqa: PLR0913 - a parameter for each option of the command
    connection: str,
    to: str | None,
    order: str | None,
    name: str | None,
    states: tuple[str, ...],
    limit: int | None,
    as_json: bool,
) -> None:
    """List what is, was or will be sent to other librarians, the newest first."""
    with Librarian.connect(connection) as site:
        found = islice(site.list_transfers(to, order, name, states), limit)
        if as_json:
            for transfer in found:
                print_json(transfer.to_json())
        else:
            print_rows(TRANSFER_COLUMNS, map(transfer_row, found), empty="There are no transfers.")


@click.command()
@connection_argument
@click.argument("number", metavar="ID", type=_TRANSFER)
@json_option
def show_transfer(connection: str, number: int, as_json: bool) -> None:
    """Show the transfer with this number."""
    with Librarian.connect(connection) as site:
        transfer = site.get_transfer(number)
        if as_json:
            print_json(transfer.to_json())
        else:
            print_fields(transfer_fields(transfer))


@click.command()
@connection_argument
@_ids_argument
@_to_option
@_order_option
@json_option
def cancel_transfer(
    connection: str, ids: tuple[int, ...], to: str | None, order: str | None, as_json: bool
) -> None:
    """Cancel transfers by number, or all of a kind that have not ended."""
    _check_choice(ids, to, order)
    with Librarian.connect(connection) as site:
        changed = site.cancel_transfers(ids, to, order)
    _print_changed(changed, "cancelled", "had ended already", as_json=as_json)


@click.command()
@connection_argument
@_ids_argument
@_to_option
@_order_option
@json_option
def retry_transfer(
    connection: str, ids: tuple[int, ...], to: str | None, order: str | None, as_json: bool
) -> None:
    """Queue transfers anew by number, or all of a kind that failed."""
    _check_choice(ids, to, order)
    with Librarian.connect(connection) as site:
        changed = site.retry_transfers(ids, to, order)
    _print_changed(changed, "queued anew", "left as they are", as_json=as_json)


@click.command()
@connection_argument
@click.argument("name", metavar="NAME", type=UTF8_TEXT)
@click.option("--at", metavar="LIBRARIAN", type=UTF8_TEXT, help="Only why it is there or not.")
@json_option
def explain(connection: str, name: str, at: str | None, as_json: bool) -> None:
    """Say why a file is here and at other librarians, or not yet."""
    with Librarian.connect(connection) as site:
        explained = site.explain_file(name, at)
    if as_json:
        print_json({"name": name, **explained.to_json()})
        return
    print_line("here:")
    for sentence in explained.here:
        print_line(f"  {printable(sentence)}")
    for there in explained.there:
        print_line(f"{there.librarian}: {'there' if there.present else 'not there'}")
        for sentence in there.sentences:
            print_line(f"  {printable(sentence)}")


def _send(  # noqa: PLR0913 - a parameter for each option of the commands
    connection: str,
    dest: str,
    search: SearchText,
    *,
    priority: int | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    with Librarian.connect(connection) as site:
        sent = site.send(dest, search, priority, progress=True)
        print_sent(sent, as_json=as_json)
        if wait:
            _wait(site, sent, connection, timeout)


def _wait(site: Librarian, sent: Sent, connection: str, timeout: float | None) -> None:
    """Wait for what was queued; raise CommandError when not all has arrived."""
    try:
        unsent = site.wait_for_transfers(sent, timeout, tell=lambda why: say(printable(why)))
        failed = list(islice(unsent, _MOST_FAILURES + 1))
    except KeyboardInterrupt:
        raise CommandError(
            "the transfers go on; to look at them:"
            f" librarian list-transfers {connection} --to {sent.librarian}",
            ExitCode.INTERRUPTED,
        ) from None
    for transfer in failed[:_MOST_FAILURES]:
        why = transfer.error or transfer.state.lower()
        say(f"transfer {transfer.id}, {printable(transfer.file_name)}: {printable(why)}")
    if failed:
        more = "more than " if len(failed) > _MOST_FAILURES else ""
        count = format_count(min(len(failed), _MOST_FAILURES), "file")
        raise CommandError(f"{more}{count} did not arrive.", ExitCode.DONE_IN_PART)


def _check_choice(ids: tuple[int, ...], to: str | None, order: str | None) -> None:
    of_kind = to is not None or order is not None
    if bool(ids) == of_kind:
        raise click.UsageError(
            "Give either numbers of transfers, or --to or --order.", click.get_current_context()
        )


def _print_changed(changed: Changed, what: str, other: str, *, as_json: bool) -> None:
    if as_json:
        print_json(changed.to_json())
        return
    others = f", {changed.unchanged_count} {other}" if changed.unchanged_count else ""
    print_line(f"{format_count(changed.changed_count, 'transfer')} {what}{others}.")
