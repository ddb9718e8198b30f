"""The Search service."""

from collections.abc import Iterator
from typing import Protocol

import grpc

from catalog_service.database import Database
from catalog_service.rpc.messages import file_message
from catalog_service.search import compile_search
from catalog_service.search.pages import read_file_pages
from librarian.errors import InvalidRequestError
from librarian.v1 import search_pb2, search_pb2_grpc


class SearchParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class SearchServicer(search_pb2_grpc.SearchServicer):
    """Serves librarian.v1.Search."""

    def __init__(self, catalog: SearchParts) -> None:
        self._database = catalog.database

    def SearchFiles(
        self, request: search_pb2.SearchFilesRequest, context: grpc.ServicerContext
    ) -> Iterator[search_pb2.SearchFilesResponse]:
        """Stream the files that match, a page a message."""
        if request.limit < 0:
            raise InvalidRequestError("The limit of a search is 0, for all, or more.")
        matching = compile_search(request.search)
        for page in read_file_pages(self._database, matching, request.limit):
            if not context.is_active():
                return
            yield search_pb2.SearchFilesResponse(files=map(file_message, page))
