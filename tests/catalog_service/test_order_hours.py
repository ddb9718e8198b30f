"""Hours of the day: past midnight, in any time zone, and when clocks are set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_service.order_hours import check_hours, is_open, next_opening
from librarian.errors import InvalidRequestError

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "timezone", "time", "expected"),
    [
        ("", "", "2026-03-01T12:00", True),
        ("08:00-20:00", "", "2026-03-01T08:00", True),
        ("08:00-20:00", "", "2026-03-01T20:00", False),
        ("20:00-08:00", "", "2026-03-01T23:59", True),
        ("20:00-08:00", "", "2026-03-01T07:59", True),
        ("20:00-08:00", "", "2026-03-01T08:00", False),
        ("20:00-08:00", "Africa/Johannesburg", "2026-03-01T18:00", True),
        ("20:00-08:00", "Africa/Johannesburg", "2026-03-01T17:59", False),
        ("00:00-00:00", "", "2026-03-01T12:00", True),
    ],
)
def test_hours_are_those_of_the_time_zone(
    hours: str, timezone: str, time: str, expected: bool
) -> None:
    assert is_open(hours, timezone, at(time)) is expected


@pytest.mark.parametrize(
    ("hours", "timezone", "time", "expected"),
    [
        ("20:00-08:00", "", "2026-03-01T12:00", "2026-03-01T20:00"),
        ("20:00-08:00", "", "2026-03-01T21:00", "2026-03-01T21:00"),
        ("08:00-09:00", "", "2026-03-01T12:00", "2026-03-02T08:00"),
        # Clocks go from 02:00 to 03:00 that night: the hours begin with the first minute after.
        ("02:30-04:00", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T01:00"),
        # And from 03:00 back to 02:00: a day of 25 hours.
        ("20:00-21:00", "Europe/Berlin", "2026-10-24T20:00", "2026-10-25T19:00"),
    ],
)
def test_the_next_opening_is_when_clocks_there_say_so(
    hours: str, timezone: str, time: str, expected: str
) -> None:
    assert next_opening(hours, timezone, at(time)) == at(expected)


@given(
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    timezone=st.sampled_from(["", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
    # Around the nights in which clocks are set, and others.
    day=st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-25", "2026-06-01"]),
    minute=st.integers(-1500, 1500),
)
def test_nothing_is_open_before_the_next_opening(
    start: int, length: int, timezone: str, day: str, minute: int
) -> None:
    end = (start + length) % 1440
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    now = at(day) + minute * MINUTE
    # A gap may swallow short hours whole, but not two days in a row.
    opening = next_opening(hours, timezone, now)
    assert is_open(hours, timezone, opening)
    assert opening == now or not is_open(hours, timezone, opening - MINUTE)
    for step in range(0, int((opening - now) / MINUTE), 7):
        assert not is_open(hours, timezone, now + step * MINUTE)


@pytest.mark.parametrize(
    ("hours", "timezone"),
    [("8-20", ""), ("24:00-08:00", ""), ("", "Mars/Olympus"), ("", "../etc/passwd")],
)
def test_what_are_no_hours_is_refused(hours: str, timezone: str) -> None:
    with pytest.raises(InvalidRequestError):
        check_hours(hours, timezone)
