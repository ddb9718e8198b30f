"""The web server itself: what is silent, endless or too long keeps nobody else waiting."""

import socket
import time

import pytest

from tests.system.site import Site
from tests.web_frontend.people import People


def ask(site: Site, request: bytes, *, then: bytes = b"", seconds: float = 20.0) -> bytes:
    """Send bytes, go on with others until the server has had enough; return what it answered."""
    answer = b""
    with socket.create_connection(("127.0.0.1", site.port + 3), timeout=seconds) as connection:
        connection.sendall(request)
        deadline = time.monotonic() + seconds
        try:
            while then and time.monotonic() < deadline:
                connection.sendall(then)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


HEAD = b"Host: here\r\nConnection: close\r\n"


def test_the_server_does_not_say_what_it_is(web_site: Site) -> None:
    answer = ask(web_site, b"GET /sign-in HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nServer:" not in answer


def test_a_body_that_never_ends_is_ended(web_site: Site) -> None:
    start = b"POST /sign-in HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert b"200 OK" not in ask(web_site, start, then=chunk)[:40]


def test_headers_that_are_too_long_are_refused(web_site: Site) -> None:
    answer = ask(web_site, b"GET /?" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert answer.split(b" ")[1:2] in ([b"431"], [b"400"], [])


def test_clients_that_send_nothing_keep_no_thread(web_site: Site) -> None:
    silent = [socket.create_connection(("127.0.0.1", web_site.port + 3)) for _ in range(60)]
    for connection in silent:
        connection.sendall(b"POST /sign-in HTTP/1.1\r\nHost: here\r\nContent-Length: 99\r\n\r\nx")
    begun = time.monotonic()
    answer = ask(web_site, b"GET /sign-in HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert time.monotonic() - begun < 5
    for connection in silent:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/%ff%fe", "/\xff", "/sign-in?next=%00%ff", "/sign-in?" + "a=1&" * 2000]
)
def test_what_is_no_text_is_a_plain_page(web_site: Site, path: str) -> None:
    answer = ask(web_site, f"GET {path} HTTP/1.1\r\n".encode("latin-1") + HEAD + b"\r\n")
    assert answer.split(b" ")[1] in (b"200", b"400", b"404")
    assert b"Traceback" not in answer


def test_no_secret_is_in_the_log(web_site: Site, people: People) -> None:
    ask(web_site, b"GET /sign-in?next=/secret-query HTTP/1.1\r\n" + HEAD + b"\r\n")
    log = web_site.log("web_frontend")
    assert "GET /sign-in 200" in log
    assert "secret-query" not in log
    assert people.password not in log
