"""The Librarians service."""

from typing import Any

from librarian.v1 import librarians_pb2_grpc


class LibrariansServicer(librarians_pb2_grpc.LibrariansServicer):
    """Serves the Librarians service."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog
