"""The frame in a real browser: keys, themes, phones, accessibility."""

from playwright.sync_api import Browser, Page, expect

from tests.web_frontend.browser.accessibility import find_faults


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


def test_the_sign_in_is_accessible_without_scripts_too(browser: Browser, web_address: str) -> None:
    page = browser.new_page(base_url=web_address)
    page.goto("/sign-in")
    assert find_faults(page) == []
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
