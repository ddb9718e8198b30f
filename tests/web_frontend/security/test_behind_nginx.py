"""The pages behind a real nginx with the configuration that `deploy/` has for it."""

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from deploy.demo.ports import find_free_port
from librarian.client.librarian import Librarian
from librarian.service.config import load_config
from tests.polling import wait_until
from tests.source_tree import ROOT
from tests.system.site import Site
from tests.web_frontend.security.callers import HttpCaller
from web_frontend import server
from web_frontend.config import WebFrontendConfig

PASSWORD = "a password behind nginx"
CONTENTS = bytes(range(256)) * 4096
NGINX = "/usr/sbin/nginx"
_MAIN = """\
daemon off;
master_process off;
pid {work}/pid;
error_log {work}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {work}/access.log;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    include {work}/librarian.conf;
}}
"""


class Nginx:
    """A proxy with a certificate of its own, before the pages of a site."""

    def __init__(self, work: Path, port: int) -> None:
        self.port = port
        self.origin = f"https://localhost:{port}"
        self._work = work
        authority = trustme.CA()
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
            work / "web.pem"
        )
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)

    def configure(self, backend: str, plain_port: int) -> None:
        """Write the configuration, with this machine's ports and certificate."""
        changes = {
            "server 127.0.0.1:21109;": f"server {backend};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "listen [::]:443 ssl;": "",
            "listen 80;": f"listen 127.0.0.1:{plain_port};",
            "listen [::]:80;": "",
            "server_name librarian.example.org;": "server_name localhost;",
            "/etc/librarian/web.crt": str(self._work / "web.pem"),
            "/etc/librarian/web.key": str(self._work / "web.pem"),
        }
        text = (ROOT / "deploy/nginx/librarian.conf").read_text()
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        (self._work / "librarian.conf").write_text(text)
        (self._work / "nginx.conf").write_text(_MAIN.format(work=self._work))

    def start(self) -> subprocess.Popen[bytes]:
        """Start nginx; return when it listens."""
        process = subprocess.Popen(
            [NGINX, "-p", self._work, "-e", self._work / "error.log", "-c", "nginx.conf"]
        )
        wait_until(lambda: _listens(self.port), what="nginx", timeout_seconds=20)
        return process


def _listens(port: int) -> bool:
    with closing(socket.socket()) as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def nginx(web_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    port = find_free_port()
    proxy = Nginx(tmp_path_factory.mktemp("nginx"), port)
    config = load_config(web_site.layout.config_file, "web_frontend", WebFrontendConfig)
    changes = {"listen": "127.0.0.1:0", "trusted_proxies": 1, "public_url": proxy.origin}
    pages = server.start(config.model_copy(update=changes))
    proxy.configure(pages.address, port + 1)
    process = proxy.start()
    yield proxy
    process.terminate()
    process.wait(10)
    pages.stop()


@pytest.fixture(scope="module")
def caller(nginx: Nginx, admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> HttpCaller:
    """Somebody who signed in over TLS."""
    path = tmp_path_factory.mktemp("nginx-file") / "contents"
    path.write_bytes(CONTENTS)
    admin.upload(path, "nginx/nginx.bin", null_obsid=True)
    admin.create_user("nginx-ada", "READWRITE", PASSWORD)
    caller = HttpCaller(nginx.origin, nginx.trust)
    signed_in = caller.post(
        "/sign-in",
        {"name": "nginx-ada", "password": PASSWORD},
        Origin=nginx.origin,
        Sec_Fetch_Site="same-origin",
        X_Forwarded_For="203.0.113.99",
        X_Forwarded_Host="elsewhere.example",
    )
    assert signed_in.status == 303, signed_in.text
    assert signed_in.headers["Location"] in ("/", f"{nginx.origin}/")
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("__Host-librarian=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    return caller


def test_a_sign_in_over_tls_is_kept_and_its_address_is_the_proxys_word(
    caller: HttpCaller, admin: Librarian
) -> None:
    page = caller.get("/")
    assert "nginx-ada" in page.text
    assert "max-age" in page.headers["Strict-Transport-Security"]
    assert page.headers.get_all("Content-Security-Policy") is not None
    (entry, *_) = admin.list_audit_page(account="nginx-ada", action="Accounts/SignIn").entries
    assert entry.address == "127.0.0.1"


def test_plain_http_leads_to_tls(nginx: Nginx) -> None:
    answer = HttpCaller(f"http://localhost:{nginx.port + 1}").get("/search?q=x")
    assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/search?q=x")


def test_a_form_of_another_origin_is_refused_there_too(caller: HttpCaller) -> None:
    assert caller.post("/sign-out", {}, Origin="https://elsewhere.example").status == 403
    assert caller.get("/stores").status == 200


def test_a_part_of_a_file_comes_through(caller: HttpCaller) -> None:
    part = caller.get("/files/nginx.bin/download", Range="bytes=1000-1999")
    assert (part.status, part.data) == (206, CONTENTS[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENTS)}"
    assert caller.get("/files/nginx.bin/download").data == CONTENTS


def test_a_form_that_is_too_large_is_refused(caller: HttpCaller, nginx: Nginx) -> None:
    connection = http.client.HTTPSConnection("localhost", nginx.port, context=nginx.trust)
    with closing(connection):
        connection.putrequest("POST", "/sign-in")
        connection.putheader("Content-Length", "50000000")
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_live_page_comes_as_it_happens(
    caller: HttpCaller, nginx: Nginx, running_job: int
) -> None:
    connection = http.client.HTTPSConnection(
        "localhost", nginx.port, context=nginx.trust, timeout=20
    )
    with closing(connection):
        headers = {"Cookie": caller.cookie_header(), "Accept": "text/event-stream"}
        connection.request("GET", f"/staging/{running_job}/stream", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        # What has not ended yet is there already.
        assert answer.readline().startswith(b"event: staging")
