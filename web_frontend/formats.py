"""How values are written on pages: one way for each kind."""

import re
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from librarian.sizes import format_size
from librarian.times import jd_to_datetime

__all__ = [
    "format_count",
    "format_duration",
    "format_jd",
    "format_lst",
    "format_rate",
    "format_sentence",
    "format_size",
    "format_time",
    "jd_of",
    "time_of_jd",
]

THIN_SPACE = "\u202f"
_UNIX_EPOCH_JD = 2440587.5
_DAY_SECONDS = 86400.0
_JD_DIGITS = 5
_CODE = re.compile("`([^`]*)`")


def format_count(count: int) -> str:
    """Return a count with its digits in groups of three."""
    return f"{count:,}".replace(",", THIN_SPACE)


def format_rate(bytes_per_second: float) -> str:
    """Return a rate for people."""
    return f"{format_size(bytes_per_second)}/s"


def format_time(moment: datetime | None) -> str:
    """Return a time in UTC to the second; nothing for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def format_duration(duration: timedelta | float | None) -> str:
    """Return a duration, or seconds, in its two largest units: `3 h 12 min`."""
    if duration is None:
        return ""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    parts: list[str] = []
    left = round(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, length)
        if number or parts:
            parts.append(f"{number} {unit}" if number else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part)


def format_jd(jd: float | None) -> str:
    """Return a Julian date to the second; nothing for none."""
    return "" if jd is None else f"{jd:.{_JD_DIGITS}f}"


def format_lst(hours: float | None) -> str:
    """Return a sidereal time in hours as `05 h 12 m`; nothing for none."""
    if hours is None:
        return ""
    minutes = round(hours * 60) % (24 * 60)
    return f"{minutes // 60:02d} h {minutes % 60:02d} m"


def jd_of(moment: datetime) -> float:
    """Return a time as a Julian date."""
    return _UNIX_EPOCH_JD + moment.timestamp() / _DAY_SECONDS


def time_of_jd(jd: float | None) -> datetime | None:
    """Return the time of a Julian date, to the millisecond; nothing for none."""
    if jd is None:
        return None
    # A Julian date in a float is good to 40 microseconds: a whole second must not show as the
    # one before.
    moment = jd_to_datetime(jd) + timedelta(microseconds=500)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_sentence(text: str) -> Markup:
    """Return a sentence of the catalogue as markup: what stands in backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped.
