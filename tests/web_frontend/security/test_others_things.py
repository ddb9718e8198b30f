"""What belongs to somebody else is refused by its number or name, and stays as it is."""

import uuid

import pytest
from flask import Flask

from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from tests.web_frontend.pages import WebClient

PASSWORD = "yet another long password"


@pytest.fixture(scope="module")
def ada(web_app: Flask, admin: Librarian) -> WebClient:
    return _person(web_app, admin, "others-ada")


@pytest.fixture(scope="module")
def bob(web_app: Flask, admin: Librarian) -> WebClient:
    return _person(web_app, admin, "others-bob")


def _person(app: Flask, admin: Librarian, name: str) -> WebClient:
    admin.create_user(name, "READWRITE", PASSWORD)
    web = WebClient(app)
    web.sign_in(name, PASSWORD)
    return web


@pytest.fixture(scope="module")
def job(ada: WebClient, admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A staging of Ada's."""
    path = tmp_path_factory.mktemp("others") / "contents"
    path.write_bytes(b"contents")
    admin.upload(path, "others/others.txt", null_obsid=True)
    form = {"search": "name:others.txt", "subdirectory": "others-ada/one"}
    started = ada.post("/staging", {**form, "request_id": uuid.uuid4().hex})
    assert started.status == 303, started.words()
    return admin.get_job(int(started.location.rpartition("/")[2])).wait(timeout_seconds=60)


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_anothers_staging_is_not_changed(
    bob: WebClient, admin: Librarian, job: Job, action: str
) -> None:
    answer = bob.post(f"/staging/{job.id}/{action}")
    assert answer.status in (403, 404), answer.words()
    assert admin.get_job(job.id).state == job.state
    assert action.title() not in bob.page(f"/staging/{job.id}").words()


@pytest.mark.parametrize("number", ["0", "999999999", "9223372036854775808", "9" * 400])
def test_numbers_of_no_job_are_unknown(ada: WebClient, number: str) -> None:
    for path in ("", "/parts", "/stream", "/errors"):
        assert ada.get(f"/staging/{number}{path}").status == 404
    for action in ("cancel", "retry"):
        assert ada.post(f"/staging/{number}/{action}").status == 404


def test_anothers_token_is_not_revoked(ada: WebClient, bob: WebClient, admin: Librarian) -> None:
    ada.post("/account/tokens", {"name": "mine", "role": "READONLY", "days": "1"})
    (token,) = [one for one in admin.list_tokens("others-ada") if one.name == "mine"]
    for path in (
        f"/account/tokens/{token.id}/revoke",
        f"/accounts/others-bob/tokens/{token.id}/revoke",
        f"/accounts/others-ada/tokens/{token.id}/revoke",
    ):
        assert bob.post(path).status in (403, 404)
    kept = [one.id for one in admin.list_tokens("others-ada")]
    assert token.id in kept
    assert "mine" not in bob.page("/account/tokens").words()


def test_anothers_saved_search_is_neither_shown_nor_changed(
    ada: WebClient, bob: WebClient, admin: Librarian
) -> None:
    form = {"search": "name:others-own", "kind": "files", "name": "others-private"}
    assert ada.post("/search/saved", form).status == 303
    assert "others-private" not in bob.page("/search/saved").text
    assert bob.get("/search/saved/others-ada/others-private").status == 404
    for owner in ("others-ada", "", "others-bob"):
        gone = bob.post("/search/saved/delete", {"name": "others-private", "owner": owner})
        assert gone.status in (403, 404), owner
    assert "others-private" in ada.page("/search/saved").text
    # Under the same name one's own is another.
    bob.post("/search/saved", {**form, "search": "name:bobs"})
    assert "others-own" in ada.page("/search/saved").text


def test_what_administrators_see_is_not_shown_to_others(bob: WebClient) -> None:
    for path in ("/accounts", "/accounts/others-ada", "/audit", "/accounts/-/new"):
        answer = bob.get(path)
        assert answer.status == 403
        assert "others-ada" not in answer.text.replace("/accounts/others-ada", "")
