"""Moments of a search: ages count from when it was asked."""

from datetime import UTC, datetime, timedelta

from catalog_service.search.tree import Age

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX_EPOCH_JD = 2440587.5


def moment(value: Age | datetime, now: datetime) -> datetime:
    """Return the moment that is meant, or the nearest that a calendar can tell."""
    if isinstance(value, datetime):
        return value
    try:
        return now - timedelta(days=value.days)
    except OverflowError:
        return _EARLIEST if value.days > 0 else _LATEST


def julian_date(value: Age | datetime | float, now: datetime) -> float:
    """Return the Julian date that is meant; a number is one, or is no date at all."""
    if isinstance(value, Age):
        return julian_date(now, now) - value.days
    if isinstance(value, datetime):
        return _UNIX_EPOCH_JD + (value - _UNIX_EPOCH) / timedelta(days=1)
    return value
