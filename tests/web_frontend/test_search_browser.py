"""The search page in a browser: typed, built, sorted, paged, selected, exported, by keys alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from librarian.client.librarian import Librarian
from tests.web_frontend.searched import COUNT, FOUND, PREFIX, put_files


@pytest.fixture(scope="module")
def names(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files that are looked for, in order."""
    return put_files(admin, tmp_path_factory.mktemp("searched"))


def _shown(page: Page) -> list[str]:
    boxes = page.locator("#bulk tbody input[name=name]")
    return [box.get_attribute("value") or "" for box in boxes.all()]


def _ask(page: Page, search: str) -> None:
    page.goto("/search")
    page.locator("#search-text").fill(search)
    page.keyboard.press("Enter")
    expect(page.locator("#results-title")).to_be_visible()


def test_a_search_is_checked_while_it_is_typed_and_changes_its_form(browser_page, names):
    page = browser_page
    page.goto("/search")
    page.locator("#search-text").press_sequentially("type:uv siez:5")
    expect(page.locator(".mistake mark")).to_have_text("siez")
    page.locator("#search-text").fill("type:uv size:>5")
    expect(page.locator(".words")).to_contain_text("more than 5 bytes")
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("#search-text")).to_have_value(re.compile(r'^\{"type-is-exactly"'))
    page.get_by_role("link", name="text").click()
    expect(page.locator("#search-text")).to_have_value("type:uv size:>5")


def test_rows_write_the_search_and_show_it_again(browser_page, names):
    page = browser_page
    page.goto("/search")
    page.get_by_label("What, row 1", exact=True).select_option("Name")
    page.get_by_label("Comparison, row 1", exact=True).select_option("name:begins")
    page.get_by_label("Value, row 1", exact=True).fill(PREFIX)
    expect(page.locator("#search-text")).to_have_value(f"name:{PREFIX}*")
    page.get_by_role("button", name="Row", exact=True).click()
    page.get_by_label("What, row 2", exact=True).select_option("Put on record")
    expect(page.get_by_label("Value, row 2", exact=True)).to_have_attribute("type", "date")
    page.get_by_label("Comparison, row 2", exact=True).select_option("create-time:within")
    page.get_by_label("Value, row 2", exact=True).fill("1d")
    page.get_by_role("button", name="None of").click()
    page.get_by_label("What, row 1 of group 2", exact=True).select_option("Type")
    page.get_by_label("Comparison, row 1 of group 2", exact=True).select_option("type-is-exactly")
    page.get_by_label("Value, row 1 of group 2", exact=True).fill("uv")
    expect(page.locator("#search-text")).to_have_value(f"name:{PREFIX}* created:<1d -type:uv")
    page.locator("#builder").get_by_role("button", name="Search").last.click()
    expect(page.locator("#results-title")).to_be_visible()
    assert _shown(page) == [name for name in names if name.endswith("h5")]
    page.get_by_text("Build it from rows").click()
    expect(page.get_by_label("Value, row 1 of group 2", exact=True)).to_have_value("uv")
    page.get_by_role("button", name="Remove row 2").click()
    expect(page.get_by_label("Value, row 2", exact=True)).to_have_count(0)


def test_results_are_sorted_and_paged_and_the_way_back_works(browser_page, names):
    page = browser_page
    _ask(page, FOUND)
    page.locator("thead").get_by_role("link", name="Size").click()
    page.locator("thead").get_by_role("link", name="Size").click()
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=*")
    assert _shown(page) == names[::-1][50:100]
    page.go_back()
    page.wait_for_url(lambda address: "page=" not in address)
    assert _shown(page) == names[::-1][:50]


def test_a_selection_is_kept_over_pages_and_exported(browser_page, names, tmp_path: Path):
    page = browser_page
    _ask(page, FOUND)
    boxes = page.locator("#bulk tbody input[name=name]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("#selected-count")).to_have_text("4 selected")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=*")
    page.get_by_label("Select this page").check()
    expect(page.locator("#selected-count")).to_have_text("54 selected")
    with page.expect_download() as download:
        page.locator("[data-of-selection]").get_by_role("button", name="Names").click()
    saved = tmp_path / "names.txt"
    download.value.save_as(saved)
    assert saved.read_text().splitlines() == [*names[1:5], *names[50:100]]
    page.get_by_role("button", name="Clear").click()
    page.go_back()
    page.wait_for_url(lambda address: "page=" not in address)
    page.reload()
    expect(page.locator("#selected-count")).to_have_text("Nothing selected")


def test_all_are_counted_on_demand(browser_page, names):
    _ask(browser_page, FOUND)
    browser_page.get_by_role("button", name="Count all").click()
    expect(browser_page.locator("#count")).to_contain_text(f"{COUNT} files match")


def test_a_count_that_takes_long_can_be_cancelled(browser_page, names):
    page = browser_page
    _ask(page, FOUND)
    page.route("**/search/count", lambda route: None)
    page.get_by_role("button", name="Count all").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Count all")).to_be_visible()


def test_keys_alone_search_select_and_open(browser_page, names):
    page = browser_page
    page.goto("/search")
    page.locator("body").press("/")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type(FOUND)
    page.keyboard.press("Enter")
    expect(page.locator("#results-title")).to_be_visible()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#selected-count")).to_have_text("2 selected")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/files/{names[1]}")
