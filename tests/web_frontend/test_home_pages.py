"""The first page: what arrived, how all is, and what needs a person."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from librarian.client.records import Agent, Observation, Store
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.observed import observe
from tests.web_frontend.pages import WebClient
from web_frontend.shown.concerns import (
    concerns_of_copies,
    concerns_of_stagings,
    concerns_of_stores,
    worst_first,
)
from web_frontend.shown.health import health_of_jobs, health_of_neighbours, health_of_stores
from web_frontend.shown.stores import show_store

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def observed(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    return observe(admin, tmp_path_factory.mktemp("observed"))


@pytest.fixture
def _in_app(web_app: Flask) -> Iterator[None]:
    """Let addresses of pages be made."""
    with web_app.test_request_context("/"):
        yield


def agent_of(name: str, age: timedelta = timedelta()) -> Agent:
    return Agent(name, "node1", "node1:1", False, "", "1", datetime.now(UTC) - age)


def store_of(name: str, free_bytes: int = 900, problem: str = "", agent: str = "one") -> Store:
    state = (not problem, problem, 1000, free_bytes, 0, 5, NOW)
    return Store(name, agent, "node1", f"/data/{name}", True, True, *state)


def job_of(id: int, state: str, age: timedelta = timedelta(), error: str = "") -> Job:
    return Job(
        id=id,
        kind="STAGING",
        state=state,
        owner="ada",
        destination="/stage/<b>",
        search="*",
        files_total=10,
        files_done=7,
        files_failed=3,
        bytes_total=100,
        bytes_done=70,
        error=error,
        cancel_requested=False,
        attempts=1,
        create_time=NOW - age,
        start_time=NOW - age,
        end_time=NOW - age if state == "FAILED" else None,
        rate_bytes_per_second=0.0,
        seconds_left=None,
        as_shown=False,
        _link=None,  # type: ignore[arg-type]
    )


def test_a_reader_sees_what_arrived_and_what_there_is(
    web_as: WebAs, observed: list[Observation]
) -> None:
    page = web_as("READONLY").page("/")

    assert page.status == 200
    assert page.all("#arrived")
    assert page.all("svg.chart-plot rect")
    assert page.all("details tbody tr a")[0].text() <= datetime.now(UTC).strftime("%Y-%m-%d")
    assert "observing session" in page.words(".totals")
    for noun in ("Stores", "Librarians", "Jobs"):
        assert noun in page.words(".health")


def test_what_is_asked_for_again_is_a_part(web_as: WebAs) -> None:
    for path in ("/home/now", "/home/lately"):
        part = web_as("READONLY").fragment(path)
        assert part.status == 200
        assert "<!doctype" not in part.text


def test_copies_that_are_suspect_have_a_page(web: WebClient) -> None:
    page = web.page("/suspect-copies")

    assert page.status == 200
    assert "Suspect copies" in page.words("h1")


@pytest.mark.usefixtures("_in_app")
def test_stores_need_a_person_when_broken_full_or_silent() -> None:
    stores = [
        show_store(store_of("well"), None),
        show_store(store_of("broken", problem="It is not mounted."), None),
        show_store(store_of("filling", free_bytes=100), None),
        show_store(store_of("full", free_bytes=1), None),
        show_store(store_of("lost", problem="Silent.", agent="two"), None),
        show_store(store_of("gone", problem="Silent.", agent="two"), None),
    ]
    agents = [agent_of("one"), agent_of("two", timedelta(hours=1))]
    found = worst_first(concerns_of_stores(stores, agents))
    assert [(one.about, one.kind) for one in found] == [
        ("Agent two", "bad"),
        ("Store broken", "bad"),
        ("Store full", "bad"),
        ("Store filling", "warning"),
    ]
    assert "lost, gone" in found[0].sentence
    assert found[1].href == "/stores/broken"


@pytest.mark.usefixtures("_in_app")
def test_stagings_that_failed_lately_need_a_person_and_old_ones_do_not() -> None:
    jobs = [
        job_of(1, "FAILED", timedelta(days=8)),
        job_of(2, "FAILED", timedelta(days=1)),
        job_of(3, "FAILED", error="No room."),
        job_of(4, "RUNNING"),
    ]
    found = list(concerns_of_stagings(jobs))
    assert [one.href for one in found] == ["/staging/2", "/staging/3"]
    assert "3 of 10 files" in found[0].sentence
    assert "No room." in found[1].sentence


@pytest.mark.usefixtures("_in_app")
def test_suspect_copies_need_a_person() -> None:
    assert list(concerns_of_copies(0)) == []
    assert "1 copy is" in next(concerns_of_copies(1)).sentence
    assert "20 or more copies are" in next(concerns_of_copies(20)).sentence


@pytest.mark.usefixtures("_in_app")
def test_a_line_has_the_colour_of_the_worst_in_it() -> None:
    well, broken = show_store(store_of("a"), None), show_store(store_of("b", problem="Bad."), None)
    assert health_of_stores([well]).kind == "good"
    assert health_of_stores([well, broken]).kind == "bad"
    assert health_of_stores([]).word == "none yet"
    assert health_of_neighbours([]).word == "no neighbours"
    assert health_of_jobs([]).word == "idle"
    assert health_of_jobs([job_of(1, "QUEUED")]).word == "waiting"
    assert health_of_jobs([job_of(1, "QUEUED"), job_of(2, "RUNNING")]).sentence == (
        "1 running, 1 queued"
    )
