"""The pages of pictures: coverage and growth, and what is behind them."""

import pytest

from librarian.client.librarian import Librarian
from librarian.client.records import Observation
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.observed import FIRST_NIGHT, LAST_NIGHT, RANGE, observe
from tests.web_frontend.pages import WebClient
from web_frontend.plots.levels import LEVELS


@pytest.fixture(scope="module")
def observed(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    return observe(admin, tmp_path_factory.mktemp("observed"))


def cells_of(web: WebClient, query: str) -> list[list[str]]:
    plot = web.page(f"/coverage?{query}").one("#coverage")
    return [one.split(",") for one in (plot.attributes["data-values"] or "").split(";")]


def test_the_picture_has_a_cell_where_something_was_observed(
    web_as: WebAs, observed: list[Observation]
) -> None:
    cells = cells_of(web_as("READONLY"), RANGE)

    expected = {
        (int((one.start_time_jd or 0) - FIRST_NIGHT), int(2 * (one.start_lst_hr or 0)))
        for one in observed
    }
    assert {(int(column), int(lst_bin)) for column, lst_bin, *_ in cells} == expected
    assert sum(int(count) for _, _, _, count, _ in cells) == len(observed)


@pytest.mark.usefixtures("observed")
def test_the_table_behind_it_leads_to_the_files(web: WebClient) -> None:
    page = web.page(f"/coverage?{RANGE}")
    nights = [one.text() for one in page.all("details tbody td:nth-child(2)")]
    assert nights == [str(FIRST_NIGHT), str(LAST_NIGHT)]

    found = web.page(page.all("details tbody a")[0].attributes["href"] or "")

    assert found.status == 200
    names = [one.attributes["value"] or "" for one in found.all("#bulk tbody input[name=name]")]
    assert names
    assert all(str(FIRST_NIGHT) in name for name in names)


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("measure", ["bytes", "files", "observations", "<script>"])
def test_it_is_coloured_by_what_was_asked_for(web: WebClient, measure: str) -> None:
    page = web.page("/coverage", query_string={"by": measure, "from": FIRST_NIGHT})

    assert page.status == 200
    chosen = page.one("#coverage-by option[selected]").attributes["value"]
    assert chosen == (measure if measure in ("files", "observations") else "bytes")
    assert len(page.all(".legend rect")) == LEVELS
    assert "<script>" not in page.text.partition("<main")[2]


@pytest.mark.usefixtures("observed")
def test_the_buttons_look_closer_wider_earlier_and_later(web: WebClient) -> None:
    page = web.page(f"/coverage?{RANGE}&by=files")

    ways = {a.attributes["data-way"]: a.attributes["href"] or "" for a in page.all("[data-way]")}
    assert "by=files" in ways["in"]
    assert web.page(ways["in"]).one("#coverage-by option[selected]").text() == "Files"
    for name in ("out", "earlier", "later", "all"):
        if name in ways:
            assert web.page(ways[name]).status == 200


@pytest.mark.parametrize(
    "query",
    [
        {"from": "'; DROP TABLE file; --"},
        {"to": "{{7*7}}"},
        {"from": "\0"},
        {"from": "9" * 10_000},
        {"to": "../../etc/passwd"},
    ],
)
def test_what_is_no_night_is_told_so(web: WebClient, query: dict[str, str]) -> None:
    page = web.page("/coverage", query_string=query)

    assert page.status == 400
    assert "write a date or a Julian date" in page.words()


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("nights", ["from=2450000&to=2450010", "from=2800000", "to=2450000"])
def test_nights_without_observations_lead_back_to_those_with(web: WebClient, nights: str) -> None:
    page = web.page(f"/coverage?{nights}")

    assert page.status == 200
    assert "Nothing was observed in these nights" in page.words()
    assert page.all(".empty a")


def test_growth_ends_with_what_is_on_record(
    web_as: WebAs, admin: Librarian, observed: list[Observation]
) -> None:
    page = web_as("READONLY").page("/coverage/growth")

    count = int(page.all("tbody td:nth-child(4) data")[0].attributes["value"] or 0)
    assert len(observed) <= count <= admin.get_totals().files
    assert len(page.all("svg.chart-plot")) == 2
