"""The pages of standing orders."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient

NEIGHBOUR = "po-orders"
FILES = {f"po.order.{number}.txt": 1000 for number in range(3)}
GOOD = {
    "name": "po-nightly",
    "librarian": NEIGHBOUR,
    "search": "name:po.none.*",
    "priority": "20",
    "begin": "20:00",
    "end": "08:00",
    "timezone": "Africa/Johannesburg",
    "limit": "1.5",
    "limit_unit": "MB/s",
    "enabled": "on",
}


@pytest.fixture(scope="module", autouse=True)
def neighbour(web_site: Site, admin: Librarian) -> str:
    """A neighbour that is paused, and three files that could go there."""
    directory = web_site.layout.store / "po-orders"
    directory.mkdir()
    for name, size in FILES.items():
        (directory / name).write_bytes(b"x" * size)
    list(admin.register("store", [f"po-orders/{name}" for name in FILES], null_obsid=True))
    admin.add_librarian(
        NEIGHBOUR, "127.0.0.1:9", "telescope:secret", check=False, transfers_enabled=False
    )
    return NEIGHBOUR


@pytest.fixture
def order(admin: Librarian) -> Iterator[str]:
    """An order that queues nothing."""
    made = admin.create_standing_order("po-kept", NEIGHBOUR, "name:po.order.*", enabled=False)
    yield made.name
    if made.name in [one.name for one in admin.list_standing_orders()]:
        admin.delete_standing_order(made.name)


def test_an_order_is_made_shown_changed_and_deleted(web_as: WebAs, admin: Librarian) -> None:
    writer = web_as("READWRITE")

    made = writer.post("/orders/-/new", GOOD)
    assert (made.status, made.location) == (303, "/orders/po-nightly")
    on_record = admin.get_standing_order("po-nightly")
    assert (on_record.hours, on_record.timezone) == ("20:00-08:00", "Africa/Johannesburg")
    assert (on_record.bandwidth_bytes_per_second, on_record.priority) == (1_500_000, 20)
    words = writer.page(made.location).words()
    assert "20:00-08:00 Africa/Johannesburg" in words
    assert "1.5 MB/s" in words

    form = writer.page("/orders/po-nightly/edit")
    assert form.one("[name=limit]").attributes["value"] == "1.5"
    changed = {**GOOD, "begin": "", "end": "", "limit": "", "librarian": "elsewhere"}
    assert writer.post("/orders/po-nightly/edit", changed).status == 303
    on_record = admin.get_standing_order("po-nightly")
    assert (on_record.hours, on_record.bandwidth_bytes_per_second) == ("", 0)
    assert on_record.librarian == NEIGHBOUR

    assert writer.post("/orders/po-nightly/delete").location == "/orders"
    assert "is deleted" in writer.page("/orders").words()
    assert writer.page("/orders/po-nightly").status == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Give the order a name"),
        ({"search": "size:>"}, "size"),
        ({"end": ""}, "Give both times of day"),
        ({"timezone": "Atlantis/Capital"}, "There is no time zone"),
        ({"librarian": "po-nowhere"}, "po-nowhere"),
        ({"limit": "-3"}, "The limit is a number above 0"),
    ],
)
def test_what_is_wrong_is_told_and_the_form_is_kept(
    web: WebClient, admin: Librarian, changes: dict[str, str], sentence: str
) -> None:
    answer = web.post("/orders/-/new", {**GOOD, "priority": "33", **changes})

    assert answer.status == 400
    assert sentence in answer.words()
    assert answer.one("[name=priority]").attributes["value"] == "33"
    assert "po-nightly" not in [one.name for one in admin.list_standing_orders()]


def test_a_name_that_is_taken_is_told(web: WebClient, order: str) -> None:
    answer = web.post("/orders/-/new", {**GOOD, "name": order})

    assert answer.status == 409
    assert "There is a standing order po-kept already" in answer.words("[role=alert]")


def test_a_search_comes_along_from_the_search_page(web: WebClient) -> None:
    page = web.page("/orders/-/new?search=name%3Apo.order.%2A")

    assert page.one("textarea").text() == "name:po.order.*"
    assert "files where the name matches" in page.words("#about-search")


def test_a_search_is_checked_while_it_is_typed(web: WebClient) -> None:
    assert "the type is" in web.fragment("/orders/-/check?search=type:uv").text
    wrong = web.fragment("/orders/-/check?search=type:(")
    assert wrong.status == 200
    assert wrong.all("[role=alert]")
    assert wrong.one("mark").text() == "("


def test_a_preview_counts_what_would_be_sent(web_as: WebAs, order: str) -> None:
    words = " ".join(web_as("READONLY").fragment(f"/orders/{order}/preview").text.split())
    assert "po.order.0.txt" in words
    assert "3.0 kB" in words

    whole = web_as("READONLY").page(f"/orders/{order}/preview")
    assert "It would send 3 files" in whole.words("#preview")


def test_a_preview_without_scripts_keeps_what_was_typed(web: WebClient) -> None:
    page = web.post("/orders/-/preview", {**GOOD, "name": "po-typed", "search": "name:po.order.*"})

    assert "It would send 3 files" in page.words("#preview")
    assert page.one("#field-name").attributes["value"] == "po-typed"


def test_an_order_is_enabled_and_disabled(web: WebClient, admin: Librarian, order: str) -> None:
    admin.update_standing_order(order, search="name:po.none.*")
    web.post(f"/orders/{order}/enabled", {"enabled": "yes"})
    assert admin.get_standing_order(order).enabled

    web.post(f"/orders/{order}/enabled", {"enabled": "no"})
    assert not admin.get_standing_order(order).enabled
    assert "disabled" in web.page("/orders").words("tbody")


def test_a_reader_sees_orders_and_changes_none(web_as: WebAs, admin: Librarian, order: str) -> None:
    reader = web_as("READONLY")

    words = reader.page(f"/orders/{order}").words()
    assert "Delete" not in words
    assert "Edit" not in words
    assert "New standing order" not in reader.page("/orders").words()
    for path in (f"/orders/{order}/delete", f"/orders/{order}/edit", "/orders/-/new"):
        assert reader.post(path, GOOD).status == 403
    assert admin.get_standing_order(order).name == order


def test_what_a_person_writes_is_harmless(web: WebClient, admin: Librarian) -> None:
    search = 'name:"<script>alert(1)</script>{{7*7}}"'
    admin.create_standing_order("po-hostile", NEIGHBOUR, search, enabled=False)
    try:
        for path in ("/orders", "/orders/po-hostile", "/orders/po-hostile/edit"):
            page = web.page(path)
            assert "<script>alert" not in page.text
            assert "{{7*7}}" in page.text
    finally:
        admin.delete_standing_order("po-hostile")


def test_an_order_is_made_with_a_preview_in_a_browser(browser_page: Page, admin: Librarian) -> None:
    browser_page.goto("/orders")
    browser_page.get_by_role("link", name="New standing order").first.click()
    browser_page.get_by_label("Name", exact=True).fill("po-browser")
    browser_page.get_by_label("To", exact=True).select_option(NEIGHBOUR)
    search = browser_page.get_by_label("Search", exact=True)
    search.press_sequentially("name:(")
    expect(browser_page.locator("#about-search [role=alert]")).to_be_visible()
    search.fill("name:po.order.*")
    expect(browser_page.locator("#about-search")).to_contain_text("the name matches")
    browser_page.get_by_role("button", name="Preview").click()
    expect(browser_page.locator("#preview")).to_contain_text("It would send 3 files, 3.0 kB")
    browser_page.get_by_label("Enabled").uncheck()
    browser_page.get_by_role("button", name="Save").click()

    expect(browser_page.locator("h1")).to_contain_text("po-browser")
    # Another changes it; the page that is open says so by itself.
    admin.update_standing_order("po-browser", priority=77)
    expect(browser_page.locator("#order")).to_contain_text("77")
    browser_page.get_by_text("Delete", exact=True).click()
    browser_page.get_by_role("button", name="Delete po-browser").click()
    expect(browser_page.locator("main")).to_contain_text("po-browser is deleted")
