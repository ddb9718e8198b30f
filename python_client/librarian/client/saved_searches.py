"""Saved searches: searches that people keep by name."""

from collections.abc import Iterator
from typing import NamedTuple

from librarian.client.messages import read_time
from librarian.client.records import SavedSearch
from librarian.client.searches import ItemKind, SearchText, kind_number, search_text
from librarian.client.sites import SiteCalls
from librarian.v1 import saved_searches_pb2 as pb
from librarian.v1 import saved_searches_pb2_grpc, search_pb2

# Each may have 64 KiB, and a page must fit in a message.
_PAGE_SIZE = 100


class SavedSearchPage(NamedTuple):
    """One page of saved searches; the token of the next is empty on the last."""

    searches: list[SavedSearch]
    next_page_token: str


class SavedSearchCalls(SiteCalls):
    """What one can do with saved searches, each of which `@name` stands for in any search."""

    def save_search(
        self, name: str, search: SearchText, item_kind: ItemKind = "files", shared: bool = False
    ) -> SavedSearch:
        """Save a search, in place of one's own of that name.

        Raises InvalidRequestError when it is not understood, and StateError when one has a
        thousand. With `shared` others may use it, as `@owner/name`.
        """
        request = pb.SaveSearchRequest(
            name=name, search=search_text(search), item_kind=kind_number(item_kind), shared=shared
        )
        return _read(self._saved_searches().SaveSearch(request))

    def list_saved_searches(self) -> Iterator[SavedSearch]:
        """Yield one's own and all shared searches, by owner and name."""
        token = ""
        while True:
            page = self.list_saved_search_page(page_token=token)
            yield from page.searches
            token = page.next_page_token
            if not token:
                return

    def list_saved_search_page(
        self, *, page_size: int = _PAGE_SIZE, page_token: str = ""
    ) -> SavedSearchPage:
        """Return one page of what `list_saved_searches` yields."""
        request = pb.ListSavedSearchesRequest(page_size=page_size, page_token=page_token)
        page = self._saved_searches().ListSavedSearches(request)
        return SavedSearchPage([_read(one) for one in page.searches], page.next_page_token)

    def delete_saved_search(self, name: str, owner: str = "") -> None:
        """Delete one's own saved search, or as an administrator an `owner`'s.

        Raises NotFoundError when there is none.
        """
        request = pb.DeleteSavedSearchRequest(name=name, owner=owner)
        self._saved_searches().DeleteSavedSearch(request)

    def _saved_searches(self) -> saved_searches_pb2_grpc.SavedSearchesStub:
        stub: saved_searches_pb2_grpc.SavedSearchesStub = self._link.catalog(
            saved_searches_pb2_grpc.SavedSearchesStub
        )
        return stub


def _read(message: pb.SavedSearch) -> SavedSearch:
    return SavedSearch(
        name=message.name,
        owner=message.owner,
        search=message.search,
        item_kind=search_pb2.ItemKind.Name(message.item_kind).lower(),
        shared=message.shared,
        update_time=read_time(message.update_time),
    )
