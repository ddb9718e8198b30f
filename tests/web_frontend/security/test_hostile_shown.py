"""What is legal and hostile is shown as the text it is, on each page, in a browser."""

import csv
import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page, Request

from librarian.client.librarian import Librarian
from librarian.client.records import MetadataValue, UploadItem
from librarian.errors import LibrarianError
from tests.system.site import Site
from tests.web_frontend.pages import WebClient
from tests.web_frontend.security.hostile import MARK, harm_in

ATTACK = f"shown\"'><img src=x onerror=alert(1)><{MARK} {MARK}=1>{{{{191*7919}}}}%s&lt;"
NAME = f"{ATTACK}.<b>"
NAMES = (NAME, "shown.javascript:alert(1)", "shown.'-alert(1)-'", "shown.%3Cscript%3E&#x3c;b>")
KEY = "shown_note"
SVG = "shown.svg"
OWN_ADDRESSES = ("http://127.0.0.1:", "data:image/svg")


@pytest.fixture(scope="module")
def job(web_site: Site, admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Put hostile text into whatever takes it; return the number of a staging of it."""
    directory = tmp_path_factory.mktemp("shown")
    items = []
    for number, name in enumerate(NAMES):
        (directory / str(number)).write_text(f"<script>alert(1)</script>{name}")
        metadata: dict[str, MetadataValue] = {KEY: ATTACK, "shown_number": number}
        path = f"shown<i>/{name}"
        items.append(UploadItem(directory / str(number), path, null_obsid=True, metadata=metadata))
    (directory / SVG).write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    items.append(UploadItem(directory / SVG, f"shown/{SVG}", null_obsid=True))
    for outcome in admin.upload_many(items):
        assert outcome.error is None, outcome.error
    admin.add_file_event(NAME, "shown", {ATTACK: ATTACK, "list": [ATTACK, {"in": ATTACK}]})
    admin.save_search("shown", json.dumps({"name-is-exactly": NAME}), "files", True)
    admin.create_token(ATTACK[:60])
    _try_names(admin)
    staged = admin.stage_files({"name-matches": "shown%"}, f"shown-{ATTACK.replace('/', '')}")
    return staged.wait(timeout_seconds=60).id


def _try_names(admin: Librarian) -> None:
    """Give everything that has a name a hostile one: it is refused, or shown as it is."""
    admin.add_librarian("shown-site", "127.0.0.1:1", "shown:secret", check=False)
    for make in (
        lambda: admin.create_user(ATTACK, "READONLY"),
        lambda: admin.save_search(ATTACK, "name:x"),
        lambda: admin.add_librarian(ATTACK, "127.0.0.1:1", "x:y", check=False),
        lambda: admin.create_standing_order(ATTACK, "shown-site", "name:x", enabled=False),
        lambda: admin.create_standing_order(
            "shown-order", "shown-site", {"name-is-exactly": NAME}, enabled=False
        ),
    ):
        with suppress(LibrarianError):
            make()


def _pages(job: int) -> list[str]:
    search = quote(json.dumps({"name-matches": "shown%"}))
    columns = f"name,size_bytes,meta.{KEY},meta.shown_number"
    files = [f"/files/{quote(name, safe='')}" for name in (*NAMES, SVG)]
    return [
        *files,
        *(f"{path}/explain" for path in files),
        f"/search?search={search}&columns={columns}",
        f"/search?search={quote(ATTACK)}",
        f"/search?search=name:{quote(ATTACK)}&order={quote(ATTACK)}&columns={quote(ATTACK)}",
        "/search/saved",
        f"/staging/new?search={search}",
        f"/staging/{job}",
        f"/staging/{job}/errors",
        "/staging",
        "/orders",
        "/orders/shown-order",
        "/orders/shown-order/edit",
        f"/orders/{quote(ATTACK, safe='')}",
        "/librarians",
        "/librarians/shown-site",
        "/transfers",
        f"/transfers?file={quote(ATTACK)}",
        "/accounts",
        f"/accounts/{quote(ATTACK, safe='')}",
        "/account/tokens",
        "/audit",
        f"/audit?account={quote(ATTACK)}&action={quote(ATTACK)}",
        "/stores/store",
        "/",
        f"/nowhere/{quote(ATTACK)}",
        f"/sign-in?next={quote(ATTACK)}",
    ]


def test_hostile_text_is_shown_as_text_and_does_nothing(browser_page: Page, job: int) -> None:
    happened: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    def note_request(asked: Request) -> None:
        if asked.url.endswith("/x") or not asked.url.startswith(OWN_ADDRESSES):
            happened.append(asked.url)

    browser_page.on("dialog", note_dialog)
    browser_page.on("request", note_request)
    for path in _pages(job):
        browser_page.goto(path)
        # Parts that are loaded afterwards are there, too.
        browser_page.wait_for_load_state("load")
        found = browser_page.locator(f"{MARK}, [{MARK}], [onerror], [onload], img[src=x]")
        assert found.count() == 0, (path, found.first.evaluate("e => e.outerHTML")[:300])
        assert "1512529" not in browser_page.content(), path
        links = browser_page.locator("a[href^='javascript:' i], a[href^='data:' i]")
        assert links.count() == 0, path
        assert happened == [], path


def test_a_hostile_name_is_shown_whole(browser_page: Page, job: int) -> None:
    browser_page.goto(f"/files/{quote(NAME, safe='')}")
    assert NAME in browser_page.locator("h1").inner_text()
    assert ATTACK in browser_page.locator("main").inner_text()
    browser_page.goto("/search?search=" + quote(json.dumps({"name-is-exactly": NAME})))
    browser_page.get_by_role("link", name=NAME).first.click()
    assert NAME in browser_page.locator("h1").inner_text()


def test_live_parts_are_harmless_too(web: WebClient, job: int) -> None:
    parts = json.loads(web.get(f"/staging/{job}/parts").data)
    for html in parts.values():
        assert harm_in(f"<main>{html}</main>") == ""
    stream = web.get(f"/staging/{job}/stream").text
    assert all(line.startswith(("event: ", "data: ", ":")) for line in stream.splitlines() if line)


def test_contents_are_never_a_page(web: WebClient, job: int) -> None:
    for name in (*NAMES, SVG):
        headers = web.get(f"/files/{quote(name, safe='')}/download").headers
        assert headers["Content-Type"] == "application/octet-stream"
        disposition = headers["Content-Disposition"]
        assert disposition.startswith("attachment; filename")
        assert disposition.isascii()
        assert "<" not in disposition.partition("filename*=")[2]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"] or headers["X-Frame-Options"]


@pytest.mark.parametrize("format", ["csv", "json", "names", "paths"])
def test_exports_hold_the_text_and_nothing_more(web: WebClient, job: int, format: str) -> None:
    search = json.dumps({"name-is-exactly": NAME})
    query = {"search": search, "format": format, "columns": f"name,meta.{KEY}"}
    answer = web.get("/search/export", query_string=query)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "html" not in answer.headers["Content-Type"]
    text = answer.data.decode()
    if format == "json":
        assert json.loads(text)[0]["metadata"][KEY] == ATTACK
    elif format == "csv":
        (row,) = csv.DictReader(text.splitlines())
        assert (row["name"], row[f"meta.{KEY}"]) == (NAME, ATTACK)
    else:
        (line,) = text.splitlines()
        assert line.endswith(NAME)
