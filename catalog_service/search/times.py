"""Times as people type them: ISO 8601, Julian dates, modified ones and GPS seconds."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from catalog_service.search.mistakes import located, shown
from catalog_service.search.tree import Place
from catalog_service.search.values import read_number
from librarian.times import LAST_JD, jd_to_datetime, obsid_to_jd

_MJD_ZERO_JD = 2400000.5
_NOON_2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_NOON_2000_JD = 2451545.0
# Without a word before them, numbers are told apart by their size.
_LARGEST_MJD = 100_000
_SMALLEST_JD = 2_400_000
_SMALLEST_GPS = 100_000_000
_LARGEST_GPS = 32_000_000_000

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_SCALED = re.compile(r"(JD|MJD|GPS) ?([0-9.]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Time:
    """A time that a person typed, as a Julian date and as an aware moment."""

    jd: float
    moment: datetime
    # A date without a time of day; the others of it are its first instant.
    whole_day: bool = False


def parse_time(text: str, place: Place) -> Time:
    """Return the time that a text means, or raise InvalidRequestError.

    Without a zone it is UTC. A number is a modified Julian date, a Julian date or GPS seconds, by
    its size, unless `JD`, `MJD` or `GPS` stands before it.
    """
    iso = _ISO.fullmatch(text)
    if iso:
        return _iso_time(text, place, whole_day=iso[1] is None)
    scaled = _SCALED.fullmatch(text)
    number = read_number(scaled[2] if scaled else text)
    scale = scaled[1].upper() if scaled else _scale_of(number)
    if number is None or scale is None:
        raise located(
            f"Expected a time such as 2018-10-01, 2018-10-01T12:30:00Z, JD2458393.5, MJD58393 or "
            f"GPS1222387218, not {shown(text)}.",
            place,
        )
    return _scaled_time(scale, number, text, place)


def _iso_time(text: str, place: Place, *, whole_day: bool) -> Time:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise located(f"There is no such day or time of day: {shown(text)}.", place) from None
    days = (moment - _NOON_2000) / timedelta(days=1)
    return Time(_NOON_2000_JD + days, moment, whole_day)


def _scale_of(number: int | float | None) -> str | None:
    if number is None or number < 0:
        return None
    if number < _LARGEST_MJD:
        return "MJD"
    if number >= _SMALLEST_GPS:
        return "GPS"
    return "JD" if _SMALLEST_JD <= number < LAST_JD else None


def _scaled_time(scale: str, number: int | float, text: str, place: Place) -> Time:
    if scale == "GPS" and number > _LARGEST_GPS:
        raise located(f"The time {shown(text)} is beyond the year 2990.", place)
    jd = _jd_of(scale, number)
    try:
        return Time(jd, jd_to_datetime(jd))
    except OverflowError:
        raise located(f"The time {shown(text)} is outside the years 1 to 9999.", place) from None


def _jd_of(scale: str, number: int | float) -> float:
    if scale == "JD":
        return float(number)
    if scale == "MJD":
        return number + _MJD_ZERO_JD
    seconds = math.floor(number)
    return obsid_to_jd(seconds) + (number - seconds) / 86400
