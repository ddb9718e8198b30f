"""What people do, page after page: by mouse, by keys alone, and where they may not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.people import People

NEIGHBOUR, NAMES = "tb-archive", [f"tb.night.{number}.txt" for number in range(4)]


@pytest.fixture(scope="module", autouse=True)
def names(web_site: Site, admin: Librarian) -> list[str]:
    """Files, and a neighbour that is paused, where they could go."""
    directory = web_site.layout.store / "tb"
    directory.mkdir()
    for number, name in enumerate(NAMES):
        (directory / name).write_bytes(bytes([number]) * 1000)
    list(admin.register("store", [f"tb/{name}" for name in NAMES], null_obsid=True))
    secret = "telescope:secret"
    admin.add_librarian(NEIGHBOUR, "127.0.0.1:9", secret, check=False, transfers_enabled=False)
    return NAMES


@pytest.fixture
def reader(browser: Browser, web_address: str, people: People) -> Iterator[Page]:
    """A page on which a person who may only read signs in."""
    context = browser.new_context(base_url=web_address, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto("/stores")
    page.get_by_label("Name").fill(people.name("READONLY"))
    page.get_by_label("Password").fill(people.password)
    page.keyboard.press("Enter")
    # Where one was going is where one comes to.
    page.wait_for_url("**/stores")
    yield page
    context.close()


def test_an_order_is_previewed_made_and_disabled(browser_page: Page, admin: Librarian) -> None:
    page = browser_page
    page.goto("/orders")
    page.get_by_role("link", name="New standing order").first.click()
    page.get_by_label("Name", exact=True).fill("tb-nightly")
    page.get_by_label("To", exact=True).select_option(NEIGHBOUR)
    page.get_by_label("Search", exact=True).fill("name:tb.night.* siez:5")
    expect(page.locator("#about-search")).to_contain_text("did you mean 'size'?")
    page.get_by_label("Search", exact=True).fill("name:tb.night.*")
    expect(page.locator("#about-search")).to_contain_text("the name")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("It would send 4 files, 4.0 kB")
    expect(page.locator("#preview")).to_contain_text(NAMES[0])
    assert [one.name for one in admin.list_standing_orders() if one.name == "tb-nightly"] == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tb-nightly")
    assert admin.get_standing_order("tb-nightly").enabled
    page.locator("summary", has_text="Disable").click()
    page.get_by_role("button", name="Disable it").click()
    expect(page.get_by_text("It queues nothing.")).to_be_visible()
    assert not admin.get_standing_order("tb-nightly").enabled
    admin.delete_standing_order("tb-nightly")


def test_a_token_is_made_used_by_the_command_and_revoked(
    reader: Page, web_site: Site, tmp_path: Path
) -> None:
    reader.goto("/account/tokens")
    reader.get_by_label("What it is for").fill("tb notebook")
    reader.get_by_role("button", name="Create token").click()
    connection = reader.locator("#connection").text_content() or ""
    config = tmp_path / "client.cfg"
    config.write_text(connection)
    config.chmod(0o600)
    [name] = json.loads(connection)["connections"]
    mine = {"LIBRARIAN_CLIENT_CONFIG": str(config)}
    found = web_site.run("search-files", name, "name:tb.night.*", environment=mine)
    assert [one for one in NAMES if one not in found.stdout] == []
    refused = web_site.run("create-user", name, "tb-more", "ADMIN", environment=mine)
    assert refused.returncode != 0
    reader.get_by_role("link", name="I have it").click()
    assert connection not in reader.content()
    row = reader.get_by_role("row").filter(has_text="tb notebook")
    row.get_by_text("Revoke").first.click()
    row.get_by_role("button").last.click()
    expect(reader.get_by_role("row").filter(has_text="tb notebook")).to_have_count(0)
    late = web_site.run("search-files", name, "name:tb.night.*", environment=mine)
    assert late.returncode != 0


def test_a_reader_sees_no_action_that_is_refused_and_is_told_why(reader: Page) -> None:
    for path, action in (
        ("/stores/store", "Disable"),
        (f"/librarians/{NEIGHBOUR}", "Resume"),
        (f"/files/{NAMES[0]}", "Verify now"),
    ):
        reader.goto(path)
        expect(reader.get_by_role("heading", level=1)).to_be_visible()
        expect(reader.get_by_text(action, exact=True)).to_have_count(0)
    places = reader.get_by_role("navigation", name="Places")
    expect(places.get_by_role("link", name="Stores")).to_be_visible()
    expect(places.get_by_role("link", name="Accounts")).to_have_count(0)
    answer = reader.goto("/accounts")
    assert answer is not None
    assert answer.status == 403
    expect(reader.get_by_role("heading", level=1)).to_have_text("Not allowed")
    expect(reader.get_by_text("signed in with READONLY")).to_be_visible()


def test_by_keys_alone_from_the_search_to_a_staging(browser_page: Page, web_site: Site) -> None:
    page, keys = browser_page, browser_page.keyboard
    page.goto("/")
    keys.press("/")
    keys.type("name:tb.night.*")
    keys.press("Enter")
    page.wait_for_url("**/search?**")
    expect(page.locator("#results-title")).to_be_visible()
    for key in ("ArrowDown", "ArrowDown", "x"):
        keys.press(key)
    expect(page.locator("#selected-count")).to_have_text("1 selected")
    tab_to(page, "Stage")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stage files")
    tab_to(page, "Directory")
    keys.press("Control+a")
    keys.type("tb/keys")
    expect(page.locator("#about-subdirectory")).to_contain_text("tb/keys")
    tab_to(page, "Stage")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/staging/\d+$"))
    state_is(page, "succeeded")
    staged = web_site.layout.staging / "tb" / "keys" / "tb" / NAMES[1]
    assert staged.read_bytes() == (web_site.layout.store / "tb" / NAMES[1]).read_bytes()


def state_is(page: Page, word: str) -> None:
    part = page.locator("[data-part=state]")
    expect(part).to_have_text(re.compile(word), timeout=20_000)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has a name is reached, as a person without a mouse would."""
    reached = page.evaluate_handle("() => document.activeElement")
    for _ in range(80):
        page.keyboard.press("Tab")
        reached = page.evaluate_handle("() => document.activeElement")
        said = page.evaluate("one => (one.labels?.[0] ?? one).textContent.trim()", reached)
        if said == name:
            return
    raise AssertionError(f"Tab does not reach {name}.")


def test_a_staging_that_failed_is_retried_when_its_file_is_back(
    browser_page: Page, web_site: Site
) -> None:
    path = web_site.layout.store / "tb" / NAMES[3]
    away = path.rename(path.with_suffix(".away"))
    page = browser_page
    page.goto("/staging/new?search=name:tb.night.*")
    page.get_by_label("Directory").fill("tb/retried")
    page.get_by_role("button", name="Stage", exact=True).click()
    state_is(page, "failed")
    expect(page.locator("[data-part=errors]")).to_contain_text(NAMES[3])
    away.rename(path)
    page.get_by_role("button", name="Retry what failed").click()
    state_is(page, "succeeded")
    expect(page.locator("[data-part=progress]")).to_contain_text("4 of 4")
    staged = web_site.layout.staging / "tb" / "retried" / "tb"
    assert sorted(one.name for one in staged.iterdir()) == NAMES
