"""The search pages, as a person without scripts uses them."""

import os
import shlex
import subprocess
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.searched import COUNT, FOUND, HOSTILE, PREFIX, put_files

PAGE = 50


@pytest.fixture(scope="module")
def names(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files that are looked for, in order."""
    return put_files(admin, tmp_path_factory.mktemp("searched"))


def _search(web: WebClient, search: str, **more: str) -> PageOf:
    return web.page(f"/search?{urlencode({'search': search, **more})}")


def _names(page: PageOf) -> list[str]:
    return [box.attributes["value"] or "" for box in page.all("#bulk input[name=name]")]


def test_the_empty_search_offers_searches_that_work(web, names):
    page = web.page("/search")
    links = [one.attributes["href"] or "" for one in page.all(".suggestions a, .begin td a")]
    assert len(links) >= 9
    assert {web.page(link).status for link in links} == {200}


@pytest.mark.parametrize("kind", ["observations", "sessions"])
def test_other_kinds_offer_searches_that_work(web, names, kind):
    page = web.page(f"/search?kind={kind}")
    links = [one.attributes["href"] or "" for one in page.all(".suggestions a, .begin td a")]
    assert {web.page(link).status for link in links} == {200}


def test_pages_follow_each_other_and_repeat_nothing(web, names):
    page, found = _search(web, FOUND), []
    for _ in range(COUNT // PAGE + 1):
        found += _names(page)
        following = page.all(".pager a[rel=next]")
        if following:
            page = web.page(following[0].attributes["href"] or "")
    assert found == names
    assert "That is all." in page.words(".pager")
    assert _names(web.page(page.one(".pager a[rel=first]").attributes["href"] or "")) == names[:50]


def test_the_global_search_box_leads_to_the_results(web, names):
    assert _names(web.page(f"/search?q={PREFIX}")) == names[:PAGE]


def test_a_head_sorts_and_sorts_the_other_way(web, names):
    page = _search(web, FOUND)
    by_size = next(a for a in page.all("thead a") if a.text().strip() == "Size")
    page = web.page(by_size.attributes["href"] or "")
    assert _names(page) == names[:PAGE]
    assert page.one("th[aria-sort]").attributes["aria-sort"] == "ascending"
    by_size = next(a for a in page.all("thead a") if a.text().strip() == "Size")
    assert _names(web.page(by_size.attributes["href"] or "")) == names[::-1][:PAGE]


def test_columns_are_chosen_also_of_metadata(web, names):
    page = _search(web, names[7], columns="name,meta.ps_antenna")
    assert [head.text().strip() for head in page.all("#bulk thead th")[2:]] == ["ps_antenna"]
    assert page.one("tbody td[data-label=ps_antenna]").text().strip() == "7"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search": "siez:>5"}, "did you mean 'size'"),
        ({"search": '{"name-matches": }'}, "line 1"),
        ({"order": "colour"}, "There is no order of files by 'colour'"),
        ({"columns": "colour"}, "There is no column 'colour'"),
        ({"page": "forged"}, "token"),
    ],
)
def test_what_is_not_understood_is_told_in_place_with_the_box_kept(web, names, changes, said):
    search = {"search": FOUND, **changes}
    page = web.get(f"/search?{urlencode(search)}")
    assert page.status == 400
    assert page.one("#search-text").text().strip() == search["search"]
    assert said in page.words(".mistake") or page.all(".mistake mark")


def test_a_mistake_is_marked_where_it_is(web):
    page = web.post("/search/check", {"search": "type:uv siez:>5"})
    assert page.one(".mistake mark").text() == "siez"
    assert page.one(".mistake").attributes["data-offset"] == "8"


def test_a_search_is_explained_in_both_forms_while_it_is_typed(web_as):
    page = web_as("READONLY").post("/search/check", {"search": "type:uv"})
    assert "type" in page.words(".words")
    assert [one.attributes["data-form"] for one in page.all("a[data-form]")] == [
        "type:uv",
        '{"type-is-exactly": "uv"}',
    ]


def test_what_rows_say_is_searched_and_shown_in_rows_again(web, names):
    rows = {
        "how": ["all", "none"],
        "group": ["0", "0", "1"],
        "clause": ["name:begins", "size-at-most", "type-is-exactly"],
        "value": [PREFIX, "90 B", "uv"],
        "second": ["", "", ""],
        "do": "search",
    }
    answer = web.post("/search/build", rows)
    assert answer.status == 303
    page = web.page(answer.location)
    assert _names(page) == [name for name in names[:90] if name.endswith(".uvh5")]
    shown = [box.attributes["value"] for box in page.all("#builder input[name=value]")]
    assert shown == [PREFIX, "90", "uv"]
    chosen = [one.attributes["value"] for one in page.all("#builder option[selected]")]
    assert chosen == rows["clause"]


def test_rows_are_added_and_removed_without_scripts(web):
    rows = {"how": "all", "group": "0", "clause": "type-is-exactly", "value": "uv", "second": ""}
    page = web.post("/search/build", {**rows, "do": "group:any"})
    assert len(page.all("#builder [data-row]")) == 2
    assert not web.post("/search/build", {**rows, "do": "drop:0:0"}).all("#builder [data-row]")


def test_a_row_that_says_nothing_sensible_is_told_of(web):
    rows = {"how": "all", "group": "0", "clause": "size-at-least", "value": "big", "second": ""}
    page = web.post("/search/build", {**rows, "do": "search"})
    assert page.status == 400
    assert page.words(".mistake").startswith("Row 1: 'big' is no size")


@pytest.mark.parametrize(
    "rows",
    [
        {"how": "some", "group": "0", "clause": "a", "value": "b", "second": "c"},
        {"how": "all", "group": "7", "clause": "a", "value": "b", "second": "c"},
        {"how": "all", "group": "0", "clause": "a", "value": "b"},
        {"how": "all", "group": "0", "clause": "nothing", "value": "b", "second": "", "do": "x"},
    ],
)
def test_forged_rows_are_refused(web, rows):
    assert web.post("/search/build", {**rows, "do": "search"}).status == 400


def test_a_search_beyond_rows_says_so(web):
    page = _search(web, "obs:(files:>5)")
    assert "more than rows can" in page.words("#builder")


def test_all_are_counted_on_demand(web, names):
    page = web.post("/search/count", {"search": FOUND})
    assert page.text.count(str(COUNT)) >= 1
    assert "Counting" not in page.text


def test_nothing_found_teaches(web):
    assert "No file matches" in _search(web, "name:ps.nowhere").words(".empty")


def test_hostile_names_are_harmless_and_found(web, names):
    page = _search(web, "ps.<img")
    assert _names(page) == [HOSTILE]
    assert not page.all("main img")
    hostile = '"><script>alert(1)</script>{{7*7}}\x00'
    for path in (
        f"/search?{urlencode({'search': hostile, 'order': hostile, 'columns': hostile})}",
    ):
        page = web.get(path)
        assert page.status == 400
        assert not page.all("main script")


def test_the_copied_command_finds_the_same(web_site: Site, web, names):
    page = _search(web, f"{FOUND} -type:uv", order="size,desc")
    words = shlex.split(page.one("#as-command").text())
    words[words.index("--") + 1] = web_site.connection
    done = web_site.run(*words[1:])
    assert done.stdout.splitlines() == [name for name in names[::-1] if name.endswith("h5")]


@pytest.mark.parametrize(
    "search", ["-type:uvh5 ps.2459200.00001", "ps.<img", '{"name-in": ["ps.2459200.00001.uv"]}']
)
def test_the_copied_python_finds_the_same(web_site: Site, web, names, search):
    page = _search(web, search)
    code = page.one("#as-python").text()
    connection = code.split("connect(")[1].split(")")[0]
    done = subprocess.run(
        [sys.executable, "-c", code.replace(connection, repr(web_site.connection))],
        capture_output=True,
        text=True,
        env=os.environ | web_site.client_environment(),
        check=True,
    )
    assert done.stdout.splitlines() == _names(page) != []


def test_a_search_is_saved_listed_run_shared_and_deleted(web_as: WebAs, names):
    writer, reader = web_as("READWRITE"), web_as("READONLY")
    form = {"name": "ps-night", "search": FOUND, "kind": "files", "shared": "1"}
    assert writer.post("/search/saved", form).status == 303
    assert _names(writer.page("/search/saved/web-readwrite/ps-night")) == names[:PAGE]
    shown = reader.page("/search/saved/web-readwrite/ps-night")
    assert _names(shown) == names[:PAGE]
    assert _names(_search(reader, "@ps-night type:uvh5"))[0] == names[0]
    edit = writer.page("/search/saved").one("a[aria-label='Edit ps-night']")
    edited = writer.page(edit.attributes["href"] or "")
    assert edited.one("#field-name").attributes["value"] == "ps-night"
    delete = {"name": "ps-night", "owner": "web-readwrite"}
    assert reader.post("/search/saved/delete", delete).status == 403
    assert writer.post("/search/saved/delete", delete).status == 303
    assert reader.get("/search/saved/web-readwrite/ps-night").status == 404


def test_who_may_only_read_is_not_offered_to_send_and_cannot(web_as: WebAs, names):
    reader = web_as("READONLY")
    assert "Send all" not in _search(reader, FOUND).text
    assert reader.post("/search/send", {"search": FOUND, "of": "search"}).status == 403
    assert reader.post("/search/send/queue", {"search": FOUND, "librarian": "x"}).status == 403


def test_sending_asks_first_and_says_how_many(web_as: WebAs, names):
    writer = web_as("READWRITE")
    page = writer.post("/search/send", {"search": FOUND, "of": "search"})
    assert f"Send {COUNT} files" in page.words("h1")
    page = writer.post("/search/send", {"of": "selection", "name": names[:3]})
    assert "Send 3 files" in page.words("h1")
    assert writer.post("/search/send", {"of": "selection"}).status == 400
    assert writer.post("/search/send/queue", {"search": FOUND, "librarian": "no"}).status == 404


def test_the_address_of_a_page_is_all_that_it_needs(web, names):
    page = _search(web, FOUND, order="size,desc", columns="name,size_bytes")
    following = page.one(".pager a[rel=next]").attributes["href"] or ""
    assert set(parse_qs(urlsplit(following).query)) == {"search", "order", "columns", "page"}
    assert _names(web.page(following)) == _names(web.page(following)) == names[::-1][50:100]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE file; --",
        "{{ 7 * 7 }}${7*7}",
        "../../etc/passwd",
        "\x00\x1b[31m\r\nSet-Cookie: a=b",
        "\u202e\ud7ff\uffff",
        "(" * 5000,
        '{"and": ' * 500,
        "9" * 5000,
        "x" * 60_000,
    ],
)
def test_hostile_text_in_every_field_is_answered_by_a_page(web, hostile):
    fields = ("search", "kind", "order", "columns", "page", "format", "name", "of", "do", "save_as")
    rows = dict.fromkeys(("how", "group", "clause", "value", "second", "librarian"), hostile)
    form = dict.fromkeys(fields, hostile) | rows
    answers = [
        web.post(path, form | changes)
        for path in ("/search/check", "/search/count", "/search/build", "/search/export")
        for changes in ({}, {"search": "x"}, {"how": "all", "group": "0"})
    ]
    answers += [web.post(path, form) for path in ("/search/saved", "/search/send")]
    answers.append(
        web.post("/search/build", form | {"how": "all", "group": "0", "do": "drop:0:" + hostile})
    )
    if len(hostile) < 5000:
        answers.append(web.get(f"/search?{urlencode(form)}"))
    assert {answer.status for answer in answers} <= {200, 303, 400, 404}
    assert not any(answer.all("main script") for answer in answers)
    assert not any("Set-Cookie: a=b" in str(answer.headers) for answer in answers)


def test_what_is_selected_and_all_that_match_can_be_staged(web, names):
    page = _search(web, FOUND)
    stage = page.one("[data-of-selection] button[formaction='/staging/new']")
    hidden = page.all("#bulk > input[type=hidden]")
    form = {one.attributes["name"]: one.attributes["value"] for one in hidden}
    launch = web.post(stage.attributes["formaction"] or "", form | {"name": names[:2]})
    assert launch.status == 200
    assert names[1] in launch.text
    link = next(one for one in page.all(".bulk a") if "Stage all" in one.text())
    launch = web.get(link.attributes["href"] or "")
    assert launch.status == 200
    assert FOUND in launch.text
