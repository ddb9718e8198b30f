"""What commands tell of transfers."""

from datetime import datetime

from librarian.cli.output import (
    Column,
    format_count,
    format_size,
    format_time,
    print_json,
    print_line,
)
from librarian.client.transfer_records import Sent, Transfer

TRANSFER_COLUMNS = [
    Column("Transfer", right=True),
    Column("State"),
    Column("To"),
    Column("Size", right=True, spare=True),
    Column("Tries", right=True, spare=True),
    Column("Changed (UTC)", spare=True),
    Column("Order", spare=True),
    Column("File"),
    Column("Error", spare=True),
]


def print_sent(sent: Sent, *, as_json: bool) -> None:
    """Tell what became of the files that were to be sent."""
    if as_json:
        document = sent.to_json()
        for internal in ("first_id", "last_id", "owner"):
            del document[internal]
        print_json(document, flush=True)
        return
    told = [f"{format_count(sent.queued_count, 'file')} queued ({format_size(sent.queued_bytes)})"]
    counts = {
        "already there": sent.there_count,
        "on their way already": sent.active_count,
        "without a copy here": sent.without_instance_count,
    }
    told += [f"{count} {what}" for what, count in counts.items() if count]
    print_line(f"{', '.join(told)}.", flush=True)


def transfer_row(transfer: Transfer) -> list[str]:
    """Return a transfer as a row of a table."""
    return [
        str(transfer.id),
        transfer.state.lower(),
        transfer.librarian,
        format_size(transfer.size_bytes),
        str(transfer.attempts),
        format_time(transfer.update_time),
        transfer.order,
        transfer.file_name,
        transfer.error,
    ]


def transfer_fields(transfer: Transfer) -> dict[str, str]:
    """Return a transfer as names and values."""
    fields = {
        "transfer": str(transfer.id),
        "state": transfer.state.lower(),
        "file": transfer.file_name,
        "size": format_size(transfer.size_bytes),
        "to": transfer.librarian,
        "order": transfer.order,
        "owner": transfer.owner,
        "priority": str(transfer.priority),
        "attempts": str(transfer.attempts),
        "error": transfer.error,
        "fault of": transfer.fault.lower(),
        "from store": transfer.store,
        "way": transfer.way,
        "batch": _batch(transfer),
        "created": _moment(transfer.create_time),
        "next try": _moment(transfer.next_try_time),
        "started": _moment(transfer.start_time),
        "ended": _moment(transfer.end_time),
    }
    return {name: value for name, value in fields.items() if value}


def _batch(transfer: Transfer) -> str:
    if not transfer.batch_id:
        return ""
    done, total = transfer.batch_bytes_done, transfer.batch_bytes_total
    left = transfer.batch_seconds_left
    time_left = f", {left:.0f} s left" if left is not None else ""
    return f"{format_size(done)} of {format_size(total)}{time_left}"


def _moment(moment: datetime | None) -> str:
    return f"{format_time(moment)} UTC" if moment else ""
