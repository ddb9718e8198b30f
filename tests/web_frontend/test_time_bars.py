"""The bar of an observing session: every observation has its place on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.client.records import Observation, ObservingSession
from web_frontend.plots.time_bars import WIDTH, draw_time_bar


def session(start_jd: float, stop_jd: float) -> ObservingSession:
    return ObservingSession(1, start_jd, stop_jd, 1, 1, 1)


def observation(start_jd: float | None, stop_jd: float | None = None) -> Observation:
    return Observation(1, start_jd, stop_jd, None, 1, 1, 1)


def test_observations_lie_where_they_were_made() -> None:
    bar = draw_time_bar(
        session(2458433.0, 2458434.0),
        [observation(2458433.0, 2458433.25), observation(2458433.5, 2458434.0)],
    )
    assert [(one.x, one.width) for one in bar.spans] == [(0.0, 250.0), (500.0, 500.0)]
    assert [tick.label for tick in bar.ticks][:3] == ["12:00", "15:00", "18:00"]


def test_one_whose_stop_is_not_known_is_still_seen() -> None:
    [span] = draw_time_bar(session(2458433.0, 2458433.0), [observation(2458433.0)]).spans
    assert span.width > 0
    assert not span.has_stop


def test_one_that_has_no_start_is_left_away() -> None:
    assert draw_time_bar(session(2458433.0, 2458434.0), [observation(None)]).spans == []


@pytest.mark.parametrize("days", [1e-4, 0.01, 0.5, 1.0, 3.0, 40.0, 900.0])
def test_the_times_below_are_few_and_on_the_bar(days: float) -> None:
    ticks = draw_time_bar(session(2458433.1, 2458433.1 + days), []).ticks
    assert len(ticks) <= 10
    assert all(0 <= tick.x <= WIDTH for tick in ticks)


@given(st.floats(0.0, 2.0), st.floats(0.0, 3.0), st.floats(1e-3, 2.0))
def test_nothing_is_drawn_beside_the_bar(start: float, length: float, days: float) -> None:
    night = session(2458433.0, 2458433.0 + days)
    one = observation(2458433.0 + start, 2458433.0 + start + length)
    [span] = draw_time_bar(night, [one]).spans
    assert 0 <= span.x < WIDTH
    assert 0 < span.width <= WIDTH - span.x + 0.01
