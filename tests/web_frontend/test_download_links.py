"""Downloads over bad links: what breaks is seen to be broken, and holds nobody else up."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, IncompleteRead

import pytest

from librarian.client import contents
from librarian.service.config import load_config
from tests.bad_links import BadLink
from tests.polling import wait_until
from tests.system.site import Site
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import ROLES, People
from web_frontend import server
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig

CONTENTS = os.urandom(1 << 20) * 24
PATH = "/files/links.bin/download"


class Pages:
    """A real web server with one place for downloads, whose agent is behind a bad link."""

    def __init__(self, link: BadLink, address: str, cookie: str) -> None:
        self.link = link
        self.address = address
        self.cookie = cookie

    def ask(self, connection: HTTPConnection, **headers: str) -> HTTPResponse:
        """Ask for the file; nothing of the answer is read."""
        connection.request("GET", PATH, headers={"Cookie": self.cookie, **headers})
        return connection.getresponse()

    def connect(self, receive_bytes: int = 0) -> HTTPConnection:
        """Connect to the server, with a small window if it is said."""
        host, _, port = self.address.rpartition(":")
        connection = HTTPConnection(host, int(port), timeout=30)
        connection.sock = socket.socket()
        if receive_bytes:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.sock.settimeout(30)
        connection.sock.connect((host, int(port)))
        return connection

    def status(self) -> int:
        """Return how a download is answered just now."""
        with closing(self.connect()) as connection:
            return self.ask(connection, Range="bytes=0-0").status


@pytest.fixture(scope="module")
def link_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, BadLink]]:
    directory = tmp_path_factory.mktemp("links")
    with BadLink() as link:
        advertised = {"LIBRARIAN_STORE_AGENT__ADVERTISED_ADDRESS": link.address}
        site = Site(directory / "site", environment={"store_agent": advertised})
        link.target_port = site.port + 1
        with site, site.librarian() as admin:
            People.of(admin, ROLES)
            (directory / "links.bin").write_bytes(CONTENTS)
            admin.upload(directory / "links.bin", "links.bin", null_obsid=True)
            yield site, link


@pytest.fixture
def pages(link_site: tuple[Site, BadLink], monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    site, link = link_site
    monkeypatch.setattr(contents, "_PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(server, "_STALLED_SECONDS", 2)
    config = load_config(site.layout.config_file, "web_frontend", WebFrontendConfig)
    config = config.model_copy(update={"listen": "127.0.0.1:0", "max_streams": 1})
    app = create_app(config)
    web = WebClient(app)
    web.sign_in(People().name("READONLY"), People.password)
    cookie = web.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    running = server.start(config)
    yield Pages(link, running.address, f"{cookie.key}={cookie.value}")
    link.refusing = False
    running.stop()


def test_an_agent_that_dies_midway_breaks_the_download(pages: Pages) -> None:
    with closing(pages.connect(receive_bytes=65536)) as connection:
        answer = pages.ask(connection)
        answer.read(1_000_000)
        pages.link.refusing = True
        with pytest.raises((IncompleteRead, ConnectionError)):
            answer.read()


def test_a_link_that_breaks_midway_is_made_anew(pages: Pages) -> None:
    pages.link.cut_after_answered_bytes = pages.link.answered_bytes + 8_000_000
    with closing(pages.connect()) as connection:
        assert pages.ask(connection).read() == CONTENTS
    assert pages.link.cut_after_answered_bytes is None


def test_an_agent_that_is_away_is_told_of_before_anything_is_sent(pages: Pages) -> None:
    pages.link.refusing = True
    assert pages.status() == 503


def test_a_browser_that_goes_away_leaves_its_place(pages: Pages) -> None:
    with closing(pages.connect(receive_bytes=65536)) as connection:
        assert pages.ask(connection).status == 200
        # There is one place, and it is taken.
        assert pages.status() == 503
    wait_until(lambda: pages.status() == 206, what="the place of the browser that went away")


def test_a_browser_that_takes_nothing_loses_its_place(pages: Pages) -> None:
    with closing(pages.connect(receive_bytes=65536)) as connection:
        answer = pages.ask(connection)
        assert pages.status() == 503
        wait_until(lambda: pages.status() == 206, what="the place of the browser that stalled")
        with pytest.raises((IncompleteRead, ConnectionError)):
            answer.read()


def test_the_end_of_a_download_leaves_its_place(pages: Pages) -> None:
    with closing(pages.connect()) as connection:
        assert pages.ask(connection).read() == CONTENTS
        wait_until(lambda: pages.status() == 206, what="the place of a download that has ended")
