"""A whole site with its web pages: asked by Flask's client, and by a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from librarian.client.librarian import Librarian
from librarian.service.config import load_config
from tests.system.site import WEB_SERVICES, Site
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import ROLES, People
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig

WebAs = Callable[[str], WebClient]


@pytest.fixture(scope="session")
def web_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of real processes, with a person of each role, shared by all tests of pages.

    What a test makes there, it names after itself, and it leaves what others made alone. Who stops
    a service makes a site of their own.
    """
    with Site(tmp_path_factory.mktemp("web") / "site", services=WEB_SERVICES) as site:
        yield site


@pytest.fixture(scope="session")
def people(web_site: Site) -> People:
    """The persons of the site, one for each role, with their passwords."""
    with web_site.librarian() as admin:
        return People.of(admin, ROLES)


@pytest.fixture(scope="session")
def admin(web_site: Site) -> Iterator[Librarian]:
    """The administrator's client, to prepare what pages show."""
    with web_site.librarian() as librarian:
        yield librarian


@pytest.fixture(scope="session")
def web_app(web_site: Site) -> Flask:
    """The application in this process, at the site's catalogue."""
    return create_app(load_config(web_site.layout.config_file, "web_frontend", WebFrontendConfig))


@pytest.fixture(scope="session")
def web_as(web_app: Flask, people: People) -> WebAs:
    """Return clients that are signed in, by role: `web_as("READONLY")`; each signs in once."""
    signed_in: dict[str, WebClient] = {}

    def find(role: str) -> WebClient:
        if role not in signed_in:
            client = WebClient(web_app)
            client.sign_in(people.name(role), people.password)
            signed_in[role] = client
        return signed_in[role]

    return find


@pytest.fixture
def web(web_as: WebAs) -> WebClient:
    """A client that is signed in as the administrator."""
    return web_as("ADMIN")


@pytest.fixture
def stranger(web_app: Flask) -> WebClient:
    """A client that is not signed in."""
    return WebClient(web_app)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def web_address(web_site: Site) -> str:
    """Where the site's pages are."""
    return f"http://127.0.0.1:{web_site.port + 3}"


@pytest.fixture(scope="session")
def sign_in_state(
    browser: Browser, web_address: str, people: People, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The cookies of a browser in which the administrator signed in by the form."""
    context = browser.new_context(base_url=web_address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(people.name("ADMIN"))
    page.get_by_label("Password").fill(people.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{web_address}/")
    path = tmp_path_factory.mktemp("browser") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def browser_context(
    browser: Browser, web_address: str, sign_in_state: Path
) -> Iterator[BrowserContext]:
    """A browser's window of its own, in which the administrator is signed in."""
    context = browser.new_context(
        base_url=web_address,
        storage_state=sign_in_state,
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        timezone_id="Africa/Johannesburg",
    )
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def browser_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page on which the administrator is signed in; anything it complains of fails the test."""
    page = browser_context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    yield page
    assert complaints == []
