"""Saved searches by the client, over a real connection."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.client.records import SavedSearch
from librarian.errors import InvalidRequestError, NotAllowedError, NotFoundError
from tests.bad_links import BadLink
from tests.system.site import Site


@pytest.fixture(scope="module")
def ada(client_site: Site) -> str:
    """Return the connection of someone who may only read."""
    return client_site.connect_as("ada", "READONLY")


@pytest.fixture
def client(client_site: Site, ada: str) -> Iterator[Librarian]:
    with Librarian.connect(ada, client_site.client_config) as connected:
        yield connected
        for saved in connected.list_saved_searches():
            if saved.owner == "ada":
                connected.delete_saved_search(saved.name)


def test_a_search_is_saved_listed_and_deleted(client: Librarian) -> None:
    saved = client.save_search("night", "type:uv size:>1kB", shared=True)
    assert saved == SavedSearch(
        name="night",
        owner="ada",
        search="type:uv size:>1kB",
        item_kind="files",
        shared=True,
        update_time=saved.update_time,
    )
    assert abs((datetime.now(UTC) - saved.update_time).total_seconds()) < 60
    assert list(client.list_saved_searches()) == [saved]
    client.delete_saved_search("night")
    assert list(client.list_saved_searches()) == []
    with pytest.raises(NotFoundError, match='"night"'):
        client.delete_saved_search("night")


def test_a_search_may_be_a_dictionary(client: Librarian) -> None:
    search = {"name-matches": "é%", "size-greater-than": 1}
    assert json.loads(client.save_search("night", search).search) == search


def test_searches_of_all_kinds_are_saved(client: Librarian) -> None:
    client.save_search("a", "obs:>50", "sessions")
    client.save_search("b", "duration:>5m", item_kind="observations")
    assert [one.item_kind for one in client.list_saved_searches()] == ["sessions", "observations"]
    assert client.search_sessions("@a").count() == 0
    assert client.search_observations("@b").count() == 0
    with pytest.raises(InvalidRequestError, match="one of files, observations, sessions"):
        client.save_search("c", "type:uv", "instances")  # type: ignore[arg-type]


def test_all_pages_are_listed(client: Librarian) -> None:
    search = '{"type-is-exactly": "uv"} #'.ljust(60_000, "x")
    for number in range(40):
        client.save_search(f"long{number:02}", search)
    assert [one.name for one in client.list_saved_searches()] == [f"long{n:02}" for n in range(40)]


def test_it_stands_for_the_search_in_searches_and_stagings(
    client: Librarian, librarian: Librarian, tmp_path: Path
) -> None:
    for name in ("saved.one.uv", "saved.two.uv", "saved.three.txt"):
        path = tmp_path / name
        path.write_text(name)
        librarian.upload(path, f"saved/{name}", null_obsid=True)
    client.save_search("these", "name:saved.%", shared=True)
    client.save_search("uv", {"saved-search": "these", "name-matches": "%.uv"})
    assert [file.name for file in client.search_files("@uv")] == ["saved.one.uv", "saved.two.uv"]
    assert client.search_instances("@uv -name:%two%").count() == 1
    assert client.explain_search("@uv").json == '{"saved-search": "uv"}'
    job = client.stage_files("@uv", "saved-uv")
    job.wait()
    assert (job.state, job.files_done) == ("SUCCEEDED", 2)
    # For others it is what is shared with them.
    assert librarian.search_files("@ada/these -name:%.uv").count() == 1
    with pytest.raises(InvalidRequestError, match=r"line 1, column \d+: There is no saved search"):
        librarian.stage_files("@ada/uv", "saved-other")


def test_anothers_is_deleted_by_administrators_only(
    client: Librarian, librarian: Librarian
) -> None:
    client.save_search("night", "type:uv")
    librarian.save_search("night", "type:uvh5", shared=True)
    with pytest.raises(NotAllowedError):
        client.delete_saved_search("night", owner=librarian.ping().account)
    librarian.delete_saved_search("night", owner="ada")
    assert [one.search for one in client.list_saved_searches()] == ["type:uvh5"]
    librarian.delete_saved_search("night")


def test_saving_is_repeated_when_the_connection_breaks(client_site: Site, ada: str) -> None:
    with Librarian.connect(ada, client_site.client_config) as plain, BadLink() as proxy:
        proxy.target_port = client_site.port
        token = json.loads(client_site.client_config.read_text())["connections"][ada]
        with Librarian(proxy.address, token["authenticator"]) as cut:
            cut.save_search("night", "type:uv")
            proxy.cut_after_bytes = proxy.sent_bytes + 1
            cut.save_search("night", "type:uvh5")
            assert proxy.cut_after_bytes is None
        assert [one.search for one in plain.list_saved_searches()] == ["type:uvh5"]
        plain.delete_saved_search("night")
