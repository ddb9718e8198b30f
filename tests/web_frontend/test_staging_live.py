"""A staging in a browser: watched, stopped and gone on with, its catalogue away meanwhile."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog_service.database import open_database
from catalog_service.tables import Store
from tests.catalog_service.staging_rows import add_file, add_instance
from tests.polling import wait_until
from tests.system.site import Site
from tests.web_frontend.people import People

# Sparse, and longer to be copied than a test lasts.
ENDLESS_BYTES = 64 << 30


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, whose services are stopped: it has small files and an endless one."""
    with Site(
        tmp_path_factory.mktemp("staging") / "site",
        services=("catalog_service", "store_agent", "web_frontend"),
        environment={"web_frontend": {"LIBRARIAN_WEB_FRONTEND__MAX_STREAMS": "2"}},
    ) as site:
        night = site.layout.store / "night"
        night.mkdir()
        for number in range(3):
            (night / f"zen.{number}.uvh5").write_bytes(bytes([number]) * 1000)
        with site.librarian() as admin:
            People.of(admin, ["READONLY"])
            list(admin.register("store", ["night"], recursive=True, null_obsid=True))
        add_endless(site, night / "endless.raw")
        yield site


def add_endless(site: Site, path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(ENDLESS_BYTES)
    database = open_database(site.database_url)
    with database.transactions.begin() as db:
        file_row = add_file(db, path.name, ENDLESS_BYTES, "blake3:" + "0" * 64)
        add_instance(db, file_row, db.query(Store).one(), "night")
    database.dispose()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page on which a reader is signed in."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{site.port + 3}")
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/sign-in")
    page.get_by_label("Name").fill(People().name("READONLY"))
    page.get_by_label("Password").fill(People.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    yield page
    context.close()
    assert complaints == []


def stage(page: Page, search: str, directory: str) -> None:
    """Ask for a staging as a person does."""
    page.goto(f"/staging/new?search={search}")
    page.get_by_label("Directory").fill("../away")
    expect(page.locator("#about-subdirectory")).to_contain_text("does not lie beneath")
    page.get_by_label("Directory").fill(directory)
    expect(page.locator("#about-subdirectory")).to_contain_text("The files go to")
    page.get_by_role("button", name="Stage", exact=True).click()
    page.wait_for_url(re.compile(r"/staging/\d+$"))


def state(page: Page, word: str) -> None:
    expect(page.locator("[data-part=state]")).to_have_text(re.compile(word), timeout=20_000)


def test_a_staging_is_watched_to_its_end(page: Page, site: Site) -> None:
    page.goto("/staging/new?search=name:zen.%25")
    expect(page.locator(".staging-preview")).to_contain_text("3.0 kB")
    page.get_by_label("Run again").check()
    expect(page.locator(".staging-preview")).to_contain_text("3.0 kB")
    stage(page, "name:zen.%25", "reader/night")
    state(page, "succeeded")
    expect(page.locator("[data-part=progress]")).to_contain_text("3 of 3")
    directory = site.layout.staging / "reader" / "night"
    assert (directory / "night" / "zen.2.uvh5").read_bytes() == b"\2" * 1000
    assert (directory / "STAGING-SUCCEEDED").exists()


def test_a_staging_is_followed_over_a_restart_of_the_catalogue_and_stopped(
    page: Page, site: Site
) -> None:
    stage(page, "name:endless.raw", "reader/endless")
    state(page, "running")
    progress = page.locator("[data-part=progress]")
    expect(progress).to_contain_text(re.compile(r"[1-9][\d.]* [MG]B of"))
    site.kill("catalog_service")
    expect(page.locator("[data-away]")).to_be_visible()
    site.restart("catalog_service")
    expect(page.locator("[data-away]")).to_be_hidden(timeout=30_000)
    state(page, "running")
    page.locator("summary", has_text="Cancel").click()
    page.get_by_role("button", name="Stop it").click()
    state(page, "cancelled")
    # What cannot be read any more is told as it comes.
    (site.layout.store / "night" / "endless.raw").unlink()
    page.get_by_role("button", name="Go on with it").click()
    state(page, "failed")
    expect(page.locator("[data-part=errors]")).to_contain_text("endless.raw")
    expect(page.get_by_role("button", name="Retry what failed")).to_be_visible()


def test_a_staging_is_followed_over_a_restart_of_the_pages_themselves(
    page: Page, site: Site
) -> None:
    night = site.layout.store / "night"
    add_endless(site, night / "followed.raw")
    stage(page, "name:followed.raw", "reader/followed")
    state(page, "running")
    progress = page.locator("[data-part=progress]")
    expect(progress).to_contain_text(re.compile(r"[1-9][\d.]* [MG]B of"))
    site.kill("web_frontend")
    expect(page.locator("[data-away]")).to_be_visible(timeout=20_000)
    before = progress.text_content() or ""
    site.restart("web_frontend")
    expect(page.locator("[data-away]")).to_be_hidden(timeout=30_000)
    expect(progress).not_to_have_text(before)
    with site.librarian() as admin:
        number = int(page.url.rpartition("/")[2])
        admin.get_job(number).cancel().wait(timeout_seconds=60)
    state(page, "cancelled")
    (night / "followed.raw").unlink()


def test_streams_are_few_and_end_when_nobody_looks(page: Page, site: Site) -> None:
    night = site.layout.store / "night"
    add_endless(site, night / "unseen.raw")
    stage(page, "name:unseen.raw", "reader/unseen")
    state(page, "running")
    number = page.url.rpartition("/")[2]
    page.goto("about:blank")
    # The page's own stream ends when it is noticed that nobody reads it any more.
    opened = [wait_for_stream(page, site, number) for _ in range(2)]
    assert opened_stream(page, site, number) is None
    with page.expect_response(f"**/staging/{number}/parts") as polled:
        page.goto(f"/staging/{number}")
    assert polled.value.ok
    page.goto("about:blank")
    for one in opened:
        one.close()
    wait_for_stream(page, site, number).close()
    with site.librarian() as admin:
        admin.get_job(int(number)).cancel().wait(timeout_seconds=60)
    (night / "unseen.raw").unlink()


def wait_for_stream(page: Page, site: Site, number: str) -> http.client.HTTPResponse:
    found = wait_until(
        lambda: opened_stream(page, site, number), what="room for a stream", interval_seconds=0.2
    )
    assert found is not None
    return found


def opened_stream(page: Page, site: Site, number: str) -> http.client.HTTPResponse | None:
    """Open a stream as the person on a page would; return None when there is no room for it."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port + 3, timeout=20)
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    headers = {"Cookie": cookies, "Connection": "close"}
    connection.request("GET", f"/staging/{number}/stream", headers=headers)
    answer = connection.getresponse()
    # The answer has the socket by now.
    connection.close()
    if answer.status == 200:
        return answer
    answer.close()
    assert answer.status == 503
    return None
