"""The catalogue stops and starts: pages say so, and come back by themselves."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from librarian.errors import WaitTimedOutError
from librarian.service.config import load_config
from tests.polling import wait_until
from tests.system.site import WEB_SERVICES, Site
from tests.web_frontend.browser.accessibility import find_faults
from tests.web_frontend.browser.visited_pages import EMPTY
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People
from web_frontend.app import create_app
from web_frontend.catalogue import Catalogue
from web_frontend.config import WebFrontendConfig
from web_frontend.errors import show_error


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("away") / "site", services=WEB_SERVICES) as site:
        with site.librarian() as admin:
            People.of(admin, ["ADMIN"])
        yield site


def test_pages_say_that_the_catalogue_is_away(own_site: Site) -> None:
    config = load_config(own_site.layout.config_file, "web_frontend", WebFrontendConfig)
    client = WebClient(create_app(config))
    own_site.stop_service("catalog_service")
    try:
        health, page = client.get("/healthz"), client.get("/sign-in")
        refused = client.sign_in(People().name("ADMIN"), People.password)
    finally:
        own_site.restart("catalog_service")
    assert (health.status, page.status, refused.status) == (503, 200, 503)
    assert "catalogue of this site does not answer" in refused.words()
    assert f":{own_site.port}" not in refused.text
    wait_until(lambda: client.get("/healthz").status == 200, what="the catalogue")
    assert client.sign_in(People().name("ADMIN"), People.password).status == 303


@pytest.mark.parametrize(
    ("method", "away", "status", "says"),
    [
        ("GET", False, 504, "ask for less"),
        ("POST", False, 504, "may have been done"),
        ("GET", True, 503, "comes back"),
        ("POST", True, 504, "may have been done"),
    ],
)
def test_a_catalogue_that_hangs_is_told_from_one_that_is_slow(
    own_site: Site, method: str, away: bool, status: int, says: str
) -> None:
    config = load_config(own_site.layout.config_file, "web_frontend", WebFrontendConfig)
    address = "127.0.0.1:1" if away else config.catalog_address
    app = create_app(config.model_copy(update={"catalog_address": address}))
    error = WaitTimedOutError("192.0.2.1:21106 did not answer in time; it may still do the work.")
    with app.test_request_context("/stores", method=method):
        page = show_error(error)
    assert page.status_code == status
    assert says in page.get_data(as_text=True)
    assert "192.0.2.1" not in page.get_data(as_text=True)


def test_an_agent_that_is_away_is_not_taken_for_the_catalogue(
    own_site: Site, tmp_path: Path
) -> None:
    config = load_config(own_site.layout.config_file, "web_frontend", WebFrontendConfig)
    client = WebClient(create_app(config))
    client.sign_in(People().name("ADMIN"), People.password)
    path = tmp_path / "away.bin"
    path.write_bytes(b"away")
    with own_site.librarian() as admin:
        admin.upload(path, "away/away.bin", null_obsid=True)
    own_site.stop_service("store_agent")
    try:
        page = client.get("/files/away.bin/download")
    finally:
        own_site.restart("store_agent")
    assert page.status == 503
    assert "The store agent that has this does not answer" in page.words()
    assert "127.0.0.1" not in page.words()
    # Else it would ask for the download again and again.
    assert page.all("[data-comes-back]") == []


def test_one_thread_alone_waits_for_a_catalogue_that_hangs(own_site: Site) -> None:
    config = load_config(own_site.layout.config_file, "web_frontend", WebFrontendConfig)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        found = Catalogue(config.model_copy(update={"catalog_address": address}), "token")
        assert not found.answers()
        wait_until(lambda: found._known_health() is None, what="a question that is due again")
        begun = time.monotonic()
        with found._asking_health:
            assert not any(found.answers() for _ in range(10))
        # Each that asked for itself would have waited for two seconds.
        assert time.monotonic() - begun < 10
        found.close()


def signed_in(browser: Browser, site: Site) -> Page:
    page = browser.new_page(base_url=f"http://127.0.0.1:{site.port + 3}")
    page.goto("/sign-in")
    page.get_by_label("Name").fill(People().name("ADMIN"))
    page.get_by_label("Password").fill(People.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    return page


def test_pages_without_anything_on_them_are_accessible_on_a_phone_too(
    own_site: Site, browser: Browser
) -> None:
    page = signed_in(browser, own_site)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in EMPTY.values():
        page.goto(path)
        assert find_faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.close()


def test_a_page_in_a_browser_comes_back_by_itself(own_site: Site, browser: Browser) -> None:
    page = signed_in(browser, own_site)
    own_site.stop_service("catalog_service")
    try:
        page.goto("/?again")
        # What was just learnt of a person is believed for some seconds.
        wait_until(
            lambda: page.reload() and page.locator("h1").text_content() == "Out of reach",
            what="the page that waits",
        )
        assert find_faults(page) == []
    finally:
        own_site.restart("catalog_service")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home", timeout=15_000)
    page.close()
