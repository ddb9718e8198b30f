"""Standing orders as messages, and what messages say of them."""

from catalog_service.order_previews import Preview
from catalog_service.standing_orders import OrderTerms, PlacedOrder
from catalog_service.transfer_queue import DEFAULT_PRIORITY
from librarian.v1 import standing_orders_pb2 as pb

# Fields of an update, and what the terms of an order call them.
_CHANGES = {
    "search": "search",
    "priority": "priority",
    "hours": "hours",
    "timezone": "timezone",
    "bandwidth_bytes_per_second": "bandwidth",
    "enabled": "enabled",
}


def order_message(placed: PlacedOrder) -> pb.StandingOrder:
    """Return a standing order with the name of its neighbour."""
    order, librarian_name = placed
    return pb.StandingOrder(
        name=order.name,
        librarian_name=librarian_name,
        search=order.search,
        priority=order.priority,
        hours=order.hours,
        timezone=order.timezone,
        bandwidth_bytes_per_second=order.bandwidth,
        enabled=order.enabled,
        owner=order.owner,
        create_time=order.create_time,
        sent_count=order.sent_count,
        sent_bytes=order.sent_bytes,
        # Not when it only looks again.
        back_filling=order.fill_after_id is not None and order.fill_time is None,
        error=order.error,
    )


def terms_from(order: pb.StandingOrder) -> OrderTerms:
    """Return what a message says of a standing order that is new."""
    return OrderTerms(
        search=order.search,
        priority=order.priority or DEFAULT_PRIORITY,
        hours=order.hours,
        timezone=order.timezone,
        bandwidth=order.bandwidth_bytes_per_second,
        enabled=order.enabled,
    )


def changes_from(request: pb.UpdateStandingOrderRequest) -> dict[str, object]:
    """Return the terms that an update changes; a priority of 0 is the usual one."""
    given = [field for field in _CHANGES if request.HasField(field)]
    changes = {_CHANGES[field]: getattr(request, field) for field in given}
    if changes.get("priority") == 0:
        changes["priority"] = DEFAULT_PRIORITY
    return changes


def preview_message(preview: Preview) -> pb.PreviewStandingOrderResponse:
    """Return a preview."""
    return pb.PreviewStandingOrderResponse(
        file_count=preview.file_count,
        total_bytes=preview.total_bytes,
        there_count=preview.there_count,
        ended_count=preview.ended_count,
        without_instance_count=preview.without_instance_count,
        seconds=preview.seconds,
        bytes_per_second=preview.bytes_per_second,
        examples=preview.examples,
    )
