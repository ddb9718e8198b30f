"""Take pictures of every page, light, dark and on a phone: `make screenshots`.

They are written to build/screenshots/NAME-{light,dark,phone}.png; names choose some of them. A site
with something of everything is started for it, and another one, where there is nothing yet.
`--readme` takes those that README.md shows instead: what a window shows, without what is below.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web_frontend.browser.filled_site import FilledSite, filled_site, named_site
from tests.web_frontend.browser.visited_pages import EMPTY, pages_of
from tests.web_frontend.people import ROLES, People

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}
MOST_PIXELS = 2400
README = Path("web_frontend/screenshots")
OF_README = {
    "home-light",
    "results-night-light",
    "coverage-dark",
    "staging-running-light",
    "librarian-dark",
    "session-phone",
}


def main() -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.web_frontend.screenshots")
    parser.add_argument("--to", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--readme", action="store_true", help="those of README.md, and only them")
    parser.add_argument("names", nargs="*", help="pages; all when none is named")
    options = parser.parse_args()
    to = README if options.readme else options.to
    to.mkdir(parents=True, exist_ok=True)
    with _directory() as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        camera = Camera(browser, to, OF_README if options.readme else set(options.names))
        camera.is_tall = not options.readme
        with _empty_site(directory / "empty") as site:
            camera.take(site, EMPTY)
        with filled_site(directory / "filled") as filled:
            _take_filled(camera, filled)
        browser.close()
    return 0


class Camera:
    """Takes pictures of pages in each look, as tall as a page or as a window."""

    is_tall = True

    def __init__(self, browser: Browser, directory: Path, names: set[str]) -> None:
        self._browser, self._directory, self._names = browser, directory, names

    def take(self, filled: FilledSite, pages: Mapping[str, str], role: str = "ADMIN") -> None:
        """Take the pictures of pages, as a person with a role sees them; of none if it is empty."""
        for look, settings in LOOKS.items():
            wanted = {name: path for name, path in pages.items() if self._wants(name, look)}
            if wanted:
                with self._page(filled, settings, role) as page:
                    for name, path in wanted.items():
                        page.goto(path)
                        self.shoot(page, f"{name}-{look}")

    def take_away(self, filled: FilledSite) -> None:
        """Take the pictures of pages whose catalogue has gone."""
        for look, settings in LOOKS.items():
            if not self._wants("catalogue-away", look):
                continue
            with self._page(filled, settings, "ADMIN") as page:
                page.goto("/stores")
                filled.site.stop_service("catalog_service")
                page.goto("/observations?limit=3")
                page.wait_for_selector("[data-comes-back]")
                self.shoot(page, f"catalogue-away-{look}")
                filled.site.restart("catalog_service")
                page.wait_for_selector("[data-comes-back]", state="detached")

    def shoot(self, page: Page, name: str) -> None:
        """Take one picture, of what does not move any more."""
        before = page.viewport_size
        assert before is not None
        pixels = int(page.evaluate("document.documentElement.scrollHeight"))
        height = min(pixels, MOST_PIXELS) if self.is_tall else before["height"]
        # As tall as the page, so that what sticks to the window is as long as that.
        page.set_viewport_size({"width": before["width"], "height": height})
        page.evaluate("document.fonts.ready")
        page.screenshot(path=self._directory / f"{name}.png")
        page.set_viewport_size(before)
        sys.stdout.write(f"{name}\n")

    def _wants(self, name: str, look: str) -> bool:
        return not self._names or bool({name, f"{name}-{look}"} & self._names)

    @contextmanager
    def _page(self, filled: FilledSite, settings: dict[str, Any], role: str) -> Iterator[Page]:
        context = self._browser.new_context(
            base_url=filled.address, reduced_motion="reduce", **settings
        )
        page = context.new_page()
        if role:
            page.goto("/sign-in")
            page.get_by_label("Name").fill(filled.people.name(role))
            page.get_by_label("Password").fill(filled.people.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{filled.address}/")
        yield page
        context.close()


def _take_filled(camera: Camera, filled: FilledSite) -> None:
    camera.take(filled, pages_of(filled))
    camera.take(filled, {"not-allowed": "/accounts", "home-of-a-reader": "/"}, "READONLY")
    camera.take(filled, {"sign-in": "/sign-in", "sign-in-link": "/sign-in/link"}, "")
    camera.take_away(filled)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="karoo-") as directory:
        yield Path(directory)


@contextmanager
def _empty_site(directory: Path) -> Iterator[FilledSite]:
    with named_site(directory) as site:
        with site.librarian() as admin:
            People.of(admin, ROLES)
        yield FilledSite(site)


if __name__ == "__main__":
    sys.exit(main())
