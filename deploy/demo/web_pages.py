"""The web pages of a site that is shown: where they are, and a way in for who looks on."""

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from deploy.demo.demo_site import DemoError
from librarian.client.librarian import Librarian

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class WebPages:
    """Where a site's web pages are, and a link that signs its administrator in once."""

    url: str
    link: str


def find_web_pages(connection: str, config_file: Path) -> WebPages:
    """Return a site's web pages; raise DemoError unless a browser would get them."""
    with Librarian.connect(connection, config_file=config_file) as site:
        url = site.ping().web_url
        pages = WebPages(f"{url}/", site.create_sign_in_link().url(url))
    try:
        # The address is the site's own, on loopback.
        with urlopen(f"{url}/sign-in", timeout=_TIMEOUT_SECONDS) as page:  # noqa: S310
            page.read()
    except (URLError, OSError, HTTPException) as error:
        raise DemoError(f"{pages.url} shows no page: {error}.") from error
    return pages
