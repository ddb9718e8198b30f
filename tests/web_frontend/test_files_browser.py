"""Files and observing sessions in a real browser: followed, explained, verified, downloaded."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from deploy.demo.synthetic_night import make_night
from librarian.client.librarian import Librarian

START_JD = 2459200.3
NAME = "zen.2459200.30000.HH.uvh5"


@pytest.fixture(scope="module")
def night(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = make_night(tmp_path_factory.mktemp("night"), files=3, start_jd=START_JD)
    for path in paths:
        is_log = path.name.startswith("maintenance")
        admin.upload(path, f"browser/{path.name}", null_obsid=is_log, metadata={})
    admin.assign_sessions(START_JD - 0.1, START_JD + 0.5)
    return {path.name: path for path in paths}


def grave_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_from_a_session_to_a_file_and_home_with_it(
    browser_page: Page, night: dict[str, Path], tmp_path: Path
) -> None:
    page = browser_page
    page.goto("/sessions?at=2459200")
    page.locator("table[data-rows] tbody a").first.click()
    expect(page.locator(".time-bar-span")).to_have_count(4)
    assert grave_faults(page) == []
    page.locator(".time-bar-span").first.click()
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_text("A copy is on store")).to_be_visible()
    assert grave_faults(page) == []
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The copy is good.")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    assert coming.value.suggested_filename == NAME
    coming.value.save_as(tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == night[NAME].read_bytes()


def test_on_a_phone_nothing_is_wider_than_the_screen(
    browser_page: Page, night: dict[str, Path], admin: Librarian
) -> None:
    browser_page.set_viewport_size({"width": 360, "height": 740})
    # What is said of a copy that is spoilt has long words.
    suspect = "zen.2459200.30080.HH.uvh5"
    [copy] = admin.list_instances(suspect)
    Path(copy.path).chmod(0o644)
    Path(copy.path).write_bytes(b"spoilt")
    admin.verify_file(suspect)
    for path in (f"/files/{NAME}", f"/files/{suspect}", "/observations", "/sessions"):
        browser_page.goto(path)
        expect(browser_page.get_by_text("Explain", exact=True)).to_have_count(0)
        width = browser_page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path
        assert grave_faults(browser_page) == []
