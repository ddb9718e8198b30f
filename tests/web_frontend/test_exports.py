"""Exports of the search page: each format compared with what the client finds."""

import csv
import io
import json
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from pyarrow import parquet

from librarian.client.librarian import Librarian
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.searched import COUNT, FOUND, HOSTILE, put_files


@pytest.fixture(scope="module")
def names(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files that are looked for, in order."""
    return put_files(admin, tmp_path_factory.mktemp("searched"))


def _address(format: str, search: str = FOUND, **more: str) -> str:
    return f"/search/export?{urlencode({'search': search, 'format': format, **more})}"


def _export(web: WebClient, format: str, search: str = FOUND, **more: str) -> PageOf:
    return web.get(_address(format, search, **more))


def _parquet(web: WebClient, search: str = FOUND, **more: str) -> Any:
    answer = web.client.get(_address("parquet", search, **more))
    assert answer.status_code == 200
    return parquet.read_table(io.BytesIO(answer.data))


def _rows(page: PageOf) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.data.decode(), newline="")))


def test_csv_has_the_chosen_columns_in_the_chosen_order(web, names):
    page = _export(web, "csv", order="size,desc", columns="name,size_bytes,meta.ps_antenna")
    rows = _rows(page)
    assert [row["name"] for row in rows] == names[::-1]
    assert [row["size_bytes"] for row in rows] == [str(size) for size in range(COUNT, 0, -1)]
    assert rows[0]["meta.ps_antenna"] in (str(COUNT - 1), f"{COUNT - 1}.0")
    assert page.headers["Content-Disposition"].startswith('attachment; filename="files-')


def test_csv_has_no_formulas_and_json_is_exact(web, names):
    assert [row["name"] for row in _rows(_export(web, "csv", "ps.<img"))] == [f"'{HOSTILE}"]
    assert [one["name"] for one in json.loads(_export(web, "json", "ps.<img").data)] == [HOSTILE]


def test_json_is_what_the_client_gives(web, admin, names):
    found = [file.to_json() for file in admin.search_files(FOUND, with_metadata=True)]
    assert json.loads(_export(web, "json").data) == found
    assert json.loads(_export(web, "json", "name:nowhere.ps").data) == []


def test_parquet_is_typed(web, names):
    table = _parquet(web, columns="name,size_bytes,create_time,obsid,meta.ps_antenna")
    assert table["name"].to_pylist() == names
    assert table["size_bytes"].to_pylist() == list(range(1, COUNT + 1))
    assert [str(field.type) for field in table.schema] == [
        "string",
        "int64",
        "timestamp[us, tz=UTC]",
        "int64",
        "double",
    ]


def test_names_and_paths_are_lines(web, admin, names):
    assert _export(web, "names").data.decode().splitlines() == names
    paths = [f"{copy.host}:{copy.path}" for copy in admin.search_instances(FOUND)]
    assert _export(web, "paths").data.decode().splitlines() == paths


def test_a_selection_is_exported_alone(web, names):
    form = {"search": FOUND, "selected": "names", "name": [names[3], names[99]]}
    assert web.post("/search/export", form).data.decode().splitlines() == [names[3], names[99]]
    assert web.post("/search/export", {"search": FOUND, "selected": "names"}).status == 400


@pytest.mark.parametrize("kind", ["observations", "sessions"])
@pytest.mark.parametrize("format", ["csv", "json", "names"])
def test_other_kinds_are_exported_too(web, kind, format):
    assert _export(web, format, "always-true", kind=kind).status == 200
    assert _parquet(web, "always-true", kind=kind).column_names[1] == "start_time_jd"


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "exe"},
        {"search": "siez:5"},
        {"columns": "colour"},
        {"format": "paths", "kind": "sessions"},
    ],
)
def test_what_cannot_be_exported_is_a_page_with_the_reason(web, asked):
    page = web.get(f"/search/export?{urlencode({'search': FOUND, 'format': 'csv', **asked})}")
    assert page.status == 400
    assert page.headers["Content-Type"].startswith("text/html")


def test_without_pyarrow_parquet_says_so(web, monkeypatch, names):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    page = _export(web, "parquet")
    assert page.status >= 400
    assert "Parquet needs pyarrow" in page.words("main")
