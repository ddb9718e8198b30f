"""Where in a list to go, and times that are computed for pages."""

import pytest

from librarian.errors import InvalidRequestError
from web_frontend.forms.places import newest_first_from
from web_frontend.shown.times import duration_seconds, lst_after


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", {"always-true": True}),
        ("  ", {"always-true": True}),
        ("2018-11-10", {"start-time-jd-less-than": 2458433.5}),
        ("2018-11-10T12:00:00Z", {"start-time-jd-less-than": 2458433.0}),
        ("2018-11-10 12:00", {"start-time-jd-less-than": 2458433.0}),
        ("2018-11-10T14:00:00+02:00", {"start-time-jd-less-than": 2458433.0}),
        ("2458433", {"start-time-jd-less-than": 2458434.0}),
        ("JD 2458433", {"start-time-jd-less-than": 2458434.0}),
        ("1225829885", {"obsid-at-most": 1225829885}),
    ],
)
def test_dates_are_understood(text: str, search: dict[str, float]) -> None:
    assert newest_first_from(text) == search


def test_what_began_at_a_julian_date_belongs_to_it() -> None:
    search = newest_first_from("2458433.25")
    assert 2458433.25 < search["start-time-jd-less-than"] < 2458433.2500001


@pytest.mark.parametrize("text", ["today", "2018-13-01", "nan", "inf", "12", "2458433,5", "x" * 99])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="no date"):
        newest_first_from(text)


def test_sidereal_time_goes_faster_and_round() -> None:
    assert lst_after(23.5, 3600.0) == pytest.approx(0.502738, abs=1e-6)
    assert lst_after(None, 1.0) is None
    assert lst_after(1.0, None) is None


def test_a_duration_needs_both_ends() -> None:
    assert duration_seconds(2458433.0, 2458433.25) == 21600.0
    assert duration_seconds(2458433.0, None) is None
