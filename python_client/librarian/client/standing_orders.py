"""Standing orders: searches whose matches are pushed to a neighbour as soon as they are there."""

from dataclasses import dataclass
from datetime import datetime

from librarian.client.messages import find_value, read_time
from librarian.client.records import Record
from librarian.client.searches import SearchText, search_text
from librarian.client.sites import SiteCalls
from librarian.v1 import standing_orders_pb2 as pb
from librarian.v1 import standing_orders_pb2_grpc

# All files may have to be counted.
_PREVIEW_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class StandingOrder(Record):
    """A search whose matches are pushed to the neighbour `librarian`."""

    name: str
    librarian: str
    search: str
    priority: int
    # `HH:MM-HH:MM`, or empty for always; time zone, or empty for UTC.
    hours: str
    timezone: str
    # 0 for no limit.
    bandwidth_bytes_per_second: int
    enabled: bool
    owner: str
    create_time: datetime
    sent_count: int
    sent_bytes: int
    # Whether it has yet to look at files that were there before.
    back_filling: bool
    # What is wrong with it, in a sentence.
    error: str


@dataclass(frozen=True, slots=True)
class StandingOrderPreview(Record):
    """What a standing order would send; `seconds` is None when no rate is known.

    `ended_count` files were sent before in vain: they wait for a person.
    """

    file_count: int
    total_bytes: int
    there_count: int
    ended_count: int
    without_instance_count: int
    seconds: float | None
    bytes_per_second: float
    examples: list[str]


class StandingOrderCalls(SiteCalls):
    """What one can do with standing orders."""

    def create_standing_order(  # noqa: PLR0913 - what an order says, one by one
        self,
        name: str,
        to: str,
        search: SearchText,
        *,
        priority: int = 10,
        hours: str = "",
        timezone: str = "",
        bandwidth_bytes_per_second: int = 0,
        enabled: bool = True,
    ) -> StandingOrder:
        """Push what matches a search to the librarian `to`, from now on and what is there already.

        Orders to one librarian share it by `priority`, 1 to 100. Raises UnknownLibrarianError, and
        ConflictError when another order has the name.
        """
        order = pb.StandingOrder(
            name=name,
            librarian_name=to,
            search=search_text(search),
            priority=priority,
            hours=hours,
            timezone=timezone,
            bandwidth_bytes_per_second=bandwidth_bytes_per_second,
            enabled=enabled,
        )
        request = pb.CreateStandingOrderRequest(order=order)
        return _read(self._standing_orders().CreateStandingOrder(request))

    def get_standing_order(self, name: str) -> StandingOrder:
        """Return a standing order; raises UnknownStandingOrderError."""
        request = pb.GetStandingOrderRequest(name=name)
        return _read(self._standing_orders().GetStandingOrder(request))

    def list_standing_orders(self) -> list[StandingOrder]:
        """Return the standing orders by name."""
        answer = self._standing_orders().ListStandingOrders(pb.ListStandingOrdersRequest())
        return [_read(order) for order in answer.orders]

    def update_standing_order(  # noqa: PLR0913 - what an order says, one by one
        self,
        name: str,
        *,
        search: SearchText | None = None,
        priority: int | None = None,
        hours: str | None = None,
        timezone: str | None = None,
        bandwidth_bytes_per_second: int | None = None,
        enabled: bool | None = None,
    ) -> StandingOrder:
        """Change what is given of a standing order; raises UnknownStandingOrderError.

        With another search, or enabled again, it looks at all files again.
        """
        request = pb.UpdateStandingOrderRequest(
            name=name,
            search=None if search is None else search_text(search),
            priority=priority,
            hours=hours,
            timezone=timezone,
            bandwidth_bytes_per_second=bandwidth_bytes_per_second,
        )
        if enabled is not None:
            request.enabled = enabled
        return _read(self._standing_orders().UpdateStandingOrder(request))

    def delete_standing_order(self, name: str) -> int:
        """Delete a standing order, and cancel what it queued; return how many transfers that was.

        What is under way goes on. Raises UnknownStandingOrderError.
        """
        request = pb.DeleteStandingOrderRequest(name=name)
        return int(self._standing_orders().DeleteStandingOrder(request).cancelled_count)

    def preview_standing_order(
        self,
        name: str = "",
        *,
        to: str = "",
        search: SearchText = "",
        bandwidth_bytes_per_second: int = 0,
    ) -> StandingOrderPreview:
        """Count what a standing order, by its name or as described, would send; queue nothing."""
        request = pb.PreviewStandingOrderRequest(
            name=name,
            librarian_name=to,
            search=search_text(search),
            bandwidth_bytes_per_second=bandwidth_bytes_per_second,
        )
        calls = self._standing_orders()
        message = calls.PreviewStandingOrder(request, timeout=_PREVIEW_TIMEOUT_SECONDS)
        return StandingOrderPreview(
            file_count=message.file_count,
            total_bytes=message.total_bytes,
            there_count=message.there_count,
            ended_count=message.ended_count,
            without_instance_count=message.without_instance_count,
            seconds=find_value(message, "seconds"),
            bytes_per_second=message.bytes_per_second,
            examples=list(message.examples),
        )

    def _standing_orders(self) -> standing_orders_pb2_grpc.StandingOrdersStub:
        stub: standing_orders_pb2_grpc.StandingOrdersStub = self._link.catalog(
            standing_orders_pb2_grpc.StandingOrdersStub
        )
        return stub


def _read(message: pb.StandingOrder) -> StandingOrder:
    return StandingOrder(
        name=message.name,
        librarian=message.librarian_name,
        search=message.search,
        priority=message.priority,
        hours=message.hours,
        timezone=message.timezone,
        bandwidth_bytes_per_second=message.bandwidth_bytes_per_second,
        enabled=message.enabled,
        owner=message.owner,
        create_time=read_time(message.create_time),
        sent_count=message.sent_count,
        sent_bytes=message.sent_bytes,
        back_filling=message.back_filling,
        error=message.error,
    )
