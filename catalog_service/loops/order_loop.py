"""Queues what standing orders match of the files that are new or have changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.file_news import drop_news, read_news
from catalog_service.order_matching import Watched, match_news, queue_matches, watched_orders
from catalog_service.retrying import run_transaction, translated_errors
from catalog_service.standing_orders import lock_orders, note_error
from catalog_service.tables import StandingOrder
from catalog_service.wakeups import STANDING_ORDERS, TRANSFERS, Wakeups
from librarian.errors import InvalidRequestError
from librarian.service.killpoints import reach

_NEWS_AT_ONCE = 1000


class OrderParts(Protocol):
    """What of the catalogue the loops of standing orders need."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """Who is told of what is queued."""
        ...


@dataclass
class _Found:
    """What the orders, as they were, have found of some news."""

    watched: Sequence[Watched]
    matches: dict[int, Sequence[int]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)


class OrderLoop:
    """Looks at some news a turn; each is dropped when what it brings is queued."""

    def __init__(self, catalog: OrderParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups

    def run_once(self) -> bool:
        """Look at some news, and say whether there were any."""
        with translated_errors(), self._database.readings.begin() as db:
            news = dict(read_news(db, _NEWS_AT_ONCE))
            watched = watched_orders(db) if news else []
        if not news:
            return False
        found = self._look_at(sorted(set(news.values())), watched)
        reach("orders.matched")
        run_transaction(self._database.transactions, lambda db: self._settle(db, news, found))
        reach("orders.queued")
        return True

    def _look_at(self, file_ids: Sequence[int], watched: Sequence[Watched]) -> _Found:
        found = _Found(watched)
        for order in watched:
            # One that fails will look at all files again.
            if order.error:
                continue
            try:
                found.matches[order.id] = match_news(self._database, order, file_ids)
            except InvalidRequestError as error:
                found.errors[order.id] = str(error)
        return found

    def _settle(self, db: Session, news: Mapping[int, int], found: _Found) -> None:
        lock_orders(db)
        # Whoever changed an order meanwhile did not mean what it was: the news are looked at again.
        if list(watched_orders(db)) != list(found.watched):
            return
        queued = 0
        for key, file_ids in found.matches.items():
            if file_ids:
                order = db.get_one(StandingOrder, key)
                queued += queue_matches(db, order, file_ids).queued_count
        for key, error in found.errors.items():
            note_error(db, db.get_one(StandingOrder, key), error)
        drop_news(db, list(news))
        if queued:
            self._wakeups.notify(db, TRANSFERS)
        if found.errors:
            self._wakeups.notify(db, STANDING_ORDERS)
