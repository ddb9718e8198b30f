"""What saved searches stand for within searches: the right one, in its place, and never itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import pytest

from catalog_service.accounts import create_account
from catalog_service.database import Database, open_database
from catalog_service.roles import Role
from catalog_service.saved_searches import (
    NewSearch,
    check_new_search,
    delete_saved_search,
    save_search,
)
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_search
from catalog_service.search.language import parse_search
from catalog_service.search.saved_nodes import check_saved, expand_saved
from catalog_service.search.tree import Clause
from librarian.errors import InvalidRequestError

FILES, OBSERVATIONS, SESSIONS = ItemKind.FILES, ItemKind.OBSERVATIONS, ItemKind.SESSIONS
PEOPLE = ("ada", "ben", "eve")


@dataclass(frozen=True)
class Saves:
    """What people saved."""

    database: Database

    def add(
        self, name: str, search: str, *, shared: bool = False, item: ItemKind = FILES
    ) -> "Saves":
        """Save `owner/name`, as its owner would."""
        owner, _, short = name.partition("/")
        new = NewSearch(short, search, item.value, shared)
        check_new_search(new)
        with self.database.transactions.begin() as db:
            saved = save_search(db, owner, new)
            check_saved(db, saved, parse_search(search, item), owner)
        return self

    def drop(self, name: str) -> None:
        owner, _, short = name.partition("/")
        with self.database.transactions.begin() as db:
            delete_saved_search(db, owner, short)

    def meant(self, search: str, account: str = "ada", item: ItemKind = FILES) -> Clause:
        """Return the tree that a search means to an account."""
        compile_search(self.database, search, account_name=account, item=item)
        with self.database.readings.begin() as db:
            return expand_saved(db, parse_search(search, item), item, account)

    def refusal(self, search: str, account: str = "ada", item: ItemKind = FILES) -> str:
        """Return what an account is told that may not search like this."""
        with pytest.raises(InvalidRequestError) as caught:
            self.meant(search, account, item)
        return str(caught.value)


@pytest.fixture
def saves(database_url: str) -> Iterator[Saves]:
    database = open_database(database_url)
    with database.transactions.begin() as db:
        for name in PEOPLE:
            create_account(db, name, Role.READONLY)
    yield Saves(database)
    database.dispose()


def test_a_saved_search_has_its_place_in_both_forms(saves: Saves) -> None:
    saves.add("ada/uv", "type:uv").add("ada/some", "type:uv or type:uvh5")
    for search, meant in [
        ("@uv", "type:uv"),
        ("@uv size:>5GB", "type:uv size:>5GB"),
        ("-@uv", "-type:uv"),
        ("-@some", "-(type:uv or type:uvh5)"),
        ("@some size:1", "(type:uv or type:uvh5) size:1"),
        ("name:x or (@uv -@some)", "name:x or (type:uv -(type:uv or type:uvh5))"),
        ('{"saved-search": "uv"}', "type:uv"),
        ('{"saved-search": ["uv", "ada/some"]}', "type:uv (type:uv or type:uvh5)"),
        ('{"none-of": {"saved-search": "uv"}}', "-type:uv"),
        ("@ada/uv", "type:uv"),
    ]:
        assert saves.meant(search) == parse_search(meant), search


def test_ones_own_comes_before_what_others_share(saves: Saves) -> None:
    saves.add("ben/night", "type:ben", shared=True)
    assert saves.meant("@night") == parse_search("type:ben")
    saves.add("ada/night", "type:ada")
    assert saves.meant("@night") == parse_search("type:ada")
    assert saves.meant("@ben/night") == parse_search("type:ben")
    assert saves.meant("@night", "eve") == parse_search("type:ben")


def test_which_of_several_shared_ones_has_to_be_said(saves: Saves) -> None:
    for owner in PEOPLE[:2]:
        saves.add(f"{owner}/night", f"type:{owner}", shared=True)
    refusal = saves.refusal("size:1 @night", "eve")
    assert "line 1, column" in refusal
    assert "'@ada/night' or '@ben/night'" in refusal
    assert saves.meant("@ben/night", "eve") == parse_search("type:ben")


def test_nobody_learns_of_anothers_private_searches(saves: Saves) -> None:
    saves.add("ben/secret", "type:uv").add("ben/open", "@secret", shared=True)
    for name in ("secret", "ben/secret", "secre", "ben/secre"):
        # Told as for someone who has none at all.
        known, unknown = saves.refusal(f"@{name}"), saves.refusal(f"@{name[:-1]}x")
        assert "'secret'" not in known
        assert "ben/secret'" not in known
        assert known.replace(name, "") == unknown.replace(f"{name[:-1]}x", "")
    # What it stands for is what its owner shares.
    assert saves.meant("@open") == parse_search("type:uv")
    saves.add("ben/secretly", "type:uv")
    saves.drop("ben/secret")
    assert "secretly" in saves.refusal("@open", "ben")
    refusal = saves.refusal("size:1 @open")
    assert "secret" not in refusal
    assert "owner" in refusal
    assert "line 1, column" in refusal


def test_the_names_within_a_saved_search_are_its_owners(saves: Saves) -> None:
    saves.add("ben/mine", "type:ben").add("ben/all", "size:1 @mine", shared=True)
    saves.add("ada/mine", "type:ada")
    assert saves.meant("@all @mine") == parse_search("size:1 type:ben type:ada")


def test_unknown_ones_are_told_with_the_nearest_that_one_may_use(saves: Saves) -> None:
    assert "none is known" in saves.refusal("@night")
    saves.add("ada/night", "type:uv").add("ben/nightly", "type:uv", shared=True)
    assert "'night' or 'ben/nightly'" in saves.refusal("@nigt")
    for name in ("a'b", "a/b/c", "/night", "ada/", "x" * 300, "é"):
        assert "column" in saves.refusal(f'@"{name}"'), name


def test_an_error_names_few_of_many(saves: Saves) -> None:
    for number in range(200):
        saves.add(f"ada/night{number:059}", "type:uv")
    for name in ("zzz", "night"):
        refusal = saves.refusal(f"@{name}")
        assert len(refusal) < 1000
        assert "did you mean" in refusal or "list-searches" in refusal


def test_what_finds_something_else_is_refused(saves: Saves) -> None:
    saves.add("ada/long", "duration:>5m", item=OBSERVATIONS).add("ada/uv", "type:uv")
    saves.add("ada/many", "obs:>5", item=SESSIONS)
    inner = parse_search('{"obs-matches": {"duration-greater-than": 1}}')
    assert type(saves.meant('{"obs-matches": {"saved-search": "long"}}')) is type(inner)
    assert saves.meant("@long", item=OBSERVATIONS) == parse_search("duration:>5m", OBSERVATIONS)
    assert saves.meant("@many", item=SESSIONS) == parse_search("obs:>5", SESSIONS)
    told = saves.refusal("size:1\n@long")
    assert told.startswith("At line 2, column ")
    assert "finds observations, and files are looked for here" in told
    assert "finds files" in saves.refusal('{"obs-matches": {"saved-search": "uv"}}')
    assert "finds sessions" in saves.refusal("@many", item=OBSERVATIONS)


def test_what_would_stand_for_itself_is_not_saved(saves: Saves) -> None:
    with pytest.raises(InvalidRequestError, match=r"line 1, column 2: .*contains itself"):
        saves.add("ada/one", "@one")
    saves.add("ada/one", "type:uv").add("ada/two", "size:1 @one").add("ada/three", "-@ada/two")
    for search in ("@one", "@three", "type:uv or -(size:1 @two)", '{"saved-search": "three"}'):
        with pytest.raises(InvalidRequestError, match="contains itself"):
            saves.add("ada/one", search)
    assert saves.meant("@three") == parse_search("-(size:1 type:uv)")


def test_what_stands_for_itself_through_others_is_not_saved(saves: Saves) -> None:
    saves.add("ben/one", "type:uv", shared=True).add("ada/two", "@ben/one", shared=True)
    with pytest.raises(InvalidRequestError, match="itself"):
        saves.add("ben/one", "@ada/two", shared=True)
    assert saves.meant("@two") == parse_search("type:uv")


def test_one_may_be_used_twice(saves: Saves) -> None:
    saves.add("ada/uv", "type:uv").add("ada/twice", "@uv -(size:1 @uv)")
    assert saves.meant("@twice @uv") == parse_search("type:uv -(size:1 type:uv) type:uv")


def test_they_lie_at_most_sixteen_deep_in_one_another(saves: Saves) -> None:
    saves.add("ada/s1", "type:uv")
    for number in range(2, 17):
        saves.add(f"ada/s{number}", f"@s{number - 1}")
    assert saves.meant("@s16") == parse_search("type:uv")
    with pytest.raises(InvalidRequestError, match="more than 16 deep"):
        saves.add("ada/s17", "@s16")


def test_what_grows_beyond_a_searchs_limits_is_refused(saves: Saves) -> None:
    many = " or ".join(f"size:{number}" for number in range(200))
    saves.add("ada/many", many)
    assert "256 clauses" in saves.refusal("@many type:uv (name:x or @many)")
    with pytest.raises(InvalidRequestError, match="256 clauses"):
        saves.add("ada/more", "@many @many")


def test_what_stands_for_too_many_is_refused(saves: Saves) -> None:
    saves.add("ada/one", "type:uv").add("ada/two", "@one").add("ada/three", "@two")
    assert saves.meant(" ".join(["@three"] * 85)) == parse_search(" ".join(["type:uv"] * 85))
    assert "at most 256 saved searches" in saves.refusal(" ".join(["@three"] * 86))


def test_what_stands_for_very_long_ones_is_refused(saves: Saves) -> None:
    listed = " ".join(f"{number:06d}" for number in range(9000))
    saves.add("ada/long", f"name:in({listed})")
    assert "at most 4,194,304 bytes together" in saves.refusal(" or ".join(["@long"] * 67))


def test_the_longest_of_searches_is_answered_soon(saves: Saves) -> None:
    names = json.dumps([f"n{number:05}" for number in range(6_400)])
    saves.add("ada/names", f'{{"name-in": {names}}}')
    started = monotonic()
    saves.meant(" ".join(["@names"] * 64))
    assert monotonic() - started < 30


def test_what_the_catalogue_does_not_know_is_told_where_one_typed_it(saves: Saves) -> None:
    saves.add("ada/there", "size:1\n\n-(size:2 obs:(files:1) store:none)").add("ada/use", "@there")
    for search in ("\n size:1 @there", "\n size:1 @use"):
        told = saves.refusal(search)
        assert told.startswith("At line 2, column 10: There is no store 'none'"), told


def test_what_is_changed_is_meant_at_once(saves: Saves) -> None:
    saves.add("ada/night", "type:uv").add("ada/use", "@night")
    assert saves.meant("@use") == parse_search("type:uv")
    saves.add("ada/night", "type:uvh5")
    assert saves.meant("@use") == parse_search("type:uvh5")
    saves.drop("ada/night")
    assert 'in the saved search "use": At line 1, column' in saves.refusal("@use")
