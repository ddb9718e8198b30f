"""The StandingOrders service."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service import standing_orders
from catalog_service.database import Database
from catalog_service.librarians import get_librarian
from catalog_service.order_previews import preview_order
from catalog_service.retrying import run_transaction
from catalog_service.rpc.search_places import room_for
from catalog_service.rpc.standing_order_messages import (
    changes_from,
    order_message,
    preview_message,
    terms_from,
)
from catalog_service.search.compiler import compile_search
from catalog_service.standing_orders import OrderTerms, PlacedOrder
from catalog_service.tables import Librarian, StandingOrder
from catalog_service.wakeups import STANDING_ORDERS, TRANSFERS, Wakeups
from librarian.service.calls import current_caller
from librarian.v1 import standing_orders_pb2 as pb
from librarian.v1 import standing_orders_pb2_grpc


class StandingOrdersParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """Who is told that an order is new or has changed."""
        ...


class StandingOrdersServicer(standing_orders_pb2_grpc.StandingOrdersServicer):
    """Serves librarian.v1.StandingOrders."""

    def __init__(self, catalog: StandingOrdersParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups

    def CreateStandingOrder(
        self, request: pb.CreateStandingOrderRequest, context: grpc.ServicerContext
    ) -> pb.StandingOrder:
        """Put a standing order of the caller's on record."""
        order, owner = request.order, current_caller().name
        terms = terms_from(order)
        standing_orders.check_name(order.name)
        self._check(terms, owner)
        return self._change(
            lambda db: standing_orders.create_order(
                db, order.name, order.librarian_name, terms, owner
            )
        )

    def GetStandingOrder(
        self, request: pb.GetStandingOrderRequest, context: grpc.ServicerContext
    ) -> pb.StandingOrder:
        """Return a standing order."""
        return order_message(self._read(request.name))

    def ListStandingOrders(
        self, request: pb.ListStandingOrdersRequest, context: grpc.ServicerContext
    ) -> pb.ListStandingOrdersResponse:
        """Return the standing orders by name."""
        orders = run_transaction(self._database.readings, standing_orders.list_orders)
        return pb.ListStandingOrdersResponse(orders=map(order_message, orders))

    def UpdateStandingOrder(
        self, request: pb.UpdateStandingOrderRequest, context: grpc.ServicerContext
    ) -> pb.StandingOrder:
        """Change what is given of a standing order."""
        changes: dict[str, Any] = changes_from(request)
        order, _ = self._read(request.name)
        terms = replace(standing_orders.terms_of(order), **changes)
        standing_orders.check_terms(terms)
        if "search" in changes:
            # As it will be: for its owner, whoever changes it.
            self._check(terms, order.owner)
        changed = self._change(lambda db: _update(db, request.name, changes))
        if "priority" in changes:
            self._for_each_chunk(request.name, standing_orders.change_priority)
        return changed

    def DeleteStandingOrder(
        self, request: pb.DeleteStandingOrderRequest, context: grpc.ServicerContext
    ) -> pb.DeleteStandingOrderResponse:
        """Take a standing order off the record, and cancel what it has queued."""
        # So that it queues nothing more meanwhile.
        self._change(lambda db: _update(db, request.name, {"enabled": False}))
        cancelled = self._for_each_chunk(request.name, standing_orders.cancel_queued)

        def remove(db: Session) -> None:
            standing_orders.remove_order(db, request.name)
            self._wakeups.notify(db, TRANSFERS)

        run_transaction(self._database.transactions, remove)
        return pb.DeleteStandingOrderResponse(cancelled_count=cancelled)

    def PreviewStandingOrder(
        self, request: pb.PreviewStandingOrderRequest, context: grpc.ServicerContext
    ) -> pb.PreviewStandingOrderResponse:
        """Count what an order on record, or one that is described, would send."""
        search, bandwidth = request.search, request.bandwidth_bytes_per_second
        owner, librarian_name = current_caller().name, request.librarian_name
        if request.name:
            order, librarian_name = self._read(request.name)
            search, bandwidth, owner = order.search, order.bandwidth, order.owner
        standing_orders.check_terms(OrderTerms(search=search, bandwidth=bandwidth))
        librarian: Librarian = run_transaction(
            self._database.readings, lambda db: get_librarian(db, librarian_name)
        )
        with room_for(len(search), context.time_remaining()):
            preview = preview_order(self._database, search, librarian, bandwidth, owner=owner)
        return preview_message(preview)

    def _check(self, terms: OrderTerms, owner: str) -> None:
        """Raise InvalidRequestError for terms that are wrong, and a search of no sense."""
        standing_orders.check_terms(terms)
        compile_search(self._database, terms.search, account_name=owner)

    def _read(self, name: str) -> PlacedOrder:
        return run_transaction(
            self._database.readings, lambda db: standing_orders.get_order(db, name)
        )

    def _change(self, work: Callable[[Session], PlacedOrder]) -> pb.StandingOrder:
        def change(db: Session) -> pb.StandingOrder:
            message = order_message(work(db))
            # It has files to look at; and its hours and its share may be others.
            for topic in (STANDING_ORDERS, TRANSFERS):
                self._wakeups.notify(db, topic)
            return message

        return run_transaction(self._database.transactions, change)

    def _for_each_chunk(self, name: str, work: Callable[[Session, StandingOrder], int]) -> int:
        """Do something with all that an order has queued, some at a time; return how many."""

        def do_some(db: Session) -> int:
            return work(db, standing_orders.get_order(db, name)[0])

        total = 0
        while count := run_transaction(self._database.transactions, do_some):
            total += count
        return total


def _update(db: Session, name: str, changes: dict[str, Any]) -> PlacedOrder:
    """Change what is given, and leave the rest as it is by now."""
    standing_orders.lock_orders(db)
    order, _ = standing_orders.get_order(db, name)
    return standing_orders.update_order(
        db, name, replace(standing_orders.terms_of(order), **changes)
    )
