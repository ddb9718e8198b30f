"""Many saved searches, and long ones."""

from librarian.client.librarian import Librarian
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People
from web_frontend.views import saved_searches


def test_saved_searches_come_a_page_at_a_time(
    web_as: WebAs, admin: Librarian, people: People, monkeypatch
) -> None:
    monkeypatch.setattr(saved_searches, "_PAGE_SEARCHES", 2)
    for number in range(5):
        admin.save_search(f"paged-{number}", f"name:paged-{number}", shared=True)
    reader = web_as("READONLY")
    found: list[str] = []
    path: str | None = "/search/saved"
    while path:
        page = reader.page(path)
        rows = page.all("main tbody tr")
        assert len(rows) <= 2
        found += [row.text() for row in rows]
        (path,) = [link.attributes["href"] for link in page.all("a[rel=next]")] or [None]
    assert sum("paged-" in text for text in found) == 5
    for number in range(5):
        admin.delete_saved_search(f"paged-{number}")


def test_a_search_that_is_longer_than_an_address_is_not_put_into_one(
    web: WebClient, admin: Librarian
) -> None:
    names = {"name-in": [f"long.{number}" for number in range(4000)]}
    admin.save_search("long-one", names)
    page = web.page("/search/saved")
    links = [link.attributes["href"] or "" for link in page.all("main a")]
    assert max(map(len, links)) < 12_000
    assert page.all("a[aria-label='Edit long-one']") == []
    assert web.page("/search/saved?page=zzz").status in (200, 400)
    admin.delete_saved_search("long-one")
