"""Staging by the pages: asked for, watched, stopped, gone on with; each by whom it may."""

import json
import re
import uuid
from pathlib import Path

import pytest

from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from tests.polling import wait_until
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient


@pytest.fixture(scope="module")
def tag() -> str:
    """What the names of this module's files begin with."""
    return f"staging-{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def search(admin: Librarian, tag: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Put three files on record; return the search that finds them."""
    for number in range(3):
        path = tmp_path_factory.mktemp("files") / "contents"
        path.write_bytes(bytes([number]) * 1000)
        admin.upload(path, f"night/{tag}.{number}.uvh5", null_obsid=True)
    return f"name:{tag}.%"


def fields(page: PageOf) -> dict[str, str]:
    """Return what the form of the launch page would send."""
    inputs = page.all(".staging-form input")
    sent = {
        one.attributes["name"] or "": one.attributes.get("value") or ""
        for one in inputs
        if one.attributes.get("type") != "radio" or "checked" in one.attributes
    }
    sent.pop("csrf_token")
    return sent


def launch(web: WebClient, search: str, directory: str, **changes: str) -> PageOf:
    page = web.page("/staging/new", query_string={"search": search})
    return web.post("/staging", {**fields(page), "subdirectory": directory, **changes})


def ended(admin: Librarian, started: PageOf) -> Job:
    assert started.status == 303, started.words()
    return admin.get_job(int(started.location.rpartition("/")[2])).wait(timeout_seconds=60)


def test_the_page_says_what_is_staged_and_where_to(
    web: WebClient, web_site: Site, search: str
) -> None:
    page = web.page("/staging/new", query_string={"search": search})
    sent = fields(page)
    assert (sent["search"], sent["files"]) == (search, "shown")
    assert int(sent["snapshot"]) >= 3
    assert sent["prefix"] == str(web_site.layout.staging)
    assert sent["subdirectory"].startswith("web-admin/")
    preview = web.post("/staging/-/preview", sent)
    assert "Files 3" in preview.words("body")
    assert "3.0 kB" in preview.words("body")


def test_without_scripts_a_button_counts(web: WebClient, search: str) -> None:
    page = web.page("/staging/new", query_string={"search": search})
    assert "Files 3" in web.post("/staging/new", {**fields(page), "count": "1"}).words(
        ".staging-preview"
    )


@pytest.mark.parametrize(
    ("directory", "says"),
    [
        ("good/one", "The files go to"),
        ("../away", "does not lie beneath"),
        ("/etc", "leave the / at its beginning away"),
        ("", "Give the directory"),
        ("a\x07b", "control characters"),
    ],
)
def test_a_directory_is_checked_while_it_is_typed(
    web: WebClient, web_site: Site, directory: str, says: str
) -> None:
    sent = {"search": "x", "prefix": str(web_site.layout.staging), "subdirectory": directory}
    assert says in web.post("/staging/-/destination", sent).words("body")


def test_what_is_staged_as_shown_leaves_out_what_came_since(
    web: WebClient, admin: Librarian, search: str, tag: str, tmp_path: Path
) -> None:
    page = web.page("/staging/new", query_string={"search": search})
    shown = len(list(admin.search_files(search)))
    (tmp_path / "later").write_bytes(b"later")
    admin.upload(tmp_path / "later", f"night/{tag}.later.uvh5", null_obsid=True)
    sent = fields(page)
    first = ended(admin, web.post("/staging", {**sent, "subdirectory": f"{tag}/shown"}))
    anew = {"files": "anew", "request_id": uuid.uuid4().hex, "subdirectory": f"{tag}/anew"}
    second = ended(admin, web.post("/staging", {**sent, **anew}))
    assert (first.files_total, first.as_shown) == (shown, True)
    assert (second.files_total, second.as_shown) == (shown + 1, False)
    assert "Those that were shown" in web.page(f"/staging/{first.id}").words()
    assert "found when it started" in web.page(f"/staging/{second.id}").words()


def test_a_form_that_is_sent_twice_starts_one_job(web: WebClient, search: str, tag: str) -> None:
    sent = fields(web.page("/staging/new", query_string={"search": search}))
    first = web.post("/staging", {**sent, "subdirectory": f"{tag}/twice"})
    assert web.post("/staging", {**sent, "subdirectory": f"{tag}/twice"}).location == first.location


def test_ticked_files_are_staged(web: WebClient, admin: Librarian, search: str, tag: str) -> None:
    names = [f"{tag}.0.uvh5", f"{tag}.2.uvh5"]
    page = web.post("/staging/new", {"name": names, "snapshot": "7"})
    sent = fields(page)
    assert (json.loads(sent["search"]), sent["snapshot"]) == ({"name-in": names}, "7")
    sent["files"] = "anew"
    job = ended(admin, web.post("/staging", {**sent, "subdirectory": f"{tag}/ticked"}))
    assert {path.name for path in (Path(job.destination) / "night").iterdir()} == set(names)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"obsid": "1225829886"}, {"obsid-is-exactly": 1225829886}),
        ({"session": "1225829886"}, {"session-id-is-exactly": 1225829886}),
    ],
)
def test_an_observation_and_an_observing_session_can_be_staged(
    web: WebClient, query: dict[str, str], found: dict[str, int]
) -> None:
    sent = fields(web.page("/staging/new", query_string=query))
    assert json.loads(sent["search"]) == found


def test_a_refused_directory_keeps_what_was_typed(web: WebClient, search: str) -> None:
    answer = launch(web, search, "../away")
    assert (answer.status, fields(answer)["subdirectory"]) == (400, "../away")
    assert "does not lie beneath" in answer.words(".alert-danger")


@pytest.mark.parametrize(
    "query",
    [{"search": "name:("}, {"search": "x", "snapshot": "x"}, {"obsid": "9" * 40}, {"obsid": "-1"}],
)
def test_what_is_not_understood_is_said(web: WebClient, query: dict[str, str]) -> None:
    assert web.page("/staging/new", query_string=query).status == 400


def test_a_page_without_a_search_teaches_what_to_do(web: WebClient) -> None:
    assert "Staging begins with a search" in web.page("/staging/new").words()


def test_nothing_ticked_is_not_all_that_was_found(web: WebClient, search: str) -> None:
    page = web.post("/staging/new", {"search": search, "of": "selection"})
    assert "Which files?" in page.words()


@pytest.mark.parametrize("number", ["0", "987654321", "9" * 30])
def test_a_staging_that_is_not_there_is_not_found(web: WebClient, number: str) -> None:
    for rest in ("", "/parts", "/stream", "/errors"):
        assert web.get(f"/staging/{number}{rest}").status == 404
    for action in ("cancel", "retry"):
        assert web.post(f"/staging/{number}/{action}").status == 404


@pytest.fixture
def failed(admin: Librarian, web_site: Site, search: str, tag: str) -> Job:
    """A staging one of whose files could not be read; it can be again."""
    stored = web_site.layout.store / "night" / f"{tag}.1.uvh5"
    stored.rename(away := stored.with_suffix(".away"))
    job = admin.stage_files(search, f"{tag}/failed-{uuid.uuid4().hex[:6]}")
    job.wait(timeout_seconds=60)
    away.rename(stored)
    return job


def test_what_failed_is_told_and_retried(
    web: WebClient, admin: Librarian, failed: Job, tag: str
) -> None:
    page = web.page(f"/staging/{failed.id}")
    assert f"{tag}.1.uvh5" in page.words("[data-part=errors]")
    assert "failed" in page.words("[data-part=state]")
    assert f"{tag}.1.uvh5" in web.page(f"/staging/{failed.id}/errors").words("table")
    assert web.post(f"/staging/{failed.id}/retry").status == 303
    assert failed.refresh().wait(timeout_seconds=60).state == "SUCCEEDED"
    again = web.post(f"/staging/{failed.id}/retry")
    assert (again.status, "nothing is left to do" in again.words()) == (409, True)


def test_other_people_see_a_staging_and_change_nothing(web_as: WebAs, failed: Job) -> None:
    reader = web_as("READONLY")
    page = reader.page(f"/staging/{failed.id}")
    assert page.status == 200
    assert page.all("[data-part=actions] form") == []
    for action in ("cancel", "retry"):
        assert reader.post(f"/staging/{failed.id}/{action}").status == 403


def test_who_reads_stages_for_themselves(
    web_as: WebAs, admin: Librarian, search: str, tag: str
) -> None:
    reader = web_as("READONLY")
    mine = ended(admin, launch(reader, search, f"{tag}/reader"))
    assert mine.owner == "web-readonly"
    assert f"{tag}/reader" in reader.page("/staging").words()
    listed = {one.text() for one in reader.page("/staging").all("tbody tr a")}
    others = {str(job.id) for job in admin.list_jobs() if job.owner != "web-readonly"}
    assert str(mine.id) in listed
    assert not listed & others
    everybody = {one.text() for one in web_as("ADMIN").page("/staging").all("tbody tr a")}
    assert everybody >= {str(mine.id)}


def test_the_stream_ends_with_the_job(web: WebClient, failed: Job) -> None:
    answer = web.get(f"/staging/{failed.id}/stream")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    [data] = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    parts = json.loads(data.removeprefix("data: "))
    assert parts["ended"] is True
    assert "1 000" in parts["errors"] or "uvh5" in parts["errors"]
    # The token of a form is another each second.
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    now = web.get(f"/staging/{failed.id}/parts").text
    assert token.sub("", str(parts)) == token.sub(
        "", str({key: json.loads(now)[key] for key in parts})
    )


def test_hostile_text_is_only_text(web: WebClient, admin: Librarian, tag: str) -> None:
    evil = "<script>alert(1)</script>{{7117*7117}}\u202e\"'&"
    search = json.dumps({"name-is-exactly": evil})
    started = launch(web, search, f"{tag}/<b>evil'\"&{{{{7117*7117}}}}")
    job = ended(admin, started)
    for path in (f"/staging/{job.id}", f"/staging/{job.id}/parts", "/staging"):
        page = web.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "<b>evil" not in page.text
        assert str(7117 * 7117) not in page.text


def test_one_job_of_many_is_cancelled(web: WebClient, admin: Librarian, tag: str) -> None:
    job = admin.stage_files('{"always-false": true}', f"{tag}/none")
    wait_until(lambda: job.refresh().has_ended, what="the end")
    answer = web.post(f"/staging/{job.id}/cancel")
    assert (answer.status, answer.location) == (303, f"/staging/{job.id}")
    assert "had ended already" in web.page(answer.location).words()
