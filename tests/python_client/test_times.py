import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from librarian.times import (
    GPS_EPOCH_JD,
    LAST_JD,
    is_plausible_jd,
    jd_to_datetime,
    jd_to_obsid,
    lst_radians_to_hours,
    obsid_to_jd,
)

# astropy warns of "dubious years" beyond the leap seconds that it knows.
LAST_SURE_JD = 2461041.5
SURE_JDS = st.floats(GPS_EPOCH_JD, LAST_SURE_JD)


@pytest.mark.parametrize(
    ("jd", "obsid"),
    [
        (GPS_EPOCH_JD, 0),
        (2458043.125519117, 1192201262),  # zen.2458043.12552
        (2458432.3456945866, 1225829886),  # zen.2458432.34569
        (2457754.5, 1167264018),  # just after the leap second of 2016
        (2458432.5, 1225843218),  # a whole second, which must not become the one before
    ],
)
def test_the_obsid_of_known_times_is_known(jd: float, obsid: int) -> None:
    assert jd_to_obsid(jd) == obsid


@given(SURE_JDS)
def test_the_obsid_is_the_floor_of_the_gps_seconds_that_astropy_gives(jd: float) -> None:
    assert jd_to_obsid(jd) == math.floor(Time(jd, format="jd", scale="utc").gps)


@given(st.integers(0, 30_000_000_000))
def test_an_obsid_becomes_a_julian_date_of_the_same_obsid(obsid: int) -> None:
    assert jd_to_obsid(obsid_to_jd(obsid)) == obsid


@given(st.integers(1, 1_450_000_000))
def test_the_julian_date_of_an_obsid_is_the_first_that_has_it(obsid: int) -> None:
    assert jd_to_obsid(math.nextafter(obsid_to_jd(obsid), 0)) == obsid - 1


@given(st.floats(GPS_EPOCH_JD, LAST_JD), st.floats(GPS_EPOCH_JD, LAST_JD))
def test_obsids_are_in_the_order_of_the_times(one: float, other: float) -> None:
    assert (jd_to_obsid(one) <= jd_to_obsid(other)) or one > other


def test_a_year_far_off_gives_a_time_and_no_warning() -> None:
    assert jd_to_obsid(LAST_JD) > jd_to_obsid(LAST_SURE_JD)


@given(SURE_JDS)
def test_the_calendar_time_is_the_one_that_astropy_gives(jd: float) -> None:
    expected = Time(jd, format="jd", scale="utc").to_datetime(timezone=UTC)
    assert abs(jd_to_datetime(jd) - expected) <= timedelta(seconds=1.0)


def test_the_calendar_time_of_a_known_date_is_known() -> None:
    assert jd_to_datetime(2451545.25) == datetime(2000, 1, 1, 18, tzinfo=UTC)


@given(st.floats(-1e6, 1e6))
def test_sidereal_hours_are_in_the_day(radians: float) -> None:
    hours = lst_radians_to_hours(radians)
    assert 0 <= hours < 24
    assert math.cos(hours * math.pi / 12) == pytest.approx(math.cos(radians), abs=1e-6)


def test_a_sidereal_time_a_hair_below_zero_is_not_24_hours() -> None:
    assert lst_radians_to_hours(-1e-20) == 0.0


@pytest.mark.parametrize("jd", [0.0, -1.0, 2444244.4, 1e9, math.inf, -math.inf, math.nan])
def test_a_julian_date_before_gps_or_after_the_year_2999_is_implausible(jd: float) -> None:
    assert not is_plausible_jd(jd)


def test_a_client_that_imports_the_module_loads_neither_astropy_nor_numpy() -> None:
    code = "import sys, librarian.times; print({'astropy', 'erfa', 'numpy'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
