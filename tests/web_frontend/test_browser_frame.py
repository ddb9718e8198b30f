"""The frame in a real browser: keys, themes, phones, accessibility."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect


def serious_violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds against WCAG 2.2 AA on a page, but for trifles."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_keys_lead_to_the_search_and_to_help(browser_page: Page) -> None:
    browser_page.goto("/")
    browser_page.keyboard.press("/")
    expect(browser_page.get_by_role("searchbox", name="Search files")).to_be_focused()
    browser_page.get_by_role("heading", level=1).click()
    browser_page.keyboard.press("?")
    expect(browser_page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_theme_is_kept(browser_page: Page) -> None:
    browser_page.goto("/")
    browser_page.get_by_role("button", name="Light or dark").click()
    browser_page.get_by_role("button", name="Dark", exact=True).click()
    browser_page.reload()
    expect(browser_page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_on_a_phone_the_places_are_behind_a_button(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 360, "height": 740})
    browser_page.goto("/")
    places = browser_page.get_by_role("navigation", name="Places")
    expect(places).to_be_hidden()
    browser_page.get_by_role("button", name="Places").click()
    expect(places.get_by_role("link", name="Home")).to_be_visible()
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_axe_finds_nothing_serious(
    browser_page: Page, path: str, theme: Literal["light", "dark"]
) -> None:
    browser_page.emulate_media(color_scheme=theme)
    browser_page.goto(path)
    assert serious_violations(browser_page) == []


def test_the_sign_in_is_accessible_without_scripts_too(browser: Browser, web_address: str) -> None:
    page = browser.new_page(base_url=web_address)
    page.goto("/sign-in")
    assert serious_violations(page) == []
    page.close()


def test_a_link_signs_in_without_its_code_in_any_address(
    browser: Browser, web_address: str
) -> None:
    page = browser.new_page(base_url=web_address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/sign-in/link#not-a-code")
    expect(page.get_by_role("alert")).to_contain_text("ask for another")
    assert [address for address in asked if "not-a-code" in address] == []
    page.close()


def test_no_request_leaves_the_site(browser_page: Page, web_address: str) -> None:
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.goto("/")
    assert asked
    assert [address for address in asked if not address.startswith(web_address)] == []
