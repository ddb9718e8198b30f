"""The pages of neighbours, at a site that pushes to another."""

from collections.abc import Iterator

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from librarian.service.config import load_config
from tests.polling import wait_until
from tests.system.neighbours import NEIGHBOUR, Neighbours, neighbours
from tests.system.site import SERVICES
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig

ROLES = ("READONLY", "READWRITE", "ADMIN")
FILES = {f"po.night.{number}.txt": b"x" * (1000 + number) for number in range(5)}
SETTINGS = {
    "name": "po-new",
    "url": "127.0.0.1:9",
    "account_name": "telescope",
    "secret": "very-secret-token",
    "batches": "3",
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Two sites; some files of the first are at the second."""
    # The second site sends nothing.
    with neighbours(tmp_path_factory.mktemp("po-pair"), destination_services=SERVICES) as running:
        running.register(FILES)
        with running.source.librarian() as lib:
            lib.send(NEIGHBOUR, "name:po.night.*")
        running.wait_until_there(set(FILES))
        yield running


@pytest.fixture(scope="module")
def lib(pair: Neighbours) -> Iterator[Librarian]:
    """The administrator's client of the first site."""
    with pair.source.librarian() as librarian:
        yield librarian


@pytest.fixture(scope="module")
def pages(pair: Neighbours, lib: Librarian) -> dict[str, WebClient]:
    """Clients of the first site's pages, by role."""
    config = pair.source.layout.config_file
    app: Flask = create_app(load_config(config, "web_frontend", WebFrontendConfig))
    people = People.of(lib, ROLES)
    clients = {role: WebClient(app) for role in ROLES}
    for role, client in clients.items():
        client.sign_in(people.name(role), people.password)
    return clients


def test_the_list_says_how_each_link_is(pages: dict[str, WebClient]) -> None:
    page = pages["READONLY"].page("/librarians")

    words = page.words("tbody")
    assert NEIGHBOUR in words
    assert "works" in words
    assert "Add a librarian" not in page.words()
    assert "Add a librarian" in pages["ADMIN"].page("/librarians").words()


def test_a_neighbour_shows_what_went_there(pages: dict[str, WebClient]) -> None:
    page = pages["READONLY"].page(f"/librarians/{NEIGHBOUR}")

    assert "5 files, 5.0 kB, in the last 24 hours" in page.words().replace(" ,", ",")
    assert page.all("svg.chart-plot rect.chart-bar")
    assert page.one("details.behind table caption")
    assert "Nothing failed." in page.words()
    for action in ("Pause", "Edit", "Reconcile", "Test the connection"):
        assert action not in page.words(".heading")
    assert "30 days" in pages["READONLY"].page(f"/librarians/{NEIGHBOUR}?span=month").words()


def test_its_transfers_are_counted_in_a_part_of_the_page(pages: dict[str, WebClient]) -> None:
    part = pages["READONLY"].fragment(f"/librarians/{NEIGHBOUR}/counts")

    assert part.status == 200
    assert "Queued" in part.text


def test_a_confirmed_transfer_tells_its_way(pages: dict[str, WebClient], lib: Librarian) -> None:
    transfer = next(lib.list_transfers(NEIGHBOUR))
    words = pages["READONLY"].page(f"/transfers/{transfer.id}").words()

    assert "It is there and verified." in words
    assert "Ended" in words
    assert "Retry" not in words


def test_the_connection_is_tested(pages: dict[str, WebClient]) -> None:
    path = f"/librarians/{NEIGHBOUR}/test"
    writer = pages["READWRITE"]
    part = writer.post(path, headers={"HX-Request": "true"})
    assert "answered in" in part.text

    plain = writer.post(path)
    assert plain.status == 303
    assert "answered" in writer.page(plain.location).words(".alert-success")
    assert pages["READONLY"].post(path).status == 403


def test_a_link_that_is_cut_is_told_in_words(pages: dict[str, WebClient], pair: Neighbours) -> None:
    pair.cut()
    try:
        part = pages["READWRITE"].post(
            f"/librarians/{NEIGHBOUR}/test", headers={"HX-Request": "true"}
        )
        assert part.status == 200
        assert "did not answer" in part.words("[role=alert]")
    finally:
        pair.heal()


def test_transfers_are_paused_and_resumed(pages: dict[str, WebClient], lib: Librarian) -> None:
    path, admin = f"/librarians/{NEIGHBOUR}/transfers", pages["ADMIN"]

    assert pages["READWRITE"].post(path, {"enabled": "no"}).status == 403
    assert "are paused" in admin.page(admin.post(path, {"enabled": "no"}).location).words()
    assert not lib.get_librarian(NEIGHBOUR).transfers_enabled
    assert "paused" in admin.fragment(f"/librarians/{NEIGHBOUR}/state").text
    admin.post(path, {"enabled": "yes"})
    assert lib.get_librarian(NEIGHBOUR).transfers_enabled


def test_a_reconciliation_shows_what_it_finds(pages: dict[str, WebClient]) -> None:
    writer = pages["READWRITE"]
    assert pages["READONLY"].post(f"/librarians/{NEIGHBOUR}/reconcile").status == 403

    begun = writer.post(f"/librarians/{NEIGHBOUR}/reconcile", {"queue_missing": "on"})
    assert begun.status == 303
    part = f"{begun.location}/state"
    wait_until(lambda: "done" in writer.fragment(part).text, what="the reconciliation")
    page = pages["READONLY"].page(begun.location)
    assert "of 5 files compared" in page.words("caption")
    assert "Stop" not in page.words()
    assert writer.page("/reconciliations/999999").status == 404


def test_a_neighbour_is_added_changed_and_removed(
    pages: dict[str, WebClient], lib: Librarian
) -> None:
    admin = pages["ADMIN"]
    added = admin.post("/librarians/-/new", SETTINGS)
    assert (added.status, added.location) == (303, "/librarians/po-new")
    assert lib.get_librarian("po-new").batches == 3
    form = admin.page("/librarians/po-new/edit")
    assert "very-secret-token" not in form.text

    changed = {**SETTINGS, "secret": "", "url": "127.0.0.1:10"}
    assert admin.post("/librarians/po-new/edit", changed).status == 303
    assert lib.get_librarian("po-new").url == "127.0.0.1:10"
    assert "is removed" in admin.page(admin.post("/librarians/po-new/remove").location).words()
    assert admin.page("/librarians/po-new").status == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": ""}, "Give the token, or the password"),
        ({"batches": "17"}, "a whole number from 1 to 16"),
        ({"check": "on"}, "did not answer"),
        ({"name": "not a name"}, "name"),
        ({"url": "<script>"}, "&lt;script&gt;"),
    ],
)
def test_what_is_wrong_is_told_and_the_secret_is_not_kept(
    pages: dict[str, WebClient], lib: Librarian, changes: dict[str, str], sentence: str
) -> None:
    answer = pages["ADMIN"].post("/librarians/-/new", {**SETTINGS, **changes})

    assert answer.status == 400
    assert sentence in answer.text
    assert "very-secret-token" not in answer.text
    assert [one.name for one in lib.list_librarians()] == [NEIGHBOUR]


@pytest.mark.parametrize("path", ["/librarians/-/new", f"/librarians/{NEIGHBOUR}/edit"])
def test_only_an_administrator_sees_the_settings_form(
    pages: dict[str, WebClient], path: str
) -> None:
    assert pages["ADMIN"].page(path).status == 200
    assert pages["READWRITE"].page(path).status == 403


def test_an_unknown_neighbour_says_so(pages: dict[str, WebClient]) -> None:
    assert pages["READONLY"].page("/librarians/nowhere").status == 404
