"""Lanes: whose turn it is on the way to a neighbour.

Transfers to a neighbour wait in lanes: one for each standing order, and lane 0 for those queued by
hand. Each lane keeps the share of the link that it has had, which grows by bytes over priority with
each batch; the lane with the smallest is next. So lanes get bytes as their priorities are to one
another, and none waits for ever. A lane that had nothing to send has saved up nothing by that: it
begins where the last batch began.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.order_hours import UNREADABLE, is_open, next_opening
from catalog_service.tables import Librarian, StandingOrder, Transfer

logger = logging.getLogger(__name__)

HAND_LANE = 0
# What a file costs at least: small ones cost the link more than their bytes.
_LEAST_COST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Lane:
    """A lane as it is now."""

    number: int
    share: float
    # Of the order; those queued by hand have one each.
    priority: int | None = None
    enabled: bool = True
    hours: str = ""
    timezone: str = ""
    # Most bytes a second; 0 for no limit.
    bandwidth: int = 0
    # When the first that waits may start; None when nothing waits.
    run_time: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether batches of it may start now."""
        try:
            return self.enabled and is_open(self.hours, self.timezone, now)
        except UNREADABLE:
            # Time zones come with the system: one may be gone.
            logger.exception("The hours of standing order %d cannot be read.", self.number)
            return False

    def start_time(self, now: datetime) -> datetime | None:
        """Return when a batch of it may start; None when nothing waits that ever may."""
        if self.run_time is None or not self.enabled:
            return None
        first = max(now, self.run_time)
        if self.is_open(first):
            return first
        try:
            return next_opening(self.hours, self.timezone, first)
        except UNREADABLE:
            return None


def list_lanes(db: Session, librarian: Librarian) -> list[Lane]:
    """Return all lanes to a neighbour: the one by hand, then those of its standing orders."""
    [hand_time] = db.execute(select(_first_run_time(librarian.id, HAND_LANE))).one()
    orders = db.execute(
        select(StandingOrder, _first_run_time(librarian.id, StandingOrder.id))
        .where(StandingOrder.librarian_id == librarian.id)
        .order_by(StandingOrder.id)
    )
    return [
        Lane(HAND_LANE, librarian.hand_share, run_time=hand_time),
        *(_lane(order, run_time) for order, run_time in orders),
    ]


def lane_of(lanes: Iterable[Lane], number: int) -> Lane:
    """Return a lane by its number; of an order that is gone, one that is always open."""
    return next((lane for lane in lanes if lane.number == number), Lane(number, 0.0))


def choose_lane(
    lanes: Iterable[Lane], librarian: Librarian, now: datetime, busy: Collection[int]
) -> Lane | None:
    """Return the lane whose turn it is, given those that have batches under way."""
    ready = [
        lane
        for lane in lanes
        if lane.start_time(now) == now and not (lane.bandwidth and lane.number in busy)
    ]
    return min(ready, key=lambda lane: (_start(librarian, lane), lane.share), default=None)


def charge(db: Session, librarian: Librarian, lane: Lane, cost: float) -> None:
    """Let a lane's share grow by what a batch costs; the caller has locked the neighbour."""
    start = _start(librarian, lane)
    librarian.lane_share = start
    if lane.number == HAND_LANE:
        librarian.hand_share = start + cost
    else:
        statement = update(StandingOrder).where(StandingOrder.id == lane.number)
        db.execute(statement.values(share=start + cost))
    db.flush()


def cost_of(lane: Lane, files: Iterable[tuple[int, int]]) -> float:
    """Return what files cost a lane, each given by its size and the transfer's own priority."""
    return sum(
        max(size, _LEAST_COST_BYTES) / (lane.priority or priority) for size, priority in files
    )


def leave_lost_lanes(db: Session, transfer_ids: Sequence[int]) -> None:
    """Let transfers whose standing order is gone go on in the lane by hand: theirs has no turn."""
    order_ids = select(StandingOrder.id)
    statement = update(Transfer).where(
        has_key_among(db, Transfer.id, transfer_ids),
        Transfer.lane != HAND_LANE,
        Transfer.lane.not_in(order_ids),
    )
    db.execute(statement.values(lane=HAND_LANE).execution_options(synchronize_session=False))


def _start(librarian: Librarian, lane: Lane) -> float:
    return max(librarian.lane_share, lane.share)


def _lane(order: StandingOrder, run_time: datetime | None) -> Lane:
    return Lane(
        order.id,
        order.share,
        priority=order.priority,
        enabled=order.enabled,
        hours=order.hours,
        timezone=order.timezone,
        bandwidth=order.bandwidth,
        run_time=run_time,
    )


def _first_run_time(librarian_id: int, lane: Any) -> ScalarSelect[Any]:
    """Return the query for the time of the first that waits in a lane: one look into its index."""
    return (
        select(Transfer.run_time)
        .where(
            Transfer.librarian_id == librarian_id,
            Transfer.lane == lane,
            Transfer.state == "QUEUED",
            Transfer.batch_id.is_(None),
        )
        .order_by(Transfer.run_time, Transfer.id)
        .limit(1)
        .scalar_subquery()
    )
