"""Pictures of the coverage and the growth: every cell is drawn once, in the colour of its value."""

import re
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.client.statistics import Arrivals, Coverage, CoverageCell, DayOfArrivals
from librarian.errors import InvalidRequestError
from web_frontend.plots.arrivals import DAYS, chart_arrivals
from web_frontend.plots.axes import day_of_night, night_ticks
from web_frontend.plots.coverage import MEASURES, draw_coverage, value_of
from web_frontend.plots.growth import HEIGHT, WIDTH, draw_growth
from web_frontend.plots.levels import LEVELS, make_scale
from web_frontend.plots.nights import Nights, read_night, search_of_nights

COLUMNS, BINS = 12, 8
FIRST = 2458433
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")
CELLS = st.dictionaries(
    st.tuples(st.integers(0, COLUMNS - 1), st.integers(0, BINS - 1)),
    st.tuples(st.integers(1, 10**6), st.integers(0, 10**15), st.integers(1, 1000)),
    max_size=COLUMNS * BINS,
)


def coverage_of(cells: dict[tuple[int, int], tuple[int, int, int]]) -> Coverage:
    found = tuple(CoverageCell(*place, *values) for place, values in sorted(cells.items()))
    last = FIRST + 2 * COLUMNS - 1
    return Coverage(FIRST, last, 2, BINS, found, FIRST, last)


@given(CELLS, st.sampled_from(list(MEASURES)))
def test_every_cell_is_drawn_once_in_its_colour(
    cells: dict[tuple[int, int], tuple[int, int, int]], measure: str
) -> None:
    coverage = coverage_of(cells)
    plot = draw_coverage(coverage, measure)
    drawn: Counter[tuple[int, int, int]] = Counter()
    for level, path in plot.paths:
        assert RUN.sub("", path) == ""
        for x, y, width, back in RUN.findall(path):
            assert width == back
            for column in range(int(x), int(x) + int(width)):
                drawn[column, BINS - 1 - int(y), level] += 1
    expected = {
        (one.column, one.lst_bin, plot.scale.level_of(value_of(one, measure)))
        for one in coverage.cells
    }
    assert set(drawn) == expected
    assert set(drawn.values()) <= {1}
    assert sum(row.files for row in plot.rows) == sum(one.files for one in coverage.cells)
    assert len(plot.values.split(";")) == max(1, len(coverage.cells))


@given(st.lists(st.integers(0, 10**15), max_size=50))
def test_levels_grow_with_values_and_the_largest_has_the_last(values: list[int]) -> None:
    scale = make_scale(values)
    levels = [scale.level_of(value) for value in sorted(values)]
    assert levels == sorted(levels)
    assert all(0 <= level < LEVELS for level in levels)
    if any(values):
        assert levels[-1] == LEVELS - 1 or scale.is_logarithmic or len(set(values)) == 1


def test_values_that_differ_much_are_told_apart_by_ratios() -> None:
    values = [1, 2, 5, 10, 20, 50, 100_000]
    scale = make_scale(values)
    assert scale.is_logarithmic
    assert scale.level_of(50) > scale.level_of(1)


@pytest.mark.parametrize("nights", [1, 2, 7, 30, 90, 180, 400, 3060, 7000])
def test_dates_along_the_axis_are_few_and_in_order(nights: int) -> None:
    ticks = night_ticks(FIRST, nights)
    assert 1 <= len(ticks) <= 9
    places = [tick.percent for tick in ticks]
    assert places == sorted(set(places))
    assert places[0] >= 0
    assert places[-1] < 100


@pytest.mark.parametrize(
    ("text", "night"),
    [("2018-11-10", FIRST), ("2458433", FIRST), (" 2458433.9 ", FIRST), ("", None), ("  ", None)],
)
def test_a_night_is_read_as_people_write_it(text: str, night: int | None) -> None:
    assert read_night(text) == night


@pytest.mark.parametrize(
    "text",
    ["yesterday", "nan", "inf", "-1", "9e99", "0001-01-01", "2018-13-40", "x" * 10_000, "\0"],
)
def test_what_is_no_night_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_night(text)
    assert len(str(caught.value)) < 160


@given(st.integers(2444245, 2816000))
def test_the_date_of_a_night_is_that_night(night: int) -> None:
    assert read_night(day_of_night(night).isoformat()) == night


def test_ranges_move_and_grow_and_stay_within_what_there_is() -> None:
    everything = Nights(100, 199)
    assert Nights(100, 149).moved(0.5) == Nights(125, 174)
    assert Nights(100, 149).moved(-0.5).within(everything) == Nights(100, 124)
    assert Nights(140, 149).resized(2) == Nights(135, 154)
    assert Nights(140, 149).resized(0.5).count == 5
    assert Nights(140, 140).resized(0.5).count == 2
    assert Nights(0, 50).within(everything) == everything
    assert search_of_nights(100, 102) == "start:>=100.0 start:<103.0"


def days_of(*counts: tuple[str, int, int]) -> tuple[DayOfArrivals, ...]:
    return tuple(DayOfArrivals(*one) for one in counts)


def test_growth_ends_at_what_there_is() -> None:
    days = days_of(("2026-01-30", 2, 20), ("2026-02-01", 1, 5), ("2026-02-02", 3, 30))
    growth = draw_growth(Arrivals(days, 10, 100))
    assert growth is not None
    assert (growth.files.highest, growth.total_bytes.highest) == (16, 155)
    newest, oldest = growth.periods
    assert (newest.label, newest.files, newest.files_by_then) == ("2026-02", 4, 16)
    assert (oldest.label, oldest.files, oldest.bytes_by_then) == ("2026-01", 2, 120)
    assert draw_growth(Arrivals((), 0, 0)) is None


@given(st.dictionaries(st.integers(0, 5000), st.integers(1, 10**6), min_size=1, max_size=1200))
def test_growth_never_falls_and_stays_in_the_picture(counts: dict[int, int]) -> None:
    first = date(2017, 1, 1)
    days = [((first + timedelta(days=n)).isoformat(), counts[n], counts[n]) for n in sorted(counts)]
    growth = draw_growth(Arrivals(days_of(*days), 0, 0))
    assert growth is not None
    places = [tuple(map(float, one.split(","))) for one in growth.files.points.split()]
    assert places[0][0] == 0
    assert places[-1] == (WIDTH, 0)
    assert all(0 <= y <= HEIGHT for _, y in places)
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    assert len(growth.periods) <= 180


def test_days_without_arrivals_have_a_place_among_the_bars() -> None:
    today = date(2026, 11, 21)
    days = days_of(("2026-11-21", 5, 50), ("2026-08-24", 1, 10), ("2026-01-01", 9, 90))
    chart = chart_arrivals(Arrivals(days, 0, 0), today)
    assert (chart.begin, chart.end, chart.file_count) == ("2026-08-24", "2026-11-21", 6)
    first, last = chart.files.bars
    assert first.x < WIDTH / DAYS
    assert last.x > WIDTH - WIDTH / DAYS
    assert [day.day for day in chart.days] == ["2026-11-21", "2026-08-24"]
