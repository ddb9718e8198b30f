"""Every page of a site that has something of everything: axe, phones, the dark, other hosts."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from tests.web_frontend.browser.accessibility import find_faults, find_faults_again
from tests.web_frontend.browser.filled_site import FilledSite, filled_site
from tests.web_frontend.browser.visited_pages import PAGES, pages_of

NIGHTS = 30
PHONE, WIDE = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=800)
STATUS = {"unknown-page": 404, "unknown-file": 404, "search-mistake": 400}
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledSite]:
    with filled_site(tmp_path_factory.mktemp("filled"), nights=NIGHTS) as site:
        yield site


@pytest.fixture(scope="module")
def addresses(filled: FilledSite) -> dict[str, str]:
    return pages_of(filled)


@pytest.fixture(scope="module")
def context(browser: Browser, filled: FilledSite) -> Iterator[BrowserContext]:
    """A window in which the administrator is signed in, and which reaches no other host."""
    context = browser.new_context(base_url=filled.address, reduced_motion="reduce", viewport=WIDE)
    context.set_default_timeout(20_000)
    sign_in(context.new_page(), filled, "ADMIN")
    yield context
    context.close()


def sign_in(page: Page, filled: FilledSite, role: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(filled.people.name(role))
    page.get_by_label("Password").fill(filled.people.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{filled.address}/")


@pytest.fixture
def page(context: BrowserContext, filled: FilledSite) -> Iterator[Page]:
    """A page; what it complains of, and whom else it asks, fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    here = urlsplit(filled.address).netloc

    def watch(route: Route) -> None:
        if urlsplit(route.request.url).netloc != here:
            complaints.append(route.request.url)
        route.continue_()

    page.route("**/*", watch)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    page.close()
    # That a page is not there, or a search not understood, is what its status says.
    assert [one for one in complaints if "status of 40" not in one] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_the_light_in_the_dark_and_on_a_phone(
    page: Page, addresses: dict[str, str], name: str
) -> None:
    answer = page.goto(addresses[name])
    assert answer is not None
    assert answer.status == STATUS.get(name, 200)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert find_faults(page) == []
    light = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(BACKGROUND) != light
    assert find_faults_again(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert find_faults_again(page) == []
