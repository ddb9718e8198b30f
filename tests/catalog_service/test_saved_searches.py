"""Saved searches: kept by name, one's own or shared, and never another's business."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from catalog_service.bulk import table_of
from catalog_service.saved_searches import MAX_SEARCH_BYTES, MAX_SEARCHES
from catalog_service.tables import Account, SavedSearch
from librarian.errors import (
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    NotFoundError,
    StateError,
)
from librarian.v1 import accounts_pb2, saved_searches_pb2_grpc, search_pb2
from librarian.v1 import saved_searches_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite

LARGEST = '{"type-is-exactly": "uv"} #'.ljust(MAX_SEARCH_BYTES, "x")


@dataclass(frozen=True)
class Person:
    """What someone does with saved searches."""

    calls: Any

    def save(self, name: str, search: str, **changes: Any) -> pb.SavedSearch:
        request = pb.SaveSearchRequest(name=name, search=search, **changes)
        answer: pb.SavedSearch = self.calls.SaveSearch(request)
        return answer

    def page(self, token: str = "", size: int = 0) -> pb.ListSavedSearchesResponse:
        request = pb.ListSavedSearchesRequest(page_size=size, page_token=token)
        answer: pb.ListSavedSearchesResponse = self.calls.ListSavedSearches(request)
        return answer

    def pages(self, size: int = 0) -> Iterator[pb.ListSavedSearchesResponse]:
        page = self.page(size=size)
        yield page
        while page.next_page_token:
            page = self.page(page.next_page_token, size)
            yield page

    def names(self, size: int = 0) -> list[str]:
        return [f"{s.owner}/{s.name}" for page in self.pages(size) for s in page.searches]

    def delete(self, name: str, owner: str = "") -> None:
        self.calls.DeleteSavedSearch(pb.DeleteSavedSearchRequest(name=name, owner=owner))


Someone = Callable[[str], Person]


@pytest.fixture
def someone(catalog: CatalogSite) -> Someone:
    """Return what makes an account, and lets it call."""

    def make(name: str) -> Person:
        token = catalog.add(name)
        return Person(catalog.stub(saved_searches_pb2_grpc.SavedSearchesStub, token))

    return make


@pytest.fixture
def ada(someone: Someone) -> Person:
    return someone("ada")


def fill(catalog: CatalogSite, owner: str, count: int, search: str = "type:uv") -> None:
    """Save searches for an account without asking."""
    with catalog.database.transactions.begin() as db:
        account_id = db.execute(select(Account.id).where(Account.name == owner)).scalar_one()
        row = {"account_id": account_id, "search": search, "item_kind": "files", "shared": False}
        row["update_time"] = datetime.now(UTC)
        names = [f"n{number:04}" for number in range(count)]
        db.execute(insert(table_of(SavedSearch)), [{**row, "name": name} for name in names])


def errors_of_all_at_once(calls: Sequence[Callable[[], Any]]) -> list[LibrarianError]:
    """Make calls at once; return the errors of those that were refused."""
    with ThreadPoolExecutor(8) as executor:
        made = [executor.submit(call) for call in calls]
        found = [one.exception() for one in made]
    assert all(error is None or isinstance(error, LibrarianError) for error in found), found
    return [error for error in found if isinstance(error, LibrarianError)]


def count_rows(catalog: CatalogSite) -> int:
    with catalog.database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(SavedSearch)).scalar_one()


def test_a_search_is_kept_as_it_was_typed(ada: Person) -> None:
    typed = ' type:uv   # not "uvh5"\n'
    saved = ada.save("night", '{"type-is-exactly":  "é",} #' + typed, item_kind=search_pb2.FILES)
    assert (saved.name, saved.owner, saved.shared) == ("night", "ada", False)
    assert saved.search.endswith(typed)
    [listed] = ada.page().searches
    assert listed == saved
    assert abs(saved.update_time.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() < 60


def test_what_it_finds_is_kept(ada: Person) -> None:
    ada.save("a", "duration:>5m", item_kind=search_pb2.OBSERVATIONS, shared=True)
    ada.save("b", "obs:>50", item_kind=search_pb2.SESSIONS)
    ada.save("c", "size:>5GB")
    kinds = [(one.item_kind, one.shared) for one in ada.page().searches]
    assert kinds == [
        (search_pb2.OBSERVATIONS, True),
        (search_pb2.SESSIONS, False),
        (search_pb2.FILES, False),
    ]


def test_saving_again_replaces_and_repeating_changes_nothing_else(ada: Person) -> None:
    first = ada.save("night", "type:uv", shared=True)
    second = ada.save("night", "obs:>1", item_kind=search_pb2.SESSIONS)
    third = ada.save("night", "obs:>1", item_kind=search_pb2.SESSIONS)
    assert list(ada.page().searches) == [third]
    assert (third.search, third.item_kind, third.shared) == ("obs:>1", search_pb2.SESSIONS, False)
    times = [one.update_time.ToNanoseconds() for one in (first, second, third)]
    assert times == sorted(times)


def test_names_that_cannot_be_typed_behind_an_at_sign_are_refused(ada: Person) -> None:
    for name in ("", "-a", ".a", "a b", "a/b", "a'b", "é", "a\n", "a\0", "x" * 65):
        with pytest.raises(InvalidRequestError, match="begins"):
            ada.save(name, "type:uv")
    for name in ("0", "A.b_c-d", "x" * 64):
        assert ada.save(name, "type:uv").name == name


def test_searches_that_are_not_understood_are_refused_with_their_place(ada: Person) -> None:
    ada.save("night", "type:uv")
    for search in ("typ:uv", '{"type-is": 1}', "", "(type:uv", "@", "@none", "size:>5GB @nihgt"):
        with pytest.raises(InvalidRequestError, match=r"line 1, column \d+"):
            ada.save("other", search)
    with pytest.raises(InvalidRequestError, match="'night'"):
        ada.save("other", "size:>5GB @nihgt")
    with pytest.raises(InvalidRequestError):
        ada.save("other", "type:uv", item_kind=search_pb2.SESSIONS)
    with pytest.raises(InvalidRequestError, match="NUL"):
        ada.save("other", '{"type-is-exactly": "uv"} # \0')
    assert ada.names() == ["ada/night"]


def test_what_was_saved_stays_when_what_shall_replace_it_is_refused(ada: Person) -> None:
    saved = ada.save("night", "type:uv")
    with pytest.raises(InvalidRequestError, match="contains itself"):
        ada.save("night", "size:>1 @night")
    assert list(ada.page().searches) == [saved]


def test_a_text_has_at_most_64_kib(ada: Person) -> None:
    assert ada.save("large", LARGEST).search == LARGEST
    with pytest.raises(InvalidRequestError, match="65,536 bytes, this one 65,537"):
        ada.save("larger", f"{LARGEST}x")


def test_an_account_keeps_at_most_a_thousand(catalog: CatalogSite, ada: Person) -> None:
    fill(catalog, "ada", MAX_SEARCHES - 1)

    saves = [partial(ada.save, f"more{number}", "type:uv") for number in range(8)]
    errors = errors_of_all_at_once(saves)
    assert [type(error) for error in errors] == [StateError] * 7
    assert "delete some" in str(errors[0])
    assert ada.save("n0000", "type:uvh5").search == "type:uvh5"
    assert count_rows(catalog) == MAX_SEARCHES


def test_many_that_save_one_name_at_once_leave_one(catalog: CatalogSite, ada: Person) -> None:
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda number: ada.save("night", f"size:{number}"), range(24)))
    assert count_rows(catalog) == 1


def test_one_lists_ones_own_and_what_is_shared(someone: Someone) -> None:
    ada, eve = someone("ada"), someone("eve")
    for name in ("x", "a"):
        ada.save(f"private.{name}", "type:uv")
        ada.save(f"shared.{name}", "type:uv", shared=True)
        eve.save(f"own.{name}", "type:uv")
    shared = ["ada/shared.a", "ada/shared.x"]
    private = ["ada/private.a", "ada/private.x"]
    own = ["eve/own.a", "eve/own.x"]
    for size in (0, 1, 2, 3, 4, 1000):
        assert eve.names(size) == shared + own
        assert ada.names(size) == private + shared


def test_pages_of_long_searches_stay_small(catalog: CatalogSite, ada: Person) -> None:
    fill(catalog, "ada", 50, LARGEST)
    pages = list(ada.pages(1000))
    assert max(page.ByteSize() for page in pages) < 2 << 20
    assert [one.name for page in pages for one in page.searches] == [f"n{n:04}" for n in range(50)]


def test_tokens_of_pages_that_nobody_gave_out_are_refused(ada: Person) -> None:
    for token in ("ada", "\0", "a/\0"):
        with pytest.raises(InvalidRequestError, match="page token"):
            ada.page(token)
    with pytest.raises(InvalidRequestError, match="page_size"):
        ada.page(size=-1)


def test_one_deletes_ones_own(someone: Someone) -> None:
    ada, eve = someone("ada"), someone("eve")
    ada.save("night", "type:uv", shared=True)
    eve.save("night", "type:uv", shared=True)
    ada.delete("night")
    assert eve.names() == ["eve/night"]
    eve.delete("night", owner="eve")
    assert eve.names() == []
    for name in ("night", "", "a\0", "a/b"):
        with pytest.raises(NotFoundError, match="list-searches"):
            eve.delete(name)


def test_only_administrators_delete_anothers(catalog: CatalogSite, someone: Someone) -> None:
    ada, eve = someone("ada"), someone("eve")
    ada.save("night", "type:uv")
    refusals = []
    for name, owner in (("night", "ada"), ("none", "ada"), ("night", "nobody")):
        with pytest.raises(NotAllowedError) as caught:
            eve.delete(name, owner)
        refusals.append(str(caught.value))
    # Whether there is one is not told.
    assert len(set(refusals)) == 1
    stub = saved_searches_pb2_grpc.SavedSearchesStub
    administrator = Person(catalog.stub(stub, catalog.admin_token))
    with pytest.raises(NotFoundError):
        administrator.delete("night", "nobody")
    administrator.delete("night", "ada")
    assert ada.names() == []


def test_what_an_account_saved_goes_with_it(catalog: CatalogSite, someone: Someone) -> None:
    ada, eve = someone("ada"), someone("eve")
    ada.save("night", "type:uv", shared=True)
    eve.save("night", "type:uv")
    catalog.accounts().DeleteAccount(accounts_pb2.DeleteAccountRequest(name="ada"))
    assert eve.names() == ["eve/night"]
    assert someone("ada").names() == []
    assert count_rows(catalog) == 1


def test_an_account_that_goes_while_it_saves_leaves_nothing(
    catalog: CatalogSite, someone: Someone
) -> None:
    for round_number in range(4):
        name = f"ada{round_number}"
        person = someone(name)

        saves = [partial(person.save, f"n{n}", "type:uv", shared=True) for n in range(12)]
        request = accounts_pb2.DeleteAccountRequest(name=name)
        delete = partial(catalog.accounts().DeleteAccount, request)
        errors = errors_of_all_at_once([*saves[:6], delete, *saves[6:]])
        # Each is told what it came to, and none of a fault within.
        assert LibrarianError not in map(type, errors), errors
    assert count_rows(catalog) == 0
