"""Pages about accounts: one's own tokens and password, and all that administrators do."""

import json

import pytest

from librarian.client.librarian import Librarian
from librarian.errors import NotSignedInError, UnknownAccountError
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient
from web_frontend.forms.accounts import connection_text

PASSWORD = "correct horse battery"
HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}'\"%00"


def signed_in(web_site: Site, secret: str) -> Librarian:
    return Librarian(f"127.0.0.1:{web_site.port}", secret)


def secret_on(page: object) -> str:
    return str(page.one("#secret").text())  # type: ignore[attr-defined]


def test_a_token_is_made_shown_once_used_and_revoked(web_as: WebAs, web_site: Site) -> None:
    web = web_as("READWRITE")
    made = web.post("/account/tokens", {"name": "laptop", "role": "READONLY", "days": "30"})
    assert made.status == 200
    secret = secret_on(made)
    connection = json.loads(made.one("#connection").text())["connections"]
    [only] = connection.values()
    assert only["authenticator"] == secret
    with signed_in(web_site, secret) as site:
        assert (site.ping().account, site.ping().role) == ("web-readwrite", "READONLY")
    listed = web.page("/account/tokens")
    token_id = secret.split("_")[1]
    assert "laptop" in listed.words()
    assert secret.split("_", 2)[2] not in listed.text
    gone = web.post(f"/account/tokens/{token_id}/revoke")
    assert (gone.status, gone.location) == (303, "/account/tokens")
    assert token_id not in web.page("/account/tokens").words("tbody")
    with signed_in(web_site, secret) as site, pytest.raises(NotSignedInError):
        # The catalogue itself forgets it at once; other processes of it within seconds.
        site.ping()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "", "role": "READONLY", "days": "30"}, "Say what it is for"),
        ({"name": "x", "role": "ADMIN", "days": "30"}, "cannot make one of more rights"),
        ({"name": "x", "role": "KING", "days": "30"}, "Choose one of these"),
        ({"name": "x", "role": "READONLY", "days": "-1"}, "Choose one of these"),
        ({"name": "x" * 65, "role": "READONLY", "days": "never"}, "64 printable characters"),
    ],
)
def test_a_token_that_cannot_be_is_refused_in_its_form(
    web_as: WebAs, values: dict[str, str], words: str
) -> None:
    answer = web_as("READONLY").post("/account/tokens", values)
    assert answer.status == 400
    assert words in answer.words("form.card")


def test_nobody_sees_or_ends_anothers_token(web_as: WebAs, admin: Librarian) -> None:
    other = admin.create_token("of another", user="web-readwrite")
    web = web_as("READONLY")
    assert other.token.id not in web.page("/account/tokens").text
    assert web.post(f"/account/tokens/{other.token.id}/revoke").status == 403
    assert other.token.id in [token.id for token in admin.list_tokens("web-readwrite")]


def test_a_password_is_changed_and_the_sign_in_goes_on(
    stranger: WebClient, admin: Librarian
) -> None:
    admin.create_user("web-changes", "READONLY", PASSWORD)
    stranger.sign_in("web-changes", PASSWORD)
    new = {"new": "another good one", "again": "another good one"}
    wrong = stranger.post("/account/password", {"old": "not the one", **new})
    assert (wrong.status, "old password is wrong" in wrong.words()) == (400, True)
    assert stranger.post("/account/password", {"old": PASSWORD, **new, "again": "x"}).status == 400
    assert stranger.post("/account/password", {"old": "", "new": "short"}).status == 400
    done = stranger.post("/account/password", {"old": PASSWORD, **new})
    assert (done.status, done.location) == (303, "/account/tokens")
    assert "Your password is changed" in stranger.page("/account/tokens").words()


def test_an_administrator_makes_changes_and_deletes_an_account(
    web: WebClient, stranger: WebClient, admin: Librarian
) -> None:
    values = {"name": "web-eve", "role": "READONLY", "new": PASSWORD, "again": PASSWORD}
    assert web.post("/accounts/-/new", values).location == "/accounts/web-eve"
    assert web.post("/accounts/-/new", values).status == 409
    assert "web-eve" in web.page("/accounts").words("tbody")
    assert web.post("/accounts/web-eve/role", {"role": "READWRITE"}).status == 303
    assert "web-eve has the role READWRITE now" in web.page("/accounts/web-eve").words("body")
    new = {"new": "another good one", "again": "another good one"}
    assert web.post("/accounts/web-eve/password", new).status == 303
    assert stranger.sign_in("web-eve", "another good one").status == 303
    made = web.post("/accounts/web-eve/tokens", {"name": "a", "role": "READONLY", "days": "never"})
    token_id = secret_on(made).split("_")[1]
    assert token_id in web.page("/accounts/web-eve").text
    assert web.post(f"/accounts/web-eve/tokens/{token_id}/revoke").status == 303
    assert web.post("/accounts/web-eve/delete").location == "/accounts"
    assert web.get("/accounts/web-eve").status == 404
    with pytest.raises(UnknownAccountError):
        admin.list_tokens("web-eve")


def test_a_sign_in_link_is_shown_once_and_works_once(
    web: WebClient, stranger: WebClient, admin: Librarian
) -> None:
    admin.create_user("web-linked", "READONLY")
    url = secret_on(web.post("/accounts/web-linked/sign-in-link"))
    page, _, code = url.partition("#")
    assert page.endswith("/sign-in/link")
    assert code not in web.page("/accounts/web-linked").text
    assert stranger.post("/sign-in/link", {"code": code}).status == 303
    assert stranger.page("/account/tokens").status == 200
    assert (
        WebClient(stranger.client.application).post("/sign-in/link", {"code": code}).status == 401
    )


def test_what_cannot_be_is_told_in_a_sentence(web: WebClient) -> None:
    services = web.page("/accounts").words()
    assert "web front end" in services
    assert web.post("/accounts/web/sign-in-link").status == 409
    assert web.post("/accounts/nobody-here/delete").status == 404
    assert web.get("/accounts/nobody-here").status == 404
    assert web.post("/accounts/web/role", {"role": "ADMIN"}).status == 409
    assert web.post("/accounts/web-readonly/role", {"role": "KING"}).status == 400


@pytest.mark.parametrize("field", ["name", "role", "new", "again", "days"])
def test_hostile_text_harms_no_form(web: WebClient, field: str) -> None:
    for path in ("/account/tokens", "/accounts/-/new", "/accounts/web-readonly/tokens"):
        values = {"name": "x", "role": "READONLY", "days": "30"} | {field: HOSTILE}
        answer = web.post(path, values)
        assert "<script>alert" not in answer.text
        assert "{49" not in answer.text
        assert answer.status in (200, 303, 400, 409)


def test_a_connection_is_named_after_its_site_whatever_that_is_called() -> None:
    made = json.loads(connection_text('Karoo "Site" 1', "10.0.0.1:21106", "lib_x"))
    assert made == {
        "connections": {"karoo--site--1": {"url": "10.0.0.1:21106", "authenticator": "lib_x"}}
    }
