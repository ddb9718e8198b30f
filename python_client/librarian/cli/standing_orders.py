"""Commands about standing orders."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from librarian.cli.arguments import (
    UTF8_TEXT,
    connection_argument,
    json_option,
    name_argument,
    read_search,
)
from librarian.cli.output import format_count, print_fields, print_json, print_line, print_rows
from librarian.cli.rates import BANDWIDTH
from librarian.cli.standing_order_output import (
    ORDER_COLUMNS,
    order_fields,
    order_row,
    print_order,
    print_preview,
)
from librarian.client.librarian import Librarian

Command = TypeVar("Command", bound=Callable[..., Any])

_to_option = click.option("--to", metavar="LIBRARIAN", type=UTF8_TEXT, help="Where to push it.")
_search_option = click.option(
    "--search", metavar="SEARCH", type=UTF8_TEXT, help="What to push; `-` reads it from stdin."
)
_bandwidth_option = click.option(
    "--bandwidth", metavar="RATE", type=BANDWIDTH, help="Push no faster, as 20MB/s; 0: no limit."
)


def _terms(command: Command) -> Command:
    """Add the options that say how an order pushes."""
    options = [
        click.option(
            "--priority", type=click.IntRange(1, 100), help="Share of the link.  [default: 10]"
        ),
        click.option(
            "--hours", metavar="FROM-TO", type=UTF8_TEXT, help="Start only then: 20:00-08:00."
        ),
        click.option(
            "--timezone", type=UTF8_TEXT, help="Of the hours: Africa/Johannesburg.  [default: UTC]"
        ),
        _bandwidth_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@connection_argument
@name_argument
@click.option("--to", metavar="LIBRARIAN", required=True, type=UTF8_TEXT, help="Where to push it.")
@click.option(
    "--search",
    metavar="SEARCH",
    required=True,
    type=UTF8_TEXT,
    help="What to push; `-` reads it from stdin.",
)
@_terms
@click.option("--disabled", is_flag=True, help="Queue nothing before it is enabled.")
@json_option
def create_standing_order(  # noqa: PLR0913 - a parameter for each option of the command
    connection: str,
    name: str,
    to: str,
    search: str,
    priority: int | None,
    hours: str | None,
    timezone: str | None,
    bandwidth: int | None,
    disabled: bool,
    as_json: bool,
) -> None:
    """Push what matches a search to LIBRARIAN from now on, and what is on record already.

    preview-standing-order tells before how much that is.
    """
    with Librarian.connect(connection) as site:
        order = site.create_standing_order(
            name,
            to,
            read_search(search),
            priority=priority or 10,
            hours=hours or "",
            timezone=timezone or "",
            bandwidth_bytes_per_second=bandwidth or 0,
            enabled=not disabled,
        )
    print_order(order, as_json=as_json)


@click.command()
@connection_argument
@name_argument
@_search_option
@_terms
@click.option("--enabled/--disabled", default=None, help="Whether it queues what matches.")
@json_option
def update_standing_order(  # noqa: PLR0913 - a parameter for each option of the command
    connection: str,
    name: str,
    search: str | None,
    priority: int | None,
    hours: str | None,
    timezone: str | None,
    bandwidth: int | None,
    enabled: bool | None,
    as_json: bool,
) -> None:
    """Change what is given of the standing order NAME; '' takes hours or a time zone away.

    What it queued already stays queued, and waits while it is disabled.
    """
    if all(value is None for value in (search, priority, hours, timezone, bandwidth, enabled)):
        raise click.UsageError("Say what to change.", click.get_current_context())
    with Librarian.connect(connection) as site:
        order = site.update_standing_order(
            name,
            search=None if search is None else read_search(search),
            priority=priority,
            hours=hours,
            timezone=timezone,
            bandwidth_bytes_per_second=bandwidth,
            enabled=enabled,
        )
    print_order(order, as_json=as_json)


@click.command()
@connection_argument
@name_argument
@json_option
def delete_standing_order(connection: str, name: str, as_json: bool) -> None:
    """Delete the standing order NAME, and cancel what it queued; what is under way goes on."""
    with Librarian.connect(connection) as site:
        count = site.delete_standing_order(name)
    if as_json:
        print_json({"name": name, "deleted": True, "cancelled_count": count})
    else:
        print_line(f"Deleted {name}; {format_count(count, 'transfer')} cancelled.")


@click.command()
@connection_argument
@json_option
def list_standing_orders(connection: str, as_json: bool) -> None:
    """List the standing orders, how they are, and what they sent."""
    with Librarian.connect(connection) as site:
        orders = site.list_standing_orders()
    if as_json:
        for order in orders:
            print_json(order.to_json())
    else:
        empty = "There are no standing orders; see create-standing-order."
        print_rows(ORDER_COLUMNS, map(order_row, orders), empty=empty)


@click.command()
@connection_argument
@name_argument
@json_option
def show_standing_order(connection: str, name: str, as_json: bool) -> None:
    """Show the standing order NAME."""
    with Librarian.connect(connection) as site:
        order = site.get_standing_order(name)
    if as_json:
        print_json(order.to_json())
    else:
        print_fields(order_fields(order))


@click.command()
@connection_argument
@click.argument("name", metavar="[NAME]", required=False, type=UTF8_TEXT)
@_to_option
@_search_option
@_bandwidth_option
@json_option
def preview_standing_order(
    connection: str,
    name: str | None,
    to: str | None,
    search: str | None,
    bandwidth: int | None,
    as_json: bool,
) -> None:
    """Count what the standing order NAME, or one with --to and --search, would send.

    Nothing is queued. The time is that at the rate seen lately, whatever the hours.
    """
    described = to is not None and search is not None
    if (name is None) != described or (name is not None and (to, search) != (None, None)):
        raise click.UsageError(
            "Give the NAME of a standing order, or --to and --search.", click.get_current_context()
        )
    with Librarian.connect(connection) as site:
        preview = site.preview_standing_order(
            name or "",
            to=to or "",
            search="" if search is None else read_search(search),
            bandwidth_bytes_per_second=bandwidth or 0,
        )
    if as_json:
        print_json(preview.to_json())
    else:
        print_preview(preview)
