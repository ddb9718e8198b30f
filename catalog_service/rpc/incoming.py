"""The Incoming service: what neighbours push to this site."""

from typing import Any

from librarian.v1 import incoming_pb2_grpc


class IncomingServicer(incoming_pb2_grpc.IncomingServicer):
    """Serves the Incoming service."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog
