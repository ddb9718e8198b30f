"""The page of a file: what it says, and what each role may do there."""

from pathlib import Path
from urllib.parse import quote

import pytest

from librarian.client.librarian import Librarian
from librarian.client.records import MetadataValue
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient

NAME = "files.zen.2458432.34569.uvh5"
PAGE = f"/files/{NAME}"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def file(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("files") / "file"
    path.write_bytes(b"contents of a file")
    metadata: dict[str, MetadataValue] = {
        "files_pol": "xx",
        "files_antenna": 12,
        "files_good": True,
        "files_note": HOSTILE,
    }
    admin.upload(path, f"files/{NAME}", obsid=1225829886, metadata=metadata)
    admin.add_file_event(
        NAME, "rtp.processed", {"note": HOSTILE, "list": [1, 2], "long": "x" * 900}
    )


def test_it_says_what_the_file_is(web_as: WebAs, admin: Librarian) -> None:
    page = web_as("READONLY").page(PAGE)
    known = admin.get_file(NAME)
    assert page.words("h1") == NAME
    facts = page.words(".facts")
    for fact in ("uvh5", "18 B", known.checksum, known.source, "1225829886"):
        assert fact in facts
    assert page.one(".facts [data-copy]").attributes["data-copy"] == known.checksum


def test_it_says_where_the_copies_are(web: WebClient, admin: Librarian) -> None:
    words = web.page(PAGE).words("#instances")
    [copy] = admin.list_instances(NAME)
    for part in (copy.store, "available", copy.path, "no"):
        assert part in words


def test_it_leads_to_the_observation(web: WebClient) -> None:
    links = [link.attributes["href"] for link in web.page(PAGE).all(".facts a")]
    assert "/observations/1225829886" in links


def test_metadata_have_their_types(web: WebClient) -> None:
    rows = [
        [cell.text(strip=True) for cell in row.css("th,td")]
        for row in web.page(PAGE).all("section[aria-labelledby=metadata-title] tbody tr")
    ]
    assert rows == [
        ["files_antenna", "12", "number"],
        ["files_good", "true", "true or false"],
        ["files_note", HOSTILE, "text"],
        ["files_pol", "xx", "text"],
    ]


def test_events_are_told_with_their_details(web: WebClient) -> None:
    page = web.page(PAGE)
    types = [one.text() for one in page.all(".event-type")]
    assert types[-1] == "rtp.processed"
    assert "create_instance" in types
    details = page.words(".timeline > li:last-child")
    assert HOSTILE in details
    assert "[1, 2]" in details
    assert "show 900 characters" in details


def test_hostile_text_stays_text(web: WebClient) -> None:
    page = web.page(PAGE)
    assert HOSTILE not in page.text
    assert all(script.attributes.get("src") for script in page.all("script"))


def test_many_events_come_page_by_page(web: WebClient, admin: Librarian, tmp_path: Path) -> None:
    (tmp_path / "many").write_bytes(b"many")
    admin.upload(tmp_path / "many", "files/files.many", null_obsid=True)
    for number in range(60):
        admin.add_file_event("files.many", f"number.{number}", {})
    first = web.page("/files/files.many")
    second = web.page(first.one("a[rel=next]").attributes["href"] or "")
    types = [one.text() for page in (first, second) for one in page.all(".event-type")]
    assert types[-60:] == [f"number.{number}" for number in range(60)]
    assert len(first.all(".event-type")) == 50
    assert second.all("a[rel=next]") == []
    assert second.one("a[rel=first]").attributes["href"] == "/files/files.many#events"


def test_it_is_explained_in_words(web_as: WebAs) -> None:
    readonly = web_as("READONLY")
    fragment = readonly.fragment(f"{PAGE}/explain")
    assert "<html" not in fragment.text
    assert fragment.all("li")
    page = readonly.page(f"{PAGE}/explain")
    assert page.words("h1") == "Why it is where it is"


@pytest.mark.parametrize(("role", "may"), [("READONLY", False), ("READWRITE", True)])
def test_actions_are_shown_to_those_who_may(web_as: WebAs, role: str, may: bool) -> None:
    page = web_as(role).page(PAGE)
    assert bool(page.all(f"form[action='{PAGE}/verify']")) is may
    answer = web_as(role).post(f"{PAGE}/verify")
    assert answer.status == (303 if may else 403)


def test_a_good_copy_is_found_good(web: WebClient) -> None:
    answer = web.post(f"{PAGE}/verify", headers={"HX-Request": "true"})
    assert answer.status == 200
    assert "The copy is good." in answer.words("[role=status]")
    assert "never" not in answer.words("table")


def test_a_spoilt_copy_is_told_of(
    web: WebClient, web_site: Site, admin: Librarian, tmp_path: Path
) -> None:
    (tmp_path / "spoilt").write_bytes(b"as it was")
    admin.upload(tmp_path / "spoilt", "files/files.spoilt", null_obsid=True)
    path = web_site.layout.store / "files" / "files.spoilt"
    path.chmod(0o644)
    path.write_bytes(b"is spoilt")
    page = web.page(web.post("/files/files.spoilt/verify").location)
    assert "1 of 1 copies differ from the record." in page.words("[role=alert]")
    assert "suspect" in page.words("#instances")


def test_only_neighbours_are_offered_to_be_sent_to(web: WebClient, admin: Librarian) -> None:
    # Other tests may have added some to the site that all share.
    known = [one.name for one in admin.list_librarians()]
    offered = [one.attributes["value"] for one in web.page(PAGE).all("[name=librarian] option")]
    assert offered == known
    assert web.post(f"{PAGE}/send").status == 400
    assert web.post(f"{PAGE}/send", {"librarian": "files-nobody"}).status == 404


def test_an_unknown_file_is_not_found(web: WebClient) -> None:
    answer = web.get("/files/files.nowhere")
    assert answer.status == 404
    assert "files.nowhere" in answer.words("main")
    assert web.post("/files/files.nowhere/verify").status == 404


@pytest.mark.parametrize("name", ["..", "-rf", ".librarian-x", "x" * 300, "a\x07b"])
def test_a_name_that_no_file_has_is_a_plain_page(web: WebClient, name: str) -> None:
    assert web.get(f"/files/{quote(name, safe='')}").status in (400, 404)
