"""One page of what a search finds, within the time that a page may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from librarian.client.librarian import Librarian
from librarian.client.messages import read_file, read_observation, read_observing_session
from librarian.client.records import Record
from librarian.client.searches import ItemKind, kind_number, search_text
from librarian.errors import InvalidRequestError, WaitTimedOutError
from librarian.v1 import search_pb2, search_pb2_grpc
from web_frontend.searching.queries import Query

PAGE_SIZE = 50
PAGE_SECONDS = 10.0
COUNT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results."""

    records: list[Any]
    next_page: str
    # What holds a staging to the files that were on record when this page was made.
    snapshot: int | None


class _Call(NamedTuple):
    """How one kind is asked for."""

    method: str
    request: Callable[..., Any]
    field: str
    read: Callable[[Any], Record]


_CALLS: Mapping[ItemKind, _Call] = {
    "files": _Call("SearchFiles", search_pb2.SearchFilesRequest, "files", read_file),
    "observations": _Call(
        "SearchObservations",
        search_pb2.SearchObservationsRequest,
        "observations",
        read_observation,
    ),
    "sessions": _Call(
        "SearchSessions", search_pb2.SearchSessionsRequest, "sessions", read_observing_session
    ),
}


def find_page(
    site: Librarian, query: Query, *, with_metadata: bool = False, page_size: int = PAGE_SIZE
) -> Found:
    """Return a page of what a search finds; raise WaitTimedOutError when it takes too long."""
    call = _CALLS[query.kind]
    request = call.request(
        search=search_text(query.search),
        limit=page_size,
        order_by=query.order,
        page_token=query.page,
        **({"with_metadata": True} if with_metadata else {}),
    )
    stub = site.link.catalog(search_pb2_grpc.SearchStub)
    records: list[Any] = []
    next_page, snapshot = "", None
    for answer in getattr(stub, call.method)(request, timeout=PAGE_SECONDS):
        records += map(call.read, getattr(answer, call.field))
        next_page = answer.next_page_token
        snapshot = snapshot or getattr(answer, "snapshot", None)
    return Found(records, next_page if len(records) >= page_size else "", snapshot)


def find_first(site: Librarian, query: Query) -> Any:
    """Return the first of what a search finds, or None."""
    return next(iter(find_page(site, query, page_size=1).records), None)


def find_asked(site: Librarian, query: Query, *, with_metadata: bool) -> Found:
    """Return a page of what a person asked for; one that takes too long is to be narrowed."""
    try:
        return find_page(site, query, with_metadata=with_metadata)
    except WaitTimedOutError:
        raise _too_slow("The search", PAGE_SECONDS) from None


def count_matches(site: Librarian, query: Query) -> int:
    """Return how many match; raise InvalidRequestError when that takes too long."""
    request = search_pb2.CountMatchesRequest(
        search=search_text(query.search), item_kind=kind_number(query.kind)
    )
    stub = site.link.catalog(search_pb2_grpc.SearchStub)
    try:
        return int(stub.CountMatches(request, timeout=COUNT_SECONDS).count)
    except WaitTimedOutError:
        raise _too_slow("To count", COUNT_SECONDS) from None


def _too_slow(what: str, seconds: float) -> InvalidRequestError:
    return InvalidRequestError(
        f"{what} took longer than {seconds:g} s: narrow the search, for instance by a day, a type"
        " or a name that begins with plain text."
    )
