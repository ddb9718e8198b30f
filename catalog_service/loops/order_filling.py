"""Has standing orders look at all files: when they are new or changed, and again at times.

So nothing is lost to an order whose search came true by time, or failed for a while.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.file_news import await_notes
from catalog_service.loops.order_loop import OrderParts
from catalog_service.order_matching import (
    MOST_FILES,
    Watched,
    match_part,
    queue_matches,
    watched,
)
from catalog_service.retrying import run_transaction, translated_errors
from catalog_service.standing_orders import lock_orders, note_error
from catalog_service.tables import File, StandingOrder
from catalog_service.wakeups import TRANSFERS
from librarian.errors import InvalidRequestError
from librarian.service.killpoints import reach

# Keys that a turn looks at: more when that took no time, fewer when it took long.
_FIRST_WIDTH, _LEAST_WIDTH, _MOST_WIDTH = 10_000, 1_000, 2_000_000
_SHORT_SECONDS, _LONG_SECONDS = 0.1, 0.4
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 5.0, 600.0


class FillingConfig(Protocol):
    """What the configuration says of it."""

    @property
    def order_sweep_minutes(self) -> float:
        """After how long orders look at all files again; 0: never."""
        ...


class FillingParts(OrderParts, Protocol):
    """What of the catalogue the loop needs."""

    @property
    def config(self) -> FillingConfig:
        """The catalogue's configuration."""
        ...


@dataclass
class _Pace:
    """How one order gets on, as far as this process knows."""

    width: int = field(default_factory=lambda: _FIRST_WIDTH)
    failures: int = 0
    retry_at: float = 0.0

    def took(self, seconds: float) -> None:
        """Choose how many keys the next turn looks at."""
        if seconds < _SHORT_SECONDS:
            self.width = min(2 * self.width, _MOST_WIDTH)
        elif seconds > _LONG_SECONDS:
            self.width = max(self.width // 2, _LEAST_WIDTH)

    def failed(self) -> None:
        """Choose when to look again after a failure."""
        self.failures += 1
        self.width = max(self.width // 4, _LEAST_WIDTH)
        longest = _FIRST_RETRY_SECONDS * 2 ** min(self.failures - 1, 10)
        share = random.uniform(0.5, 1)  # noqa: S311 - it spreads load, it keeps no secret.
        self.retry_at = time.monotonic() + share * min(longest, _LONGEST_RETRY_SECONDS)


@dataclass(frozen=True)
class _Part:
    """The files that one turn looks at: those after a key, up to another."""

    order: Watched
    # As on record: null when the order has yet to begin again.
    fill_after_id: int | None
    upto: int
    is_last: bool

    @property
    def after(self) -> int:
        """Return the key after which it begins."""
        return self.fill_after_id or 0


class OrderFilling:
    """Lets one order look at some files a turn, each in its turn."""

    def __init__(self, catalog: FillingParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups
        self._sweep = timedelta(minutes=catalog.config.order_sweep_minutes)
        self._paces: dict[int, _Pace] = {}
        self._last_id = 0

    def run_once(self) -> bool:
        """Look at some files, and say whether an order had any to look at."""
        with translated_errors(), self._database.readings.begin() as db:
            order = self._next_order(db)
        if order is None:
            return False
        part = self._part_of(order)
        pace = self._paces[part.order.id]
        began = time.monotonic()
        try:
            found = match_part(self._database, part.order, part.after, part.upto)
        except InvalidRequestError as error:
            pace.failed()
            self._note(part, str(error))
            return True
        pace.took(time.monotonic() - began)
        if part.is_last and len(found) < MOST_FILES:
            pace.failures = 0
        run_transaction(self._database.transactions, lambda db: self._settle(db, part, found))
        reach("orders.filled")
        return True

    def _next_order(self, db: Session) -> StandingOrder | None:
        due = self._due_orders(db)
        if not due:
            return None
        order = next((one for one in due if one.id > self._last_id), due[0])
        self._last_id = order.id
        return order

    def _part_of(self, order: StandingOrder) -> _Part:
        """Choose what an order looks at now."""
        if not order.fill_after_id:
            run_transaction(self._database.transactions, await_notes)
        with translated_errors(), self._database.readings.begin() as db:
            largest = db.execute(select(func.max(File.id))).scalar_one() or 0
        upto = (order.fill_after_id or 0) + self._paces[order.id].width
        return _Part(watched(order), order.fill_after_id, min(upto, largest), upto >= largest)

    def _due_orders(self, db: Session) -> list[StandingOrder]:
        enabled = select(StandingOrder).where(StandingOrder.enabled).order_by(StandingOrder.id)
        orders = db.scalars(enabled).all()
        if not orders:
            return []
        now, present = database_time(db), time.monotonic()
        self._paces = {one.id: self._paces.get(one.id, _Pace()) for one in orders}
        return [
            one
            for one in orders
            if self._paces[one.id].retry_at <= present
            and (one.fill_after_id is not None or self._is_to_sweep(one, now))
        ]

    def _is_to_sweep(self, order: StandingOrder, now: Any) -> bool:
        if not self._sweep:
            return False
        return order.fill_time is None or order.fill_time <= now - self._sweep

    def _settle(self, db: Session, part: _Part, found: Sequence[int]) -> None:
        order = _unchanged(db, part)
        if order is None:
            return
        order.error = ""
        if len(found) == MOST_FILES:
            order.fill_after_id = found[-1]
        elif part.is_last:
            order.fill_after_id, order.fill_time = None, database_time(db)
        else:
            order.fill_after_id = part.upto
        if found and queue_matches(db, order, found).queued_count:
            self._wakeups.notify(db, TRANSFERS)

    def _note(self, part: _Part, error: str) -> None:
        def note(db: Session) -> None:
            order = _unchanged(db, part)
            if order is not None:
                note_error(db, order, error)

        run_transaction(self._database.transactions, note)


def _unchanged(db: Session, part: _Part) -> StandingOrder | None:
    """Return the order, locked, if it is as it was: another may have changed it, or got further."""
    lock_orders(db)
    order = db.get(StandingOrder, part.order.id)
    if order is None or not order.enabled or watched(order) != part.order:
        return None
    return order if order.fill_after_id == part.fill_after_id else None
