"""The pages of transfers: a queue to a neighbour that is paused, so nothing moves by itself."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient
from web_frontend.shown import transfers

NEIGHBOUR = "po-queue"
# Whether the page would ask for the queue anew just now.
IS_HELD = """() => {
    const detail = { ctx: { sourceElement: document.getElementById("queue") } };
    const asked = { cancelable: true, detail };
    return !document.dispatchEvent(new CustomEvent("htmx:before:request", asked));
}"""
NAMES = [f"po.transfer.{number:02}.txt" for number in range(60)]


@pytest.fixture(scope="module", autouse=True)
def neighbour(web_site: Site, admin: Librarian) -> str:
    """A neighbour that is paused, and files that could go there."""
    directory = web_site.layout.store / "po-transfers"
    directory.mkdir()
    for name in NAMES:
        (directory / name).write_bytes(b"x" * 100)
    list(admin.register("store", [f"po-transfers/{name}" for name in NAMES], null_obsid=True))
    admin.add_librarian(
        NEIGHBOUR, "127.0.0.1:9", "telescope:secret", check=False, transfers_enabled=False
    )
    return NEIGHBOUR


@pytest.fixture
def queued(admin: Librarian) -> Iterator[list[int]]:
    """Numbers of transfers that wait, the newest first."""
    admin.send(NEIGHBOUR, "name:po.transfer.*")
    yield [one.id for one in admin.list_transfers(NEIGHBOUR, states=["QUEUED"])]
    admin.cancel_transfers(librarian=NEIGHBOUR)


def numbers(page: PageOf) -> list[int]:
    """Return the transfers that a page lists."""
    return [int(row.text()) for row in page.all("tbody th")]


def hidden(page: PageOf) -> dict[str, object]:
    """Return what the form that asks for a confirmation would send."""
    fields = page.all("main form input[type=hidden]")
    names = {field.attributes["name"] or "" for field in fields} - {"csrf_token"}
    return {
        name: [f.attributes["value"] for f in fields if f.attributes["name"] == name]
        for name in names
    }


def test_the_queue_is_shown_a_page_at_a_time(web_as: WebAs, queued: list[int]) -> None:
    reader = web_as("READONLY")
    first = reader.page(f"/transfers?to={NEIGHBOUR}&state=queued")
    next_address = first.one("a[rel=next]").attributes["href"] or ""
    second = reader.page(next_address)

    assert numbers(first) + numbers(second) == queued
    assert f"to={NEIGHBOUR}" in next_address
    assert first.all("[data-live]")
    assert not second.all("[data-live]")
    assert second.one("a[rel=first]")


def test_filters_are_in_the_address(web: WebClient, queued: list[int]) -> None:
    page = web.page(f"/transfers?to={NEIGHBOUR}&file={NAMES[7]}&state=queued")

    assert len(numbers(page)) == 1
    assert NAMES[7] in page.words("tbody")
    assert page.one("#field-to option[selected]").attributes["value"] == NEIGHBOUR
    assert "No transfer is like that" in web.page(f"/transfers?to={NEIGHBOUR}&state=going").words()


def test_a_filter_of_what_is_not_there_says_so(web: WebClient) -> None:
    assert web.page("/transfers?to=po-nowhere").status == 404
    assert web.page("/transfers?page=x").status == 400


@pytest.mark.parametrize("path", ["/transfers/-/queue", "/transfers/1/state"])
def test_what_is_asked_for_again_is_a_part(web: WebClient, queued: list[int], path: str) -> None:
    part = web.fragment(path.replace("1", str(queued[0])))

    assert part.status == 200
    assert "<!doctype" not in part.text


def test_one_transfer_tells_all_of_itself(web_as: WebAs, queued: list[int]) -> None:
    page = web_as("READONLY").page(f"/transfers/{queued[0]}")

    words = page.words()
    for expected in ("queued", "It waits for its turn.", NAMES[-1], NEIGHBOUR, "100 B"):
        assert expected in words
    assert "Cancel" not in words
    assert web_as("READONLY").page("/transfers/999999999").status == 404
    assert web_as("READONLY").page(f"/transfers/{10**30}").status == 404


def test_marked_transfers_are_cancelled_after_a_confirmation(
    web_as: WebAs, admin: Librarian, queued: list[int]
) -> None:
    writer = web_as("READWRITE")
    asked = writer.post("/transfers/-/change", {"action": "cancel", "id": queued[:3]})
    assert asked.status == 200
    assert "Cancel 3 transfers ?" in asked.words()
    assert admin.get_transfer(queued[0]).state == "QUEUED"

    done = writer.post("/transfers/-/change", hidden(asked))
    assert done.status == 303
    assert "3 transfers cancelled" in writer.page(done.location).words()
    states = [admin.get_transfer(number).state for number in queued[:4]]
    assert states == ["CANCELLED", "CANCELLED", "CANCELLED", "QUEUED"]


def test_all_that_a_filter_holds_for_are_cancelled_and_queued_anew(
    web: WebClient, admin: Librarian, queued: list[int]
) -> None:
    chosen = {"all": "yes", "to": NEIGHBOUR, "state": "queued"}
    asked = web.post("/transfers/-/change", {**chosen, "action": "cancel"})
    assert f"Cancel {len(queued)} transfers ?" in asked.words()
    assert web.post("/transfers/-/change", hidden(asked)).status == 303
    assert not list(admin.list_transfers(NEIGHBOUR, states=["QUEUED"]))

    chosen = {"all": "yes", "to": NEIGHBOUR, "file": NAMES[0], "state": "cancelled"}
    asked = web.post("/transfers/-/change", {**chosen, "action": "retry"})
    assert web.post("/transfers/-/change", hidden(asked)).status == 303
    assert len(list(admin.list_transfers(NEIGHBOUR, states=["QUEUED"]))) == 1


def test_what_was_queued_after_the_question_is_left(
    web: WebClient, admin: Librarian, queued: list[int]
) -> None:
    admin.cancel_transfers(queued[:1])
    asked = web.post("/transfers/-/change", {"all": "yes", "to": NEIGHBOUR, "action": "cancel"})
    admin.retry_transfers(queued[:1])
    web.post("/transfers/-/change", hidden(asked))

    left = list(admin.list_transfers(NEIGHBOUR, states=["QUEUED"]))
    assert [one.file_name for one in left] == [NAMES[-1]]


def test_more_than_fit_at_once_are_taken_in_turns(
    web: WebClient, queued: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(transfers, "_LARGEST_PAGE", 4)
    asked = web.post("/transfers/-/change", {"all": "yes", "to": NEIGHBOUR, "action": "cancel"})

    assert "more than 10 transfers" in asked.words()
    done = web.post("/transfers/-/change", hidden(asked))
    assert "10 transfers cancelled" in web.page(done.location).words()


@pytest.mark.parametrize(
    "form",
    [
        {"action": "cancel"},
        {"action": "destroy", "id": "1"},
        {"action": "retry", "id": "-1"},
        {"action": "retry", "id": "1; drop"},
        {"action": "cancel", "id": "9" * 40},
        {"action": "cancel", "all": "yes", "last_id": "\u0663"},
    ],
)
def test_forms_that_are_none_of_ours_change_nothing(web: WebClient, form: dict[str, str]) -> None:
    assert web.post("/transfers/-/change", {**form, "confirmed": "yes"}).status == 400


def test_a_reader_changes_nothing(web_as: WebAs, admin: Librarian, queued: list[int]) -> None:
    reader = web_as("READONLY")

    assert not reader.page("/transfers").all("tbody input")
    form = {"action": "cancel", "id": queued[0], "confirmed": "yes"}
    assert reader.post("/transfers/-/change", form).status == 403
    assert admin.get_transfer(queued[0]).state == "QUEUED"


def test_an_open_page_follows_the_queue_but_not_under_ones_hands(
    browser_page: Page, admin: Librarian, queued: list[int]
) -> None:
    browser_page.goto(f"/transfers?to={NEIGHBOUR}")
    newest = browser_page.locator(f"#transfer-{queued[0]}")
    expect(newest).to_contain_text("queued")
    admin.cancel_transfers(queued[:1])
    expect(newest).to_contain_text("cancelled")

    second = browser_page.locator(f"#transfer-{queued[1]}")
    second.get_by_role("checkbox").check()
    expect(browser_page.locator("[data-marked-count]")).to_have_text("1 marked")
    assert browser_page.evaluate(IS_HELD)
    second.get_by_role("checkbox").uncheck()
    second.get_by_role("checkbox").blur()
    assert not browser_page.evaluate(IS_HELD)
    second.get_by_role("checkbox").check()
    browser_page.get_by_role("button", name="Cancel marked").click()
    expect(browser_page.locator("main")).to_contain_text("Cancel 1 transfer?")
    browser_page.get_by_role("button", name="Cancel them").click()
    expect(browser_page.locator("main")).to_contain_text("1 transfer cancelled")
