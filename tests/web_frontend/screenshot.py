"""Look at pages: `python -m tests.web_frontend.screenshot /stores /tmp/stores.png --dark`.

Several pages may be given, each with its picture. A site is started for it, unless `--address`
names one that has a person `web-admin`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.system.site import WEB_SERVICES, Site
from tests.web_frontend.people import ROLES, People


def main() -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.web_frontend.screenshot")
    parser.add_argument("pairs", nargs="+", metavar="PATH FILE", help="a page and its picture")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--stranger", action="store_true", help="do not sign in")
    parser.add_argument("--address", help="a site that runs")
    parser.add_argument("--password", default=People.password)
    options = parser.parse_args()
    pairs = list(zip(options.pairs[::2], options.pairs[1::2], strict=True))
    with _site(options.address) as address, _page(address, options) as page:
        for path, file in pairs:
            page.goto(path)
            page.screenshot(path=file, full_page=True)
            sys.stdout.write(f"{path} -> {file}\n")
    return 0


@contextmanager
def _site(address: str | None) -> Iterator[str]:
    if address:
        yield address
        return
    with (
        tempfile.TemporaryDirectory(prefix="librarian-web-") as directory,
        Site(Path(directory) / "site", services=WEB_SERVICES) as site,
        site.librarian() as admin,
    ):
        People.of(admin, ROLES)
        yield f"http://127.0.0.1:{site.port + 3}"


@contextmanager
def _page(address: str, options: argparse.Namespace) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(
            base_url=address,
            viewport={"width": options.width, "height": 760},
            color_scheme="dark" if options.dark else "light",
        )
        if not options.stranger:
            page.goto("/sign-in")
            page.get_by_label("Name").fill(People().name("ADMIN"))
            page.get_by_label("Password").fill(options.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{address}/")
        yield page
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
