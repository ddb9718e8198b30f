"""Hours of the day during which something may start, in a time zone of the earth."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from librarian.errors import InvalidRequestError

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_MINUTE = timedelta(minutes=1)
# What reading hours, or the tables of a time zone, may raise.
UNREADABLE = (ValueError, LookupError, OSError)


def check_hours(hours: str, timezone: str) -> None:
    """Raise InvalidRequestError for hours or a time zone that are none."""
    if hours and not _HOURS.fullmatch(hours):
        raise InvalidRequestError(
            f"{hours!r:.40} are no hours: give them as HH:MM-HH:MM, such as 20:00-08:00, or nothing"
            " for always."
        )
    try:
        _zone(timezone)
    except UNREADABLE as error:
        raise InvalidRequestError(
            f"There is no time zone {timezone!r:.80}: give one such as Africa/Johannesburg, or"
            " nothing for UTC."
        ) from error


def is_open(hours: str, timezone: str, now: datetime) -> bool:
    """Tell whether it is within the hours, which may go past midnight; empty is always."""
    if not hours:
        return True
    start, end = _parse(hours)
    wall = now.astimezone(_zone(timezone)).time()
    if start < end:
        return start <= wall < end
    # Hours that end when they begin are the whole day.
    return wall >= start or wall < end


def next_opening(hours: str, timezone: str, now: datetime) -> datetime:
    """Return the first moment, from now on, that is within the hours."""
    if is_open(hours, timezone, now):
        return now
    zone, (start, _) = _zone(timezone), _parse(hours)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=number) for number in range(-1, 4)]
    moments = sorted(moment for day in days for moment in _moments(day, start, zone))
    return next(m for m in moments if m > now and is_open(hours, timezone, m))


def _moments(day: date, start: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments at which a time of day may come; clocks that are set make it two or none.

    Where it is left out, the hours begin with the minute to which the clock is set instead.
    """
    first, second = (
        datetime.combine(day, start, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    yield first
    while second < first:
        yield second
        second += _MINUTE
    yield second


def _parse(hours: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(hours)
    if found is None:
        raise ValueError(f"{hours!r} are no hours")
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    return time(start_hour, start_minute), time(end_hour, end_minute)


def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone or "UTC")
