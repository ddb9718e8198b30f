"""Forms that were not made for who sends them, or are sent twice; cookies that were changed."""

import uuid
from pathlib import Path

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.people import People

PASSWORD = "another long password"


def changes_to(admin: Librarian) -> int:
    """Return the number of the last change on record."""
    return admin.list_audit_page(page_size=1).entries[0].id


@pytest.fixture
def person(admin: Librarian) -> str:
    name = f"forms-{uuid.uuid4().hex[:8]}"
    admin.create_user(name, "READWRITE", PASSWORD)
    return name


def signed_in(app: Flask, name: str) -> WebClient:
    web = WebClient(app)
    assert web.sign_in(name, PASSWORD).status == 303
    return web


def posts(app: Flask) -> list[str]:
    """Return the paths of all that changes something."""
    found = []
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            one = {name: 1 if name in ("id", "number") else "x" for name in rule.arguments}
            _, path = rule.build(one) or ("", "")
            found.append(str(path))
    return sorted(set(found))


def test_forms_without_a_token_or_with_anothers_do_nothing(
    web_app: Flask, web: WebClient, admin: Librarian, person: str
) -> None:
    theirs = signed_in(web_app, person).csrf_token()
    before = changes_to(admin)
    for path in posts(web_app):
        for form in ({}, {"csrf_token": ""}, {"csrf_token": theirs}, {"csrf_token": "x" * 5000}):
            answer = PageOf(web.client.post(path, data=form))
            assert answer.status == 400, (path, form, answer.status)
            assert "so nothing was done" in answer.words()
    assert web.get("/").status == 200
    assert changes_to(admin) == before


def test_forms_that_other_pages_send_do_nothing(
    web_app: Flask, web: WebClient, admin: Librarian
) -> None:
    forged = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.elsewhere.example"},
        {"Origin": "http://localhost:1"},
    ]
    token, before = web.csrf_token(), changes_to(admin)
    for path in posts(web_app):
        for headers in forged:
            answer = PageOf(web.client.post(path, data={"csrf_token": token}, headers=headers))
            assert answer.status == 403, (path, headers, answer.status)
    assert changes_to(admin) == before


def test_a_token_in_the_address_counts_for_nothing(web: WebClient) -> None:
    token = web.csrf_token()
    assert web.client.post(f"/sign-out?csrf_token={token}").status_code == 400
    assert web.get("/").status == 200


def test_a_form_of_before_the_sign_in_is_not_good_after_it(web_app: Flask, people: People) -> None:
    web = WebClient(web_app)
    before = web.csrf_token()
    web.sign_in(people.name("READONLY"), people.password)
    assert web.client.post("/sign-out", data={"csrf_token": before}).status_code == 400
    assert web.csrf_token() != before


def test_a_cookie_that_somebody_planted_is_worth_nothing_after_a_sign_in(
    web_app: Flask, people: People
) -> None:
    name = web_app.config["SESSION_COOKIE_NAME"]
    attacker, victim = WebClient(web_app), WebClient(web_app)
    attacker.get("/sign-in")
    planted = attacker.client.get_cookie(name)
    assert planted is not None
    victim.client.set_cookie(name, planted.value)
    victim.sign_in(people.name("READONLY"), people.password)
    assert victim.get("/").status == 200
    assert attacker.get("/").location.startswith("/sign-in")


def test_a_cookie_that_was_changed_is_none(web_app: Flask, people: People) -> None:
    name = web_app.config["SESSION_COOKIE_NAME"]
    web = WebClient(web_app)
    web.sign_in(people.name("ADMIN"), people.password)
    cookie = web.client.get_cookie(name)
    assert cookie is not None
    payload, made, signature = cookie.value.rsplit(".", 2)
    for forged in (
        f"{payload}x.{made}.{signature}",
        f"{payload}.{made}.{signature[:-2]}",
        payload,
        f".{made}.{signature}",
        "x" * 4000,
        "\x7f..",
        "eyJ0b2tlbiI6IngifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
    ):
        other = WebClient(web_app)
        other.client.set_cookie(name, forged)
        assert other.get("/").location.startswith("/sign-in"), forged
    assert people.password not in cookie.value


def test_a_sign_in_ends_with_the_sign_out_for_each_copy_of_the_cookie(
    web_app: Flask, person: str
) -> None:
    name = web_app.config["SESSION_COOKIE_NAME"]
    web, copy = signed_in(web_app, person), WebClient(web_app)
    cookie = web.client.get_cookie(name)
    assert cookie is not None
    copy.client.set_cookie(name, cookie.value)
    assert copy.get("/stores").status == 200
    assert web.post("/sign-out").status == 303
    assert copy.get("/stores").location.startswith("/sign-in")


def test_a_new_password_ends_all_other_sign_ins(web_app: Flask, person: str) -> None:
    here, elsewhere = signed_in(web_app, person), signed_in(web_app, person)
    assert elsewhere.get("/stores").status == 200
    new = {"old": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!"}
    assert here.post("/account/password", new).status == 303
    assert here.get("/stores").status == 200
    assert elsewhere.get("/stores").location.startswith("/sign-in")


def test_without_the_old_password_there_is_no_new_one(web_app: Flask, person: str) -> None:
    web = signed_in(web_app, person)
    for old in ("", "wrong wrong wrong"):
        form = {"old": old, "new": PASSWORD + "!", "again": PASSWORD + "!"}
        assert web.post("/account/password", form).status == 400
    assert signed_in(web_app, person).get("/stores").status == 200


def test_a_staging_form_sent_twice_starts_one_job(
    web: WebClient, admin: Librarian, tmp_path: Path
) -> None:
    (tmp_path / "twice").write_bytes(b"twice")
    admin.upload(tmp_path / "twice", "forms/forms-twice.txt", null_obsid=True)
    form = {
        "search": "name:forms-twice.txt",
        "subdirectory": "forms/twice",
        "request_id": uuid.uuid4().hex,
    }
    assert web.post("/staging", form).location == web.post("/staging", form).location


def test_a_token_form_sent_twice_makes_no_second_one_unseen(
    web_app: Flask, admin: Librarian, person: str
) -> None:
    web = signed_in(web_app, person)
    form = {"name": "laptop", "role": "READONLY", "days": "1"}
    pages = [web.post("/account/tokens", form), web.post("/account/tokens", form)]
    made = [token.name for token in admin.list_tokens(person)].count("laptop")
    shown = [page for page in pages if "lib_" in page.text]
    assert made == len(shown)
    # Going back in the browser must not show a secret again.
    assert all(page.headers["Cache-Control"] == "no-store" for page in pages)


@pytest.mark.parametrize("role", ["READONLY", "READWRITE"])
def test_a_token_has_no_more_rights_than_who_makes_it(web_as: WebAs, role: str) -> None:
    form = {"name": "more", "role": "ADMIN", "days": "1"}
    answer = web_as(role).post("/account/tokens", form)
    assert answer.status in (400, 403)
    assert "lib_" not in answer.words()
