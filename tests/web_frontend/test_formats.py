"""How values are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.times import jd_to_datetime
from web_frontend import formats


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.25, "250 ms"),
        (-3, "0 ms"),
        (1, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (11_520, "3 h 12 min"),
        (86_400 * 12 + 3_700, "12 d 1 h"),
        (timedelta(days=1, seconds=5), "1 d"),
        (None, ""),
    ],
)
def test_a_duration_has_two_units(seconds: float, written: str) -> None:
    assert formats.format_duration(seconds) == written


def test_a_count_is_grouped_by_thin_blanks() -> None:
    assert formats.format_count(12_345_678) == "12\u202f345\u202f678"


def test_a_time_is_written_in_utc() -> None:
    cape_town = timezone(timedelta(hours=2))
    assert formats.format_time(datetime(2026, 11, 21, 23, 48, 5, tzinfo=cape_town)) == (
        "2026-11-21 21:48:05"
    )


def test_a_sidereal_time_never_reaches_24_hours() -> None:
    assert formats.format_lst(23.9999) == "00 h 00 m"


@given(st.datetimes(datetime(1980, 1, 6), datetime(2999, 1, 1), timezones=st.just(UTC)))
def test_a_julian_date_leads_back_to_its_time(moment: datetime) -> None:
    assert abs(jd_to_datetime(formats.jd_of(moment)) - moment) < timedelta(milliseconds=1)


def test_what_stands_in_backticks_is_code_and_nothing_else_is_markup() -> None:
    written = formats.format_sentence("`librarian send <x>` sends it & <b>`")
    assert written == "<code>librarian send &lt;x&gt;</code> sends it &amp; &lt;b&gt;`"
