"""The SavedSearches service."""

from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service import saved_searches
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.roles import Role
from catalog_service.rpc.item_kinds import item_kind_number, item_of
from catalog_service.rpc.paging import page_size_of
from catalog_service.saved_searches import NewSearch
from catalog_service.search.attributes import ItemKind
from catalog_service.search.language import parse_search
from catalog_service.search.saved_nodes import check_saved
from catalog_service.tables import SavedSearch
from librarian.errors import InvalidRequestError, NotAllowedError
from librarian.service.calls import current_caller
from librarian.v1 import saved_searches_pb2 as pb
from librarian.v1 import saved_searches_pb2_grpc

_DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 1000
# Of the searches' texts, beside which a message has room for the last one and all names.
_PAGE_BYTES = 1 << 20


class SavedSearchesParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class SavedSearchesServicer(saved_searches_pb2_grpc.SavedSearchesServicer):
    """Serves librarian.v1.SavedSearches."""

    def __init__(self, catalog: SavedSearchesParts) -> None:
        self._database = catalog.database

    def SaveSearch(
        self, request: pb.SaveSearchRequest, context: grpc.ServicerContext
    ) -> pb.SavedSearch:
        """Keep a search of the caller's."""
        item, owner = item_of(request.item_kind), current_caller().name
        new = NewSearch(request.name, request.search, item.value, request.shared)
        saved_searches.check_new_search(new)
        clause = parse_search(new.search, item)

        def save(db: Session) -> pb.SavedSearch:
            saved = saved_searches.save_search(db, owner, new)
            check_saved(db, saved, clause, owner)
            return _message(saved, owner)

        return run_transaction(self._database.transactions, save)

    def ListSavedSearches(
        self, request: pb.ListSavedSearchesRequest, context: grpc.ServicerContext
    ) -> pb.ListSavedSearchesResponse:
        """Return a page of the searches that the caller may use."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        caller, after = current_caller().name, _page_start(request.page_token)

        def read(db: Session) -> pb.ListSavedSearchesResponse:
            found, more = saved_searches.list_saved_searches(
                db, caller, after=after, limit=size, limit_bytes=_PAGE_BYTES
            )
            searches = [_message(saved, owner) for saved, owner in found]
            token = f"{searches[-1].owner}/{searches[-1].name}" if more else ""
            return pb.ListSavedSearchesResponse(searches=searches, next_page_token=token)

        return run_transaction(self._database.readings, read)

    def DeleteSavedSearch(
        self, request: pb.DeleteSavedSearchRequest, context: grpc.ServicerContext
    ) -> pb.DeleteSavedSearchResponse:
        """Drop a search of the caller's, or as an administrator anyone's."""
        caller = current_caller()
        owner = request.owner or caller.name
        if owner != caller.name and caller.role < Role.ADMIN:
            raise NotAllowedError("Only an administrator may delete another's saved search.")
        run_transaction(
            self._database.transactions,
            lambda db: saved_searches.delete_saved_search(db, owner, request.name),
        )
        return pb.DeleteSavedSearchResponse()


def _message(saved: SavedSearch, owner: str) -> pb.SavedSearch:
    return pb.SavedSearch(
        name=saved.name,
        owner=owner,
        search=saved.search,
        item_kind=item_kind_number(ItemKind(saved.item_kind)),
        shared=saved.shared,
        update_time=saved.update_time,
    )


def _page_start(token: str) -> tuple[str, str] | None:
    if not token:
        return None
    owner, slash, name = token.partition("/")
    if not slash or "\0" in token:
        raise InvalidRequestError("That page token was not given out by this catalogue.")
    return owner, name
