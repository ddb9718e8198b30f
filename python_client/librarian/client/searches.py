"""Searches: what matches, as it comes, and what a search means."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from librarian.client.messages import (
    read_file,
    read_instance,
    read_observation,
    read_observing_session,
)
from librarian.client.records import File, Instance, Observation, ObservingSession, Record
from librarian.client.search_results import Item, ItemForm, SearchResult
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import search_pb2, search_pb2_grpc

SearchText = str | dict[str, Any]
"""A search: text in the JSON or the text form, or what `json.loads` makes of the JSON form."""

ItemKind = Literal["files", "observations", "sessions"]

_MAX_SEARCH_BYTES = 32 << 20
_KINDS: dict[str, "search_pb2.ItemKind"] = {
    "files": search_pb2.FILES,
    "observations": search_pb2.OBSERVATIONS,
    "sessions": search_pb2.SESSIONS,
}
_FILES = ItemForm(File, search_pb2.FILES, "SearchFiles", "files", read_file, "files")
_OBSERVATIONS = ItemForm(
    Observation,
    search_pb2.OBSERVATIONS,
    "SearchObservations",
    "observations",
    read_observation,
    "observations",
)
_SESSIONS = ItemForm(
    ObservingSession,
    search_pb2.SESSIONS,
    "SearchSessions",
    "sessions",
    read_observing_session,
    "observing sessions",
)
_INSTANCES = ItemForm(
    Instance, search_pb2.INSTANCES, "SearchInstances", "instances", read_instance, "instances"
)


@dataclass(frozen=True, slots=True)
class Explanation(Record):
    """A search in both forms, and what it means in words."""

    json: str
    text: str
    meaning: str


class SearchCalls(SiteCalls):
    """What one can look for.

    `order_by` is the name of an order, with `,desc` behind it for the largest first. A
    `page_token` is that of an earlier result of the same search in the same order: this one goes
    on after it. A result raises InvalidRequestError, with the place, when the search is not
    understood.
    """

    def search_files(
        self,
        search: SearchText,
        limit: int | None = None,
        order_by: str = "",
        with_metadata: bool = False,
        page_token: str = "",
    ) -> SearchResult[File]:
        """Find files, by `name`, `create-time`, `size`, `obsid` or `start-time`."""
        request = search_pb2.SearchFilesRequest(
            search=search_text(search),
            order_by=order_by,
            page_token=page_token,
            with_metadata=with_metadata,
        )
        return self._result(_FILES, request, limit)

    def search_observations(
        self,
        search: SearchText,
        limit: int | None = None,
        order_by: str = "",
        page_token: str = "",
    ) -> SearchResult[Observation]:
        """Find observations, by `obsid` or `start-time`."""
        request = search_pb2.SearchObservationsRequest(
            search=search_text(search), order_by=order_by, page_token=page_token
        )
        return self._result(_OBSERVATIONS, request, limit)

    def search_sessions(
        self,
        search: SearchText,
        limit: int | None = None,
        order_by: str = "",
        page_token: str = "",
    ) -> SearchResult[ObservingSession]:
        """Find observing sessions, by `session-id` or `start-time`."""
        request = search_pb2.SearchSessionsRequest(
            search=search_text(search), order_by=order_by, page_token=page_token
        )
        return self._result(_SESSIONS, request, limit)

    def search_instances(
        self,
        search: SearchText,
        limit: int | None = None,
        order_by: str = "",
        page_token: str = "",
    ) -> SearchResult[Instance]:
        """Find the instances of the files that match, by the files' `name`."""
        request = search_pb2.SearchInstancesRequest(
            search=search_text(search), order_by=order_by, page_token=page_token
        )
        return self._result(_INSTANCES, request, limit)

    def explain_search(self, search: SearchText, item_kind: ItemKind = "files") -> Explanation:
        """Return both forms of a search, and what it means.

        Raises InvalidRequestError when it is not understood.
        """
        stub = self._link.catalog(search_pb2_grpc.SearchStub)
        answer = stub.ExplainSearch(
            search_pb2.ExplainSearchRequest(
                search=search_text(search), item_kind=kind_number(item_kind)
            )
        )
        return Explanation(answer.json, answer.text, answer.meaning)

    def _result(self, form: ItemForm[Item], request: Any, limit: int | None) -> SearchResult[Item]:
        if limit is not None and limit < 0:
            raise InvalidRequestError(f"The limit {limit} is negative: give the most wanted.")
        return SearchResult(form, self._link.catalog(search_pb2_grpc.SearchStub), request, limit)


def kind_number(item_kind: str) -> "search_pb2.ItemKind":
    """Return what is searched for as the wire has it, or raise InvalidRequestError."""
    if item_kind not in _KINDS:
        raise InvalidRequestError(
            f"There is no search of {item_kind!r}: give one of {', '.join(_KINDS)}."
        )
    return _KINDS[item_kind]


def search_text(search: SearchText) -> str:
    """Return a search as the text that travels."""
    text = search if isinstance(search, str) else _json_text(search)
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"The search is not text: {error.reason}.") from error
    if size_bytes > _MAX_SEARCH_BYTES:
        raise InvalidRequestError(
            f"The search has {size_bytes:,} bytes, {_MAX_SEARCH_BYTES:,} at most: divide its lists."
        )
    return text


def _json_text(search: dict[str, Any]) -> str:
    try:
        return json.dumps(search, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"The search is not JSON: {error}.") from error
