"""Bytes that are hardly HTTP, sent to the real server: nothing but a plain refusal comes back."""

import socket

import pytest

from tests.system.site import Site

POST = b"POST /sign-in HTTP/1.1\r\nHost: x\r\n"
OK = (b"400", b"404", b"405", b"411", b"413", b"414", b"431", b"501", b"505")
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
REQUESTS = {
    "two lengths": POST + FORM + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\na=b",
    "length and chunks": POST
    + FORM
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"0\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\n",
    "odd encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "huge length": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
    "NUL in a header": b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "blank before a colon": b"GET /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n",
    "folded header": b"GET /nowhere HTTP/1.1\r\nHost: x\r\n X: y\r\n\r\n",
    "large header": b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 500 + b"\r\n\r\n",
    "no version": b"GET /nowhere\r\n\r\n",
    "high version": b"GET /nowhere HTTP/9.9\r\nHost: x\r\n\r\n",
    "odd method": b"G<script> /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    "hostile host": b'GET /nowhere HTTP/1.1\r\nHost: "><x-hostile>\r\n\r\n',
    "other host": b"GET http://elsewhere.example/nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
}


def answer_to(site: Site, request: bytes) -> bytes:
    """Send bytes and no more; return all that comes back."""
    answer = b""
    with socket.create_connection(("127.0.0.1", site.port + 3), timeout=10) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except OSError:
            # It has closed the connection before all was sent.
            pass
    return answer


@pytest.mark.parametrize("what", REQUESTS)
def test_what_is_hardly_http_is_refused(web_site: Site, what: str) -> None:
    answer = answer_to(web_site, REQUESTS[what])
    statuses = [line.split(b" ")[1] for line in answer.split(b"\r\n") if line[:7] == b"HTTP/1."]
    assert set(statuses) <= set(OK), (what, answer[:300])
    assert b"Traceback" not in answer
    assert b"<x-hostile" not in answer
    assert b"elsewhere.example" not in answer.partition(b"\r\n\r\n")[0]


def test_ten_thousand_cookies_are_refused(web_site: Site) -> None:
    cookies = "; ".join(f"c{number}=v" for number in range(10_000)).encode()
    answer = answer_to(web_site, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + cookies + b"\r\n\r\n")
    assert answer.split(b" ")[1:2] in ([], [b"431"], [b"400"])
