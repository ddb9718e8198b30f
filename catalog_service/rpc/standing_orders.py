"""The StandingOrders service."""

from typing import Any

from librarian.v1 import standing_orders_pb2_grpc


class StandingOrdersServicer(standing_orders_pb2_grpc.StandingOrdersServicer):
    """Serves the StandingOrders service."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog
