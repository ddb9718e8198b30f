"""The pages of stores."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient


@pytest.fixture(scope="module")
def spare(web_site: Site, admin: Librarian) -> str:
    """A second store, which tests may disable; others' files do not get there."""
    root = web_site.layout.root / "stores" / "po-spare"
    return admin.add_store("po-spare", str(root), ingestible=False).name


@pytest.fixture
def as_it_was(admin: Librarian, spare: str) -> Iterator[None]:
    """Leave the spare store enabled, and without new files."""
    yield
    admin.set_store_state(spare, enabled=True, ingestible=False)


def test_the_list_says_how_each_store_is(web_as: WebAs, spare: str) -> None:
    page = web_as("READONLY").page("/stores")

    row = next(row for row in page.all("tbody tr") if spare in row.text())
    assert "no new files" in row.text()
    assert "% used" in row.text()
    assert "free" in row.text()
    assert row.css("svg use")
    assert page.one("#stores caption").text()


def test_a_store_shows_its_space_its_agent_and_its_files(
    web_as: WebAs, spare: str, web_site: Site
) -> None:
    page = web_as("READONLY").page(f"/stores/{spare}")

    words = page.words()
    for expected in (
        str(web_site.layout.root / "stores" / "po-spare"),
        "Reserved",
        "version",
        "Last report",
    ):
        assert expected in words
    assert [a for a in page.all("a") if "search=store:po-spare" in (a.attributes["href"] or "")]


@pytest.mark.parametrize("role", ["READONLY", "READWRITE"])
def test_only_an_administrator_is_offered_to_disable_it(
    web_as: WebAs, spare: str, role: str
) -> None:
    assert "Disable" not in web_as(role).page(f"/stores/{spare}").words()
    assert "downloads, stagings and transfers" in web_as("ADMIN").page(f"/stores/{spare}").words()


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize(
    ("action", "word"), [("disable", "disabled"), ("open", "ready"), ("close", "no new files")]
)
def test_an_administrator_changes_whether_it_is_used(
    web: WebClient, spare: str, action: str, word: str
) -> None:
    answer = web.post(f"/stores/{spare}/settings", {"action": action})

    assert (answer.status, answer.location) == (303, f"/stores/{spare}")
    assert word in web.page(answer.location).words(".facts")


def test_nobody_else_changes_it(web_as: WebAs, admin: Librarian, spare: str) -> None:
    answer = web_as("READWRITE").post(f"/stores/{spare}/settings", {"action": "disable"})

    assert answer.status == 403
    assert admin.get_store(spare).enabled


def test_an_unknown_action_changes_nothing(web: WebClient, spare: str) -> None:
    assert web.post(f"/stores/{spare}/settings", {"action": "<b>"}).status == 400


def test_an_unknown_store_says_so(web: WebClient) -> None:
    page = web.page("/stores/po-nowhere")

    assert page.status == 404
    assert "There is no store 'po-nowhere'" in page.words()


def test_what_is_asked_for_again_is_a_part(web: WebClient, spare: str) -> None:
    for path in ("/stores/-/rows", f"/stores/{spare}/state"):
        part = web.fragment(path)
        assert part.status == 200
        assert "<!doctype" not in part.text


def test_times_are_told_in_utc(web: WebClient, spare: str) -> None:
    told = web.page(f"/stores/{spare}").all(".facts time")[0]

    moment = datetime.fromisoformat(told.attributes["datetime"] or "")
    assert datetime.now(UTC) - moment < timedelta(minutes=5)
    assert told.text() == moment.strftime("%Y-%m-%d %H:%M:%S")
