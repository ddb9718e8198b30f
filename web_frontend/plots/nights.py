"""Ranges of nights: as an address says them, moved, widened and narrowed; and their searches."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from librarian.errors import InvalidRequestError
from librarian.times import is_plausible_jd
from web_frontend.formats import jd_of

_FEWEST_NIGHTS = 2
_LONGEST_TEXT = 20


@dataclass(frozen=True, slots=True)
class Nights:
    """Nights from one to another, both included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """Return how many there are."""
        return self.last - self.first + 1

    def moved(self, share: float) -> "Nights":
        """Return as many nights, later by a share of them."""
        step = max(1, round(abs(share) * self.count)) * (1 if share > 0 else -1)
        return Nights(self.first + step, self.last + step)

    def resized(self, factor: float) -> "Nights":
        """Return so many times as many nights, with the same middle."""
        count = max(_FEWEST_NIGHTS, round(self.count * factor))
        first = self.first + (self.count - count) // 2
        return Nights(first, first + count - 1)

    def within(self, all_nights: "Nights") -> "Nights":
        """Return those of them that are among others; all of the others where none is."""
        first, last = max(self.first, all_nights.first), min(self.last, all_nights.last)
        return Nights(first, last) if first <= last else all_nights


def read_night(text: str) -> int | None:
    """Return the night of a date or Julian date, None for nothing; raise InvalidRequestError."""
    written = text.strip()
    if not written:
        return None
    if len(written) <= _LONGEST_TEXT:
        night = _night_of_jd(written)
        night = _night_of_date(written) if night is None else night
        if night is not None:
            return night
    shown = written if len(written) <= _LONGEST_TEXT else f"{written[:_LONGEST_TEXT]}…"
    raise InvalidRequestError(
        f"{shown!r} is no night: write a date or a Julian date, as in 2018-11-10 or 2458433."
    )


def _night_of_jd(text: str) -> int | None:
    try:
        jd = float(text)
    except ValueError:
        return None
    return int(jd) if is_plausible_jd(jd) else None


def _night_of_date(text: str) -> int | None:
    try:
        day = date.fromisoformat(text)
        # That of the evening.
        jd = jd_of(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return round(jd) if is_plausible_jd(jd) else None


def search_of_nights(first: int, last: int) -> str:
    """Return the search of files whose observations began in some nights."""
    return f"start:>={first}.0 start:<{last + 1}.0"
