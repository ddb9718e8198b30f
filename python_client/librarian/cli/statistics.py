"""The command that shows what a site holds."""

from datetime import UTC, datetime, timedelta

import click

from librarian.cli.arguments import connection_argument, json_option
from librarian.cli.output import (
    Column,
    format_size,
    print_fields,
    print_json,
    print_line,
    print_rows,
)
from librarian.client.librarian import Librarian
from librarian.client.statistics import DayOfArrivals, Totals

_DAYS = [Column("Day (UTC)"), Column("Files", right=True), Column("Size", right=True)]


@click.command()
@connection_argument
@click.option(
    "--days",
    default=7,
    show_default=True,
    type=click.IntRange(1, 36_500),
    help="Days whose arrivals are listed, today among them.",
)
@json_option
def statistics(connection: str, days: int, as_json: bool) -> None:
    """Show what a site holds, and what arrived in the last days."""
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    with Librarian.connect(connection) as site:
        totals, arrivals = site.get_totals(), site.list_arrivals(first)
    if as_json:
        print_json({**totals.to_json(), "days": [day.to_json() for day in arrivals.days]})
        return
    print_fields(_fields(totals))
    print_line("")
    print_rows(_DAYS, map(_row, arrivals.days), empty="Nothing arrived in these days.")


def _fields(totals: Totals) -> dict[str, str]:
    return {
        "Files": f"{totals.files:,}",
        "Size": format_size(totals.total_bytes),
        "Copies": f"{totals.instances:,}",
        "Suspect copies": f"{totals.suspect_instances:,}",
        "Observations": f"{totals.observations:,}",
        "Observing sessions": f"{totals.sessions:,}",
    }


def _row(day: DayOfArrivals) -> list[str]:
    return [day.day, f"{day.files:,}", format_size(day.total_bytes)]
