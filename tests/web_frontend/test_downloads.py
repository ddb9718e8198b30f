"""Downloads by a browser: byte by byte what is in the archive, whole, in part, and as archives."""

import io
import os
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from librarian.client.librarian import Librarian
from librarian.errors import CorruptContentsError
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient

CONTENTS = os.urandom(2_500_000)
FLAT = "/files/downloads.flat.bin/download"
HOSTILE = [
    "downloads 50% off?.txt",
    "downloads#1 &amp;<script>alert(1)<!--",
    "...downloads",
    "downloads 😀 größe",
    "downloads%2F..%2F{{7*7}}",
    "downloads'\"; drop table",
]


@pytest.fixture(scope="module", autouse=True)
def flat(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("downloads") / "flat"
    path.write_bytes(CONTENTS)
    admin.upload(path, "downloads/downloads.flat.bin", null_obsid=True)


@pytest.fixture(scope="module")
def tree(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("downloads") / "tree"
    (root / "inner" / "empty").mkdir(parents=True)
    (root / "inner" / ("long-" * 45 + "name")).write_bytes(os.urandom(1_300_000))
    (root / "größe 😀 #?%").write_bytes(b"x" * 513)
    (root / "nothing").write_bytes(b"")
    admin.upload(root, "downloads/downloads.tree.uv", null_obsid=True)
    return root


def fetch(web: WebClient, path: str, **headers: str) -> TestResponse:
    """Return what is at a path, as it comes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.client.get(path, headers=named)


def tree_of(root: Path) -> dict[str, bytes | None]:
    """Return what a directory holds: contents by path, None for a directory."""
    found = {str(path.relative_to(root)): path for path in sorted(root.rglob("*"))}
    return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


def test_a_flat_file_comes_as_it_is(web_as: WebAs) -> None:
    answer = fetch(web_as("READONLY"), FLAT)
    assert answer.status_code == 200
    assert answer.data == CONTENTS
    assert answer.headers["Content-Length"] == str(len(CONTENTS))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="downloads.flat.bin"'
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_its_etag_is_its_checksum(web: WebClient, admin: Librarian) -> None:
    etag = f'"{admin.get_file("downloads.flat.bin").checksum}"'
    assert fetch(web, FLAT).headers["ETag"] == etag
    again = fetch(web, FLAT, If_None_Match=etag)
    assert (again.status_code, again.data) == (304, b"")


def test_head_tells_all_and_sends_nothing(web: WebClient) -> None:
    response = web.client.head(FLAT)
    assert response.status_code == 200
    assert response.headers["Content-Length"] == str(len(CONTENTS))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.data == b""


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_is_those_bytes(web: WebClient, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(CONTENTS) - 1))
    last = data.draw(st.integers(first, len(CONTENTS) + 10))
    answer = fetch(web, FLAT, Range=f"bytes={first}-{last}")
    expected = CONTENTS[first : last + 1]
    assert answer.status_code == 206
    assert answer.data == expected
    place = f"bytes {first}-{first + len(expected) - 1}/{len(CONTENTS)}"
    assert answer.headers["Content-Range"] == place
    assert answer.headers["Content-Length"] == str(len(expected))


def test_a_range_beyond_the_end_is_refused(web: WebClient) -> None:
    answer = fetch(web, FLAT, Range=f"bytes={len(CONTENTS)}-")
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENTS)}"


def test_a_directory_comes_as_an_archive(web: WebClient, tree: Path, tmp_path: Path) -> None:
    answer = fetch(web, "/files/downloads.tree.uv/download")
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="downloads.tree.uv.tar"'
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as archive:
        archive.extractall(tmp_path, filter="data")
    assert os.listdir(tmp_path) == ["downloads.tree.uv"]
    assert tree_of(tmp_path / "downloads.tree.uv") == tree_of(tree)


def test_an_archive_can_be_gone_on_with(web: WebClient, tree: Path) -> None:
    path = "/files/downloads.tree.uv/download"
    whole = fetch(web, path)
    rest = fetch(web, path, Range="bytes=700000-", If_Range=whole.headers["ETag"])
    assert rest.status_code == 206
    assert whole.data[:700_000] + rest.data == whole.data


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_come_back(
    web: WebClient, admin: Librarian, tmp_path: Path, name: str
) -> None:
    (tmp_path / "one").write_bytes(name.encode())
    admin.upload(tmp_path / "one", f"downloads/{name}", null_obsid=True)
    page = web.page(f"/files/{quote(name, safe='')}")
    assert page.words("h1") == name
    answer = fetch(web, page.one("a[download]").attributes["href"] or "")
    assert answer.data == name.encode()
    disposition = parse_options_header(answer.headers["Content-Disposition"])
    assert disposition == ("attachment", {"filename": name})


def test_an_empty_file_comes(web: WebClient, admin: Librarian, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    admin.upload(tmp_path / "empty", "downloads/downloads.empty", null_obsid=True)
    answer = fetch(web, "/files/downloads.empty/download")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")


def test_what_is_not_there_is_a_page_that_says_so(
    web: WebClient, web_site: Site, admin: Librarian, tmp_path: Path
) -> None:
    assert web.get("/files/downloads.nowhere/download").status == 404
    (tmp_path / "gone").write_bytes(b"gone")
    admin.upload(tmp_path / "gone", "downloads/downloads.gone", null_obsid=True)
    (web_site.layout.store / "downloads" / "downloads.gone").unlink()
    answer = web.get("/files/downloads.gone/download")
    assert answer.status == 404
    assert "Content-Disposition" not in answer.headers
    assert "Nothing is at" in answer.words("main")


def test_spoilt_contents_never_come_whole(
    web: WebClient, web_site: Site, admin: Librarian, tmp_path: Path
) -> None:
    (tmp_path / "spoilt").write_bytes(CONTENTS)
    admin.upload(tmp_path / "spoilt", "downloads/downloads.spoilt", null_obsid=True)
    path = web_site.layout.store / "downloads" / "downloads.spoilt"
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"spoilt")
    response = web.client.get("/files/downloads.spoilt/download", buffered=False)
    came: list[str | bytes] = []
    with pytest.raises(CorruptContentsError):
        came.extend(response.response)
    response.close()
    assert sum(map(len, came)) < len(CONTENTS)


def test_a_stranger_is_led_to_the_sign_in(stranger: WebClient) -> None:
    answer = stranger.get(FLAT)
    assert answer.status in (302, 303)
    assert "/sign-in" in answer.location
