"""What holds for every page: rights, headers, cookies, forged forms, errors."""

import pytest
from flask import Flask

from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People
from web_frontend.rights import RIGHTS


def test_every_page_has_a_least_role(web_app: Flask) -> None:
    assert set(RIGHTS) == set(web_app.view_functions)


def test_a_sign_in_leads_to_the_first_page(stranger: WebClient, people: People) -> None:
    answer = stranger.sign_in(people.name("READONLY"), people.password)
    assert (answer.status, answer.location) == (303, "/")
    assert "web-readonly" in stranger.page("/").words("header.top")


def test_a_wrong_password_is_told_and_the_name_is_kept(stranger: WebClient) -> None:
    answer = stranger.sign_in("web-nobody", "wrong wrong wrong")
    assert answer.status == 401
    assert "name or the password is wrong" in answer.words()
    assert answer.one("#field-name").attributes["value"] == "web-nobody"


def test_who_is_not_signed_in_is_led_back_after_it(stranger: WebClient, people: People) -> None:
    sent = stranger.get("/?q=a%26b")
    assert (sent.status, sent.location) == (303, "/sign-in?next=%2F%3Fq%3Da%2526b")
    back = stranger.page(sent.location).one("[name=next]").attributes["value"]
    assert stranger.sign_in(people.name("READONLY"), people.password, back or "").location == back


@pytest.mark.parametrize(
    "address",
    ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "/\t/x", "x", ""],
)
def test_a_sign_in_leads_nowhere_else(stranger: WebClient, people: People, address: str) -> None:
    answer = stranger.sign_in(people.name("READONLY"), people.password, address)
    assert (answer.status, answer.location) == (303, "/")


def test_a_sign_out_ends_the_token(stranger: WebClient, people: People) -> None:
    stranger.sign_in(people.name("READONLY"), people.password)
    name = stranger.client.application.config["SESSION_COOKIE_NAME"]
    kept = stranger.client.get_cookie(name)
    assert stranger.post("/sign-out").location == "/sign-in"
    assert kept is not None
    stranger.client.set_cookie(name, kept.value)
    assert stranger.get("/").location == "/sign-in?ended=1"


def test_a_form_without_its_token_does_nothing(web_as: WebAs) -> None:
    reader = web_as("READONLY")
    answer = reader.client.post("/sign-out")
    assert answer.status_code == 400
    assert reader.get("/").status == 200


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
def test_a_form_of_another_site_does_nothing(web_as: WebAs, headers: dict[str, str]) -> None:
    reader = web_as("READONLY")
    assert reader.post("/sign-out", headers=headers).status == 403
    assert reader.get("/").status == 200


def test_every_answer_forbids_what_pages_do_not_need(web: WebClient) -> None:
    for path in ("/", "/sign-in/link", "/nowhere", "/healthz"):
        headers = web.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_for_this_site_and_no_script(
    stranger: WebClient, people: People, web_site: Site
) -> None:
    answer = stranger.sign_in(people.name("READONLY"), people.password)
    cookie = answer.headers["Set-Cookie"]
    # Browsers have one jar for all ports of a host, and so for all sites on it.
    assert cookie.startswith(f"librarian-{web_site.port + 3}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_files_that_pages_use_are_kept_for_long(web: WebClient) -> None:
    address = web.page("/").one("link[rel=icon]").attributes["href"] or ""
    answer = web.get(address)
    assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)


@pytest.mark.parametrize("path", ["/nowhere", "/static/x/nothing.css", "/static/x/../../app.py"])
def test_an_unknown_page_says_so(web: WebClient, path: str) -> None:
    page = web.get(path)
    assert page.status == 404
    assert "There is no such page." in page.words()


def test_an_error_in_a_part_of_a_page_is_told_in_its_place(web: WebClient) -> None:
    part = web.fragment("/nowhere")
    assert part.status == 404
    assert part.all("html > body > header") == []
    assert "no such page" in part.words("[role=alert]")


def test_a_form_that_is_too_large_is_refused(web: WebClient) -> None:
    answer = web.client.post("/sign-in/link", data={"code": "x" * 2_000_000})
    assert answer.status_code == 413
