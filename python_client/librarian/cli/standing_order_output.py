"""What commands tell of standing orders."""

from librarian.cli.output import (
    Column,
    format_count,
    format_size,
    format_time,
    print_fields,
    print_json,
    print_line,
)
from librarian.client.standing_orders import StandingOrder, StandingOrderPreview

ORDER_COLUMNS = [
    Column("Name"),
    Column("To"),
    Column("State"),
    Column("Priority", right=True),
    Column("Hours", spare=True),
    Column("Limit", right=True, spare=True),
    Column("Sent", right=True),
    Column("Size", right=True, spare=True),
    Column("Search"),
]


def print_order(order: StandingOrder, *, as_json: bool) -> None:
    """Tell of an order that was made or changed."""
    if as_json:
        print_json(order.to_json())
    else:
        print_line(f"{order.name}: {_state(order)}, to {order.librarian}")


def print_preview(preview: StandingOrderPreview) -> None:
    """Tell what an order would send."""
    left_out = {
        "there already or on their way": preview.there_count,
        "sent before in vain (see list-transfers)": preview.ended_count,
        "without an instance here": preview.without_instance_count,
    }
    rate = preview.bytes_per_second
    fields = {
        "Files": str(preview.file_count),
        "Size": format_size(preview.total_bytes),
        "Time": "not known: nothing was sent there lately",
        "Left out": ", ".join(f"{count} {why}" for why, count in left_out.items()),
        "Examples": " ".join(preview.examples),
    }
    if preview.seconds is not None:
        fields["Time"] = f"{_duration(preview.seconds)} at {format_size(rate)}/s"
    print_fields(fields)


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _state(order: StandingOrder) -> str:
    if not order.enabled:
        return "disabled"
    if order.error:
        return f"fails: {order.error}"
    return "enabled, looks at earlier files" if order.back_filling else "enabled"


def _hours(order: StandingOrder) -> str:
    return f"{order.hours} {order.timezone or 'UTC'}" if order.hours else "always"


def _limit(order: StandingOrder) -> str:
    limit = order.bandwidth_bytes_per_second
    return f"{format_size(limit)}/s" if limit else "none"


def order_fields(order: StandingOrder) -> dict[str, str]:
    """Return what is to say of one order."""
    return {
        "Name": order.name,
        "To": order.librarian,
        "State": _state(order),
        "Search": order.search,
        "Priority": str(order.priority),
        "Hours": _hours(order),
        "Limit": _limit(order),
        "Sent": f"{format_count(order.sent_count, 'file')}, {format_size(order.sent_bytes)}",
        "Owner": order.owner,
        "Created (UTC)": format_time(order.create_time),
    }


def order_row(order: StandingOrder) -> list[str]:
    """Return an order as a row of ORDER_COLUMNS."""
    return [
        order.name,
        order.librarian,
        _state(order),
        str(order.priority),
        _hours(order),
        _limit(order),
        str(order.sent_count),
        format_size(order.sent_bytes),
        " ".join(order.search.split()),
    ]
