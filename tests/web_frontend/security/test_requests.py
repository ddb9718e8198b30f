"""Requests that no page sends: other methods, other places, too much of anything."""

import pytest
from flask import Flask

from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.people import People

PAGES = ("/", "/search", "/staging", "/stores", "/librarians", "/transfers", "/orders", "/accounts")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused_with_a_page(web: WebClient, method: str) -> None:
    for path in (*PAGES, "/sign-in", "/sign-out"):
        answer = PageOf(web.client.open(path, method=method, headers={"X-Mark": "reflected"}))
        assert answer.status in (403, 405), (path, answer.status)
        assert "reflected" not in answer.text
        assert "Traceback" not in answer.text


def test_a_method_is_not_what_a_field_or_a_header_says(web: WebClient) -> None:
    told = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST"}
    assert web.get("/sign-out?_method=POST", headers=told).status == 405
    assert web.get("/").status == 200


def test_heads_and_options_change_and_tell_nothing(web: WebClient, stranger: WebClient) -> None:
    for path in PAGES:
        head = PageOf(web.client.head(path))
        assert (head.status, head.data) == (200, b"")
        assert PageOf(web.client.options(path)).data == b""
        assert stranger.client.head(path).location.startswith("/sign-in")
    for path in ("/sign-out", "/transfers/-/change"):
        assert web.client.head(path).status_code == 405
    assert web.get("/").status == 200


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/healthz", "/static/x/y.js"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_can_be_put_in_a_frame(stranger: WebClient, path: str, method: str) -> None:
    headers = PageOf(stranger.client.open(path, method=method)).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example",
        "///elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\r\nLocation: https://elsewhere.example",
        "https:elsewhere.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " //elsewhere.example",
        "/\u2028/elsewhere.example",
        "//[",
        "/x" * 3000,
    ],
)
def test_no_sign_in_leads_elsewhere(
    web_as: WebAs, stranger: WebClient, people: People, address: str
) -> None:
    form = {"name": people.name("NONE"), "password": people.password, "next": address}
    assert stranger.post("/sign-in", form).location == "/"
    # Who is signed in already is led on at once, and so is htmx.
    reader = web_as("READONLY")
    assert reader.get("/sign-in", query_string={"next": address}).location == "/"
    led = reader.fragment("/sign-in", query_string={"next": address})
    assert led.headers["HX-Redirect"] == "/"


def test_a_path_of_any_letters_leads_there(web_as: WebAs) -> None:
    led = web_as("READONLY").fragment("/sign-in", query_string={"next": "/search?q=größe☃"})
    assert led.status == 200
    assert led.headers["HX-Redirect"].isascii()


def test_where_htmx_says_it_is_leads_nowhere_else(stranger: WebClient) -> None:
    for said in ("https://elsewhere.example//evil.example/x", "//[", "javascript:x", "/\u2028//x"):
        headers = {"HX-Request": "true", "HX-Current-URL": said.encode().decode("latin-1")}
        answer = PageOf(stranger.client.get("/stores", headers=headers))
        assert answer.status == 200
        assert answer.headers["HX-Redirect"].startswith("/sign-in")
        assert "next=%2F%2F" not in answer.headers["HX-Redirect"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/..%2f..%2fapp.py",
        "/static/x/%2e%2e/%2e%2e/app.py",
        "/static/x//etc/passwd",
        "/static/x/js/..%5c..%5capp.py",
        "/files/..%2f..%2fetc%2fpasswd",
        "/files/..",
        "/%00",
        "/search;/../accounts",
        "/ACCOUNTS",
        "/.git/config",
        "/" + "x" * 8000,
        "/" + "a/" * 2000,
    ],
)
def test_paths_that_lead_nowhere_are_plain_pages(web: WebClient, path: str) -> None:
    answer = web.page(path)
    assert answer.status in (400, 404)
    assert "root:" not in answer.text
    assert answer.words("h1") in ("Not found", "Not understood")


def test_a_form_of_too_many_parts_is_refused(web_app: Flask, web: WebClient) -> None:
    token = web.csrf_token()
    many = "&".join(f"name=n{number}" for number in range(200_000))
    for body, kind in (
        (f"csrf_token={token}&{many}", "application/x-www-form-urlencoded"),
        ("--b\r\n" * 5000, "multipart/form-data; boundary=b"),
        ("x", "multipart/form-data"),
        ("{" * 100_000, "application/json"),
        ("\xff" * 1000, "text/plain; charset=nothing"),
    ):
        answer = PageOf(web.client.post("/sign-in/link", data=body, content_type=kind))
        assert answer.status in (400, 413), (kind, answer.status)
        assert answer.all("h1")
