"""Hours since 1 January 1970, UTC, by which samples are kept."""

from datetime import UTC, datetime

from librarian.errors import InvalidRequestError

_SECONDS = 3600


def hour_of(time: datetime) -> int:
    """Return the hour that a time is in."""
    return int(time.timestamp() // _SECONDS)


def time_of(hour: int) -> datetime:
    """Return when an hour begins."""
    return datetime.fromtimestamp(hour * _SECONDS, UTC)


def span_of(asked: int, usual: int, most: int, unit: str) -> int:
    """Return how many hours or days to look back; raise InvalidRequestError for what cannot be."""
    if not 0 <= asked <= most:
        raise InvalidRequestError(f"Ask for 1 to {most} {unit}, not for {asked}.")
    return asked or usual
