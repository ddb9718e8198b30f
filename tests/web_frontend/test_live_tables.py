"""Tables that are drawn anew while a person is in them."""

from pathlib import Path

from playwright.sync_api import Page, expect

from librarian.client.librarian import Librarian

DRAWN_LONG_AGO = "drawn long ago"


def wait_for_a_drawing(page: Page, part: str) -> None:
    """Wait until a part of the page has been drawn anew."""
    caption = page.locator(f"{part} caption").first
    caption.evaluate(f"caption => caption.textContent = '{DRAWN_LONG_AGO}'")
    expect(caption).not_to_have_text(DRAWN_LONG_AGO, timeout=20_000)


def test_the_keyboard_stays_in_its_row(browser_page: Page) -> None:
    browser_page.goto("/stores")
    browser_page.keyboard.press("j")
    expect(browser_page.locator("#stores tr.current")).to_have_count(1)
    wait_for_a_drawing(browser_page, "#stores")
    expect(browser_page.locator("#stores tr.current")).to_have_count(1)
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**/stores/*")


def test_what_was_unfolded_is_not_folded_again(
    browser_page: Page, admin: Librarian, tmp_path: Path
) -> None:
    path = tmp_path / "unfolded.bin"
    path.write_bytes(b"unfolded")
    admin.upload(path, "unfolded/unfolded.bin", null_obsid=True)
    browser_page.goto("/")
    table = browser_page.locator("#lately details.behind")
    table.locator("summary").click()
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for _ in range(2):
        browser_page.wait_for_event("request", lambda one: one.url.endswith("/home/now"))
    assert [url for url in asked if url.endswith("/home/lately")] == []
    expect(table).to_have_attribute("open", "")
