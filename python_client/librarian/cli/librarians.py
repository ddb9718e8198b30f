"""Commands about neighbouring librarians."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError
from librarian.cli.output import (
    Column,
    format_count,
    format_time,
    print_json,
    print_line,
    print_rows,
    printable,
)
from librarian.client.librarian import Librarian
from librarian.client.librarians import Neighbour, NeighbourAnswer, split_authenticator
from librarian.errors import InvalidRequestError

_COLUMNS = [
    Column("Librarian"),
    Column("Url"),
    Column("Transfers"),
    Column("Link"),
    Column("Files", right=True),
]
_WAYS = ("shared", "rsync", "stream")
_FILE = click.Path(path_type=Path, allow_dash=False)

name_option = click.option("--name", required=True, type=UTF8_TEXT, help="Its name at this site.")


def _settings_options(command: Any) -> Any:
    """Add the options that say how a neighbour is reached."""
    for option in reversed(
        [
            click.option(
                "--authenticator",
                type=UTF8_TEXT,
                metavar="USER:SECRET",
                help="Account there, with its token or password; others on this host can list it.",
            ),
            click.option(
                "--authenticator-file",
                type=_FILE,
                help="Read USER:SECRET from the first line of a file.",
            ),
            click.option("--tls/--no-tls", default=None, help="Whether that port speaks TLS."),
            click.option(
                "--insecure/--no-insecure",
                default=None,
                help="Let the secret travel unencrypted: the network between is your own.",
            ),
            click.option("--ca-file", type=_FILE, help="PEM file of the authority of its port."),
            click.option(
                "--ssh-host-key", type=UTF8_TEXT, help="SSH host key there, `TYPE BASE64`."
            ),
            click.option("--ssh-host-key-file", type=_FILE, help="The same from a .pub file."),
            click.option("--ssh-url", type=UTF8_TEXT, help="Where its SSH is reached, host:port."),
            click.option("--agent-url", type=UTF8_TEXT, help="Where its agents are reached."),
            click.option("--callback-account", type=UTF8_TEXT, help="Account here to call back."),
            click.option(
                "--way", "ways", multiple=True, type=click.Choice(_WAYS), help="A way to push."
            ),
            click.option("--batches", type=click.IntRange(1, 16), help="Batches at once."),
            click.option(
                "--do-not-check-connection", "unchecked", is_flag=True, help="Do not try it first."
            ),
            json_option,
        ]
    ):
        command = option(command)
    return command


@click.command()
@connection_argument
@name_option
@click.option("--url", required=True, type=UTF8_TEXT, help="Its catalogue, host:port.")
@click.option("--disabled", is_flag=True, help="Push nothing there, only tell it what arrived.")
@_settings_options
def add_librarian(
    connection: str, name: str, url: str, disabled: bool, as_json: bool, **options: Any
) -> None:
    """Put a neighbouring librarian on record, so that files can be pushed to it.

    The site signs in there first, and says what is wrong when that fails. The url may be the end
    of a local tunnel.
    """
    authenticator = _authenticator(options)
    if authenticator is None:
        raise _usage("Give --authenticator or --authenticator-file.")
    settings = _settings(options)
    with Librarian.connect(connection) as site:
        added = site.add_librarian(
            name, url, authenticator, transfers_enabled=not disabled, **settings
        )
    _print_neighbour(added, f"Added {added.name}", as_json=as_json)


@click.command()
@connection_argument
@name_option
@click.option("--url", type=UTF8_TEXT, help="Its catalogue, host:port.")
@_settings_options
def update_librarian(
    connection: str, name: str, url: str | None, as_json: bool, **options: Any
) -> None:
    """Change what is given of a librarian, such as its secret."""
    changes = _settings(options)
    authenticator = _authenticator(options)
    if authenticator is not None:
        changes["authenticator"] = authenticator
    if url is not None:
        changes["url"] = url
    if not set(changes) - {"check"}:
        raise _usage("Say what to change.")
    with Librarian.connect(connection) as site:
        changed = site.update_librarian(name, **changes)
    _print_neighbour(changed, f"Changed {changed.name}", as_json=as_json)


@click.command()
@connection_argument
@click.option("--ping", is_flag=True, help="Have the site sign in at each.")
@json_option
def get_librarian_list(connection: str, ping: bool, as_json: bool) -> None:
    """List the neighbouring librarians, and how the links to them are."""
    with Librarian.connect(connection) as site:
        found = site.list_librarians()
        answers = {one.name: site.ping_librarian(one.name) for one in found if ping}
    if as_json:
        for one in found:
            answer = {"ping": answers[one.name].to_json()} if ping else {}
            print_json({**one.to_json(), **answer})
    else:
        columns = [*_COLUMNS, Column("Answer")] if ping else _COLUMNS
        rows = (_row(one, answers.get(one.name)) for one in found)
        print_rows(columns, rows, empty="There are no librarians; see add-librarian.")
    failed = sum(bool(answer.error) for answer in answers.values())
    if failed:
        raise CommandError(f"{failed} of {format_count(len(answers), 'librarian')} did not answer.")


@click.command()
@connection_argument
@name_option
@click.option(
    "--remove-outgoing-transfers", "cancel", is_flag=True, help="Cancel the transfers to it."
)
@json_option
def remove_librarian(connection: str, name: str, cancel: bool, as_json: bool) -> None:
    """Take a librarian off the record, with what is believed to be there.

    The record of transfers to it goes too; the events of files stay.
    """
    with Librarian.connect(connection) as site:
        removed = site.remove_librarian(name, cancel_transfers=cancel)
    if as_json:
        print_json({"name": name, **removed.to_json()})
    else:
        transfers = format_count(removed.transfer_count, "transfer")
        believed = format_count(removed.remote_instance_count, "remote instance")
        print_line(
            f"Removed {name}, with {believed} and the record of {transfers},"
            f" {removed.cancelled_count} of them cancelled by that."
        )


@click.command()
@connection_argument
@name_option
@click.option("--enabled/--disabled", required=True, default=None, help="Whether to push.")
@json_option
def set_librarian_transfer(connection: str, name: str, enabled: bool, as_json: bool) -> None:
    """Let files be pushed to a librarian, or not; what is under way is given back."""
    with Librarian.connect(connection) as site:
        changed = site.set_librarian_transfer(name, enabled)
    _print_neighbour(changed, f"Changed {changed.name}", as_json=as_json)


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())


def _authenticator(options: dict[str, Any]) -> str | None:
    path: Path | None = options["authenticator_file"]
    text: str | None = options["authenticator"]
    if path is not None and text is not None:
        raise _usage("Give either --authenticator or --authenticator-file.")
    if path is not None:
        text = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    if text is not None:
        split_authenticator(text)
    return text


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was given of a neighbour's settings, by the names that the client has."""
    names = ("tls", "insecure", "ssh_url", "agent_url", "callback_account", "batches")
    given = {name: options[name] for name in names if options[name] is not None}
    if options["ca_file"] is not None:
        given |= {"ca_pem": options["ca_file"].read_text(encoding="ascii"), "tls": True}
    host_key = _host_key(options)
    if host_key is not None:
        given["ssh_host_key"] = host_key
    if options["ways"]:
        given["ways"] = options["ways"]
    return {**given, "check": not options["unchecked"]}


def _host_key(options: dict[str, Any]) -> str | None:
    """Return `TYPE BASE64` of a key, without the host or the comment beside it."""
    text: str | None = options["ssh_host_key"]
    if options["ssh_host_key_file"] is not None:
        text = options["ssh_host_key_file"].read_text(encoding="ascii").strip()
    if not text:
        return text
    words = text.split()
    for kind, encoded in pairwise(words):
        if encoded.startswith("AAAA"):
            return f"{kind} {encoded}"
    raise InvalidRequestError("The SSH host key has no `TYPE BASE64`, as a .pub file has.")


def _print_neighbour(neighbour: Neighbour, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(neighbour.to_json())
    else:
        print_line(f"{done}: {neighbour.url}, transfers {_transfers(neighbour)}.")


def _transfers(neighbour: Neighbour) -> str:
    return "enabled" if neighbour.transfers_enabled else "disabled"


def _link(neighbour: Neighbour) -> str:
    link = neighbour.link
    if link.state == "CLOSED":
        return "well"
    cause = link.cause.lower() or "failing"
    return f"{cause} since {format_time(link.open_time)} UTC: {link.error}"


def _row(neighbour: Neighbour, answer: NeighbourAnswer | None) -> Sequence[str]:
    row = [
        neighbour.name,
        neighbour.url,
        _transfers(neighbour),
        _link(neighbour),
        str(neighbour.remote_instance_count),
    ]
    if answer is None:
        return row
    well = f"{answer.site_name} ({answer.role}) in {answer.duration_seconds:.3f} s"
    return [*row, printable(answer.error or well)]
