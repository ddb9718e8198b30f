"""The Transfers service."""

from typing import Any

from librarian.v1 import transfers_pb2_grpc


class TransfersServicer(transfers_pb2_grpc.TransfersServicer):
    """Serves the Transfers service."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog
