"""Where in a list of observations to go: a date, a Julian date, or an obsid, as people write it."""

import math
from datetime import UTC, date, datetime, timedelta

from librarian.errors import InvalidRequestError
from librarian.times import is_plausible_jd
from web_frontend.formats import jd_of

# A Julian date has seven digits before the point, an obsid has ten or eleven.
_FIRST_OBSID, _LAST_OBSID = 10_000_000, 99_999_999_999
_MOST_CHARACTERS = 40


def newest_first_from(text: str) -> dict[str, float | int]:
    """Return the search of what began by the end of a date, of a Julian day, or with an obsid.

    Raises InvalidRequestError.
    """
    written = text.strip()
    if not written:
        return {"always-true": True}
    number = _number(written)
    if number is not None and _FIRST_OBSID <= number <= _LAST_OBSID and number.is_integer():
        return {"obsid-at-most": int(number)}
    return {"start-time-jd-less-than": _end_jd(written, number)}


def _number(text: str) -> float | None:
    try:
        number = float(text.upper().removeprefix("JD").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _end_jd(text: str, number: float | None) -> float:
    if number is not None and is_plausible_jd(number):
        return number + 1 if number.is_integer() else math.nextafter(number, math.inf)
    if number is None:
        moment = _moment(text)
        if moment is not None:
            return jd_of(moment)
    shown = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    raise InvalidRequestError(
        f"{shown!r} is no date, Julian date or obsid: write it like 2018-11-10, 2458433.2 or"
        " 1225829885."
    )


def _moment(text: str) -> datetime | None:
    """Return the end of a date, or a time, in UTC."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) + timedelta(1)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
