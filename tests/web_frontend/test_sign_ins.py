"""Sign-ins beyond the form: links, proxies, TLS, tokens that end."""

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from librarian.service.config import load_config
from librarian.v1 import accounts_pb2, accounts_pb2_grpc
from tests.system.site import Site
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig


@pytest.fixture(scope="module")
def behind_a_proxy(web_site: Site) -> Flask:
    """The application as it is behind a proxy that speaks TLS."""
    config = load_config(web_site.layout.config_file, "web_frontend", WebFrontendConfig)
    changes = {"trusted_proxies": 1, "public_url": "https://archive.example"}
    return create_app(config.model_copy(update=changes))


def new_code(admin: Librarian, account: str) -> str:
    """Return the code of a sign-in link."""
    stub = admin.link.catalog(accounts_pb2_grpc.AccountsStub)
    request = accounts_pb2.CreateSignInLinkRequest(account_name=account)
    return str(stub.CreateSignInLink(request).code)


def test_a_link_signs_in_once(
    stranger: WebClient, web_app: Flask, admin: Librarian, people: People
) -> None:
    code = new_code(admin, people.name("READONLY"))
    assert stranger.post("/sign-in/link", {"code": code}).status == 303
    assert people.name("READONLY") in stranger.page("/").words("header.top")
    again = WebClient(web_app).post("/sign-in/link", {"code": code})
    assert again.status == 401
    assert "ask for another" in again.words()


@pytest.mark.parametrize(
    ("sender", "back"),
    [
        ("http://localhost/orders/new?name=x", "?next=%2Forders%2Fnew%3Fname%3Dx"),
        ("http://elsewhere.example/orders", ""),
        ("http://localhost.elsewhere.example/", ""),
        ("http://localhost//elsewhere.example", ""),
        ("http://[", ""),
    ],
)
def test_a_form_that_was_left_open_too_long_leads_back_to_itself(
    stranger: WebClient, sender: str, back: str
) -> None:
    answer = stranger.post("/staging", {"search": "x"}, headers={"Referer": sender})
    assert (answer.status, answer.location) == (303, f"/sign-in{back}")


def test_behind_tls_cookies_are_kept_to_it(behind_a_proxy: Flask) -> None:
    form = behind_a_proxy.test_client().get("/sign-in", base_url="https://archive.example")
    assert form.headers["Set-Cookie"].startswith("__Host-librarian=")
    assert "Secure;" in form.headers["Set-Cookie"]
    assert "Path=/" in form.headers["Set-Cookie"]
    assert "max-age" in form.headers["Strict-Transport-Security"]


def test_the_address_of_the_browser_is_told_by_the_proxy_alone(
    behind_a_proxy: Flask, web_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    caplog.set_level("INFO", "web_frontend.access_log")
    for app in (behind_a_proxy, web_app):
        app.test_client().get("/sign-in/link", headers=headers)
    assert [line.split()[-1] for line in caplog.messages] == ["198.51.100.7", "127.0.0.1"]


def test_a_token_that_is_revoked_leads_to_the_sign_in_and_not_round_in_circles(
    stranger: WebClient, admin: Librarian, people: People
) -> None:
    stranger.sign_in(people.name("CALLBACK"), people.password)
    assert stranger.get("/stores").status == 200
    for token in admin.list_tokens(people.name("CALLBACK")):
        admin.revoke_token(token.id)
    # Who it was is believed for some seconds; the catalogue does not believe it.
    refused = stranger.get("/stores")
    assert refused.location == "/sign-in?next=%2Fstores&ended=1"
    page = stranger.get(refused.location)
    assert (page.status, "sign-in has ended" in page.words()) == (200, True)


@pytest.mark.parametrize("told", ["größe", "x\x01y", "unknown", "[::1]:9", "1" * 5000, ""])
def test_an_address_that_is_none_is_no_reason_to_fail(
    behind_a_proxy: Flask, people: People, told: str
) -> None:
    web = WebClient(behind_a_proxy)
    web.client.environ_base["HTTP_X_FORWARDED_FOR"] = told
    web.client.environ_base["wsgi.url_scheme"] = "https"
    assert web.client.get("/sign-in").status_code == 200
    token = web.csrf_token()
    form = {"csrf_token": token, "name": people.name("READONLY"), "password": people.password}
    assert web.client.post("/sign-in", data=form).status_code == 303
