"""Pages of observations and observing sessions: times, files by type, and what lies beside."""

from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.demo.synthetic_night import make_night
from librarian.client.librarian import Librarian
from librarian.client.records import Observation, ObservingSession
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient

FIRST_JD, SECOND_JD = 2459100.3, 2459101.3


class Nights(NamedTuple):
    """Two nights, each an observing session."""

    sessions: list[ObservingSession]
    observations: list[Observation]


@pytest.fixture(scope="module")
def nights(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    for jd in (FIRST_JD, SECOND_JD):
        for path in make_night(tmp_path_factory.mktemp("night"), files=3, start_jd=jd):
            is_log = path.name.startswith("maintenance")
            admin.upload(path, f"nights/{path.name}", null_obsid=is_log)
    admin.assign_sessions(FIRST_JD - 0.1, SECOND_JD + 0.5)
    window = {"start-time-jd-in-range": [FIRST_JD - 0.1, SECOND_JD + 0.5]}
    return Nights(list(admin.search_sessions(window)), list(admin.search_observations(window)))


def hrefs(page: PageOf, selector: str) -> list[str]:
    return [one.attributes["href"] or "" for one in page.all(selector)]


def test_the_list_has_the_newest_first(web_as: WebAs, nights: Nights) -> None:
    page = web_as("READONLY").page("/observations?at=2459101.9")
    listed = [one.text() for one in page.all("tbody tr td:first-child a")][: len(nights[1])]
    assert listed == [str(one.obsid) for one in reversed(nights.observations)]


@pytest.mark.parametrize("at", ["2459100", "2020-09-07", "JD2459100.9", "2020-09-08T12:00:00"])
def test_one_can_go_to_a_date(web: WebClient, nights: Nights, at: str) -> None:
    first_night = [one.obsid for one in nights.observations if (one.start_time_jd or 0) < 2459101]
    page = web.page(f"/observations?at={at}")
    assert page.words("tbody tr td:first-child a") == str(first_night[-1])
    page = web.page(f"/sessions?at={at}")
    assert page.words("tbody tr td:first-child a") == str(nights.sessions[0].id)


def test_one_can_go_to_an_obsid(web: WebClient, nights: Nights) -> None:
    obsid = nights.observations[1].obsid
    page = web.page(f"/observations?at={obsid}")
    assert page.words("tbody tr td:first-child a") == str(obsid)
    page = web.page(f"/sessions?at={obsid}")
    assert page.words("tbody tr td:first-child a") == str(nights.sessions[0].id)


@pytest.mark.parametrize("path", ["/observations", "/sessions"])
@pytest.mark.parametrize("at", ["yesterday", "<script>", "1e999", "99999999999999999999", "nan"])
def test_what_is_no_date_says_what_is(web: WebClient, path: str, at: str) -> None:
    answer = web.get(path, query_string={"at": at})
    assert answer.status == 400
    assert "<script>" not in answer.text


def test_long_before_anything_there_is_nothing(web: WebClient) -> None:
    assert "No observation began by then" in web.page("/observations?at=1981-01-01").words()
    assert "No observing session began" in web.page("/sessions?at=1981-01-01").words()


def test_an_observation_tells_its_times(web: WebClient, nights: Nights) -> None:
    one = nights.observations[0]
    page = web.page(f"/observations/{one.obsid}")
    facts = page.words(".facts")
    assert f"JD {one.start_time_jd:.5f}" in facts
    assert f"JD {one.stop_time_jd:.5f}" in facts
    assert "2020-09-07 19:12:00" in facts
    assert facts.count("LST") == 2
    assert str(nights.sessions[0].id) in facts


def test_an_observation_tells_its_files_by_type(web: WebClient, nights: Nights) -> None:
    one = nights.observations[0]
    page = web.page(f"/observations/{one.obsid}")
    assert page.words(".types tbody").startswith("uvh5 1")
    names = [link.text() for link in page.all("table[data-rows] a")]
    assert names == ["zen.2459100.30000.HH.uvh5"]
    assert hrefs(page, "table[data-rows] a") == ["/files/zen.2459100.30000.HH.uvh5"]


def test_from_one_observation_the_next_and_the_one_before_are_reached(
    web: WebClient, nights: Nights
) -> None:
    one, two, three = nights.observations[:3]
    page = web.page(f"/observations/{two.obsid}")
    assert hrefs(page, ".beside a") == [
        f"/observations/{one.obsid}",
        f"/observations/{three.obsid}",
    ]


def test_a_session_tells_its_observations(web_as: WebAs, nights: Nights) -> None:
    first, second = nights.sessions
    page = web_as("READONLY").page(f"/sessions/{first.id}")
    listed = [one.text() for one in page.all("table[data-rows] td:first-child a")]
    assert len(listed) == first.observation_count
    assert listed[0] == str(first.id)
    assert f"/sessions/{second.id}" in hrefs(page, ".beside a")
    assert f"JD {first.start_time_jd:.5f}" in page.words(".facts")


def test_the_bar_has_each_observation_and_leads_there(web: WebClient, nights: Nights) -> None:
    session = nights.sessions[0]
    fragment = web.fragment(f"/sessions/{session.id}/bar")
    assert len(fragment.all("rect.time-bar-span")) == session.observation_count
    assert f"/observations/{session.id}" in hrefs(fragment, "svg a")
    assert "<html" not in fragment.text
    assert web.page(f"/sessions/{session.id}/bar").all("main svg.time-bar-ticks")


@pytest.mark.parametrize(
    "path", ["/observations/7", "/sessions/7", "/sessions/7/bar", f"/sessions/{2**64}"]
)
def test_what_there_is_not_is_not_found(web: WebClient, path: str) -> None:
    assert web.get(path).status == 404


def test_lists_go_on_by_key(web: WebClient, admin: Librarian, tmp_path: Path) -> None:
    first = web.page("/observations")
    assert first.all("tbody tr")
    assert first.all("a[rel=first]") == []
    broken = web.get("/observations?page=nonsense")
    assert broken.status == 400


@pytest.mark.parametrize("path", ["/observations", "/sessions"])
def test_what_is_no_date_is_told_beside_the_box_it_stands_in(web_as: WebAs, path: str) -> None:
    page = web_as("READONLY").page(f"{path}?at=yesterday-ish")
    assert page.status == 400
    assert "'yesterday-ish' is no date" in page.words()
    assert page.one("#jump-at").attributes["value"] == "yesterday-ish"
    assert "There are no older" not in page.words()
