"""Julian dates, observation ids and sidereal times: the one place that converts between them.

The conversions are those of `astropy.time`, made by the library beneath it (ERFA): they need no
table of the Earth's rotation, hence no network, and give no warning about years to come.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

GPS_EPOCH_JD = 2444244.5
"""When GPS seconds began: 6 January 1980, 0 h UTC."""

LAST_JD = 2816787.5
"""The year 3000: no time of an observation lies beyond it."""

_GPS_EPOCH_DAY = 2444244.0
_TAI_AHEAD_OF_GPS_SECONDS = 19.0
_DAY_SECONDS = 86400.0
_NOON_2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_NOON_2000_JD = 2451545.0


def jd_to_obsid(jd: float) -> int:
    """Return the GPS seconds of a UTC Julian date, rounded down.

    A Julian date in a float is good to 40 microseconds, no better.
    """
    # Whole seconds must not fall to the one before by the noise of the last bit.
    return math.floor(round(_jd_to_gps_seconds(jd), 6))


def obsid_to_jd(obsid: int) -> float:
    """Return the first UTC Julian date whose obsid this is."""
    days, seconds = divmod(obsid + _TAI_AHEAD_OF_GPS_SECONDS, _DAY_SECONDS)
    day, fraction, _status = _conversions().taiutc(
        _GPS_EPOCH_DAY + days, 0.5 + seconds / _DAY_SECONDS
    )
    jd = float(day + fraction)
    return jd if jd_to_obsid(jd) == obsid else math.nextafter(jd, math.inf)


def jd_to_datetime(jd: float) -> datetime:
    """Return a UTC Julian date as an aware time, rounded to the microsecond."""
    return _NOON_2000 + timedelta(days=jd - _NOON_2000_JD)


def lst_radians_to_hours(lst_radians: float) -> float:
    """Return a sidereal time in hours, in [0, 24)."""
    hours = (lst_radians * (12.0 / math.pi)) % 24.0
    return hours if hours < 24.0 else 0.0  # -1e-20 % 24.0 is 24.0


def is_plausible_jd(jd: float) -> bool:
    """Tell whether a Julian date can be that of an observation: from 1980 on, and before 3000."""
    return GPS_EPOCH_JD <= jd < LAST_JD


def _jd_to_gps_seconds(jd: float) -> float:
    whole = math.floor(jd)
    day, fraction, _status = _conversions().utctai(whole, jd - whole)
    seconds = (day - _GPS_EPOCH_DAY) * _DAY_SECONDS + (fraction - 0.5) * _DAY_SECONDS
    return float(seconds - _TAI_AHEAD_OF_GPS_SECONDS)


def _conversions() -> Any:
    """Import late: the client never converts a time, and does without this dependency."""
    from erfa import ufunc  # type: ignore[import-untyped]

    return ufunc
