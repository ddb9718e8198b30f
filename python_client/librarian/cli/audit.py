"""Commands about what was changed, and by whom."""

import json
from itertools import islice

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.output import Column, format_time, print_json, print_rows
from librarian.client.audit import AuditEntry
from librarian.client.librarian import Librarian

_COLUMNS = [
    Column("Time (UTC)"),
    Column("Account"),
    Column("Action"),
    Column("Subject"),
    Column("From"),
    Column("Details", spare=True),
]


@click.command()
@connection_argument
@click.option("--account", metavar="USER", type=UTF8_TEXT, help="Only what this account did.")
@click.option(
    "--action", metavar="TEXT", type=UTF8_TEXT, help="Only actions that begin so, as Stores/."
)
@click.option("--subject", metavar="NAME", type=UTF8_TEXT, help="Only what was done to this.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@json_option
def audit_log(
    connection: str,
    account: str | None,
    action: str | None,
    subject: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List who changed what, when and from where, the newest first; for administrators."""
    with Librarian.connect(connection) as site:
        entries = islice(site.list_audit_entries(account, action, subject), limit)
        if as_json:
            for entry in entries:
                print_json(entry.to_json())
        else:
            print_rows(_COLUMNS, map(_row, entries), empty="There are no such entries.")


def _row(entry: AuditEntry) -> list[str]:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    when = format_time(entry.time)
    return [when, entry.account, entry.action, entry.subject, entry.address, details]
