"""The Search service."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import grpc

from catalog_service.database import Database
from catalog_service.metadata import find_time_keys
from catalog_service.retrying import translated_errors
from catalog_service.rpc.item_kinds import item_of
from catalog_service.rpc.search_messages import (
    files_response,
    files_with_metadata_response,
    instances_response,
    observations_response,
    sessions_response,
)
from catalog_service.rpc.search_places import StreamPlaces, room_for
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import Compiled, compile_search
from catalog_service.search.json_writer import write_json
from catalog_service.search.language import parse_search
from catalog_service.search.meaning import describe
from catalog_service.search.pages import count_matches, parse_order, read_pages, read_snapshot
from catalog_service.search.text_writer import write_text
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.service.config import ListenConfig
from librarian.v1 import search_pb2, search_pb2_grpc

# A search may list 100,000 names of 255 bytes.
MAX_MESSAGE_BYTES = 33 << 20
# What clients take.
_MAX_EXPLANATION_BYTES = 32 << 20

# Makes a message of a page's rows and of the token of the page that follows.
Respond = Callable[[Any, str], Any]


class SearchParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def config(self) -> ListenConfig:
        """How the catalogue serves."""
        ...

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class SearchServicer(search_pb2_grpc.SearchServicer):
    """Serves librarian.v1.Search.

    A stream holds no transaction between its pages, and reads none ahead: who does not read
    costs a thread, and no more; and there are only so many such threads.
    """

    def __init__(self, catalog: SearchParts) -> None:
        self._database = catalog.database
        self._places = StreamPlaces(catalog.config.threads)

    def SearchFiles(
        self, request: search_pb2.SearchFilesRequest, context: grpc.ServicerContext
    ) -> Iterator[search_pb2.SearchFilesResponse]:
        """Stream the files that match, a page a message."""
        plain = self._with_metadata if request.with_metadata else files_response
        # Before the search, or files could be shown that a staging of what was shown leaves out.
        snapshots = iter([read_snapshot(self._database)])

        def respond(rows: Any, next_page_token: str) -> search_pb2.SearchFilesResponse:
            answer = plain(rows, next_page_token)
            answer.snapshot = next(snapshots, 0)
            return answer

        yield from self._stream(
            request, context, ItemKind.FILES, respond, with_metadata=request.with_metadata
        )

    def SearchObservations(
        self, request: search_pb2.SearchObservationsRequest, context: grpc.ServicerContext
    ) -> Iterator[search_pb2.SearchObservationsResponse]:
        """Stream the observations that match, a page a message."""
        return self._stream(request, context, ItemKind.OBSERVATIONS, observations_response)

    def SearchSessions(
        self, request: search_pb2.SearchSessionsRequest, context: grpc.ServicerContext
    ) -> Iterator[search_pb2.SearchSessionsResponse]:
        """Stream the observing sessions that match, a page a message."""
        return self._stream(request, context, ItemKind.SESSIONS, sessions_response)

    def SearchInstances(
        self, request: search_pb2.SearchInstancesRequest, context: grpc.ServicerContext
    ) -> Iterator[search_pb2.SearchInstancesResponse]:
        """Stream the instances of the files that match, a page a message."""
        return self._stream(request, context, ItemKind.FILES, instances_response, instances=True)

    def CountMatches(
        self, request: search_pb2.CountMatchesRequest, context: grpc.ServicerContext
    ) -> search_pb2.CountMatchesResponse:
        """Count what matches."""
        compiled = self._compile(request, context, item_of(request.item_kind))
        instances = request.item_kind == search_pb2.INSTANCES
        count = count_matches(self._database, compiled, instances=instances)
        return search_pb2.CountMatchesResponse(count=count)

    def ExplainSearch(
        self, request: search_pb2.ExplainSearchRequest, context: grpc.ServicerContext
    ) -> search_pb2.ExplainSearchResponse:
        """Return both forms of a search, and what it means."""
        item = item_of(request.item_kind)
        with room_for(request.ByteSize(), context.time_remaining()):
            clause = parse_search(request.search, item)
            explanation = search_pb2.ExplainSearchResponse(
                json=write_json(clause, item),
                text=write_text(clause, item),
                meaning=describe(clause, item),
            )
        if explanation.ByteSize() > _MAX_EXPLANATION_BYTES:
            raise InvalidRequestError(
                "Both forms of the search are more than an answer can hold: leave a part of its"
                " lists away."
            )
        return explanation

    def _stream(
        self,
        request: Any,
        context: grpc.ServicerContext,
        item: ItemKind,
        respond: Respond,
        **columns: bool,
    ) -> Iterator[Any]:
        order = parse_order(request.order_by, item, instances=columns.get("instances", False))
        with self._places.taken(current_caller().name, context) as place:
            pages = read_pages(
                self._database,
                self._compile(request, context, item),
                order,
                limit=request.limit,
                page_token=request.page_token,
                **columns,
            )
            for page in pages:
                if not context.is_active():
                    return
                answer = respond(page.rows, page.next_page_token)
                place.sent_at = time.monotonic()
                yield answer
                place.sent_at = None

    def _compile(self, request: Any, context: grpc.ServicerContext, item: ItemKind) -> Compiled:
        name = current_caller().name
        with room_for(request.ByteSize(), context.time_remaining()):
            return compile_search(self._database, request.search, account_name=name, item=item)

    def _with_metadata(self, rows: Any, next_page_token: str) -> search_pb2.SearchFilesResponse:
        # Read after the page, whose keys are then all known.
        with translated_errors(), self._database.readings.begin() as db:
            time_keys = find_time_keys(db)
        return files_with_metadata_response(rows, next_page_token, time_keys)
