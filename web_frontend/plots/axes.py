"""Where labels stand along an axis: at round numbers, dates or hours, a few of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from librarian.times import jd_to_datetime

_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Tick:
    """A label, and how far along the axis it stands: in percent."""

    percent: float
    label: str


def day_of_night(night_jd: int) -> date:
    """Return the date on whose evening a night begins: that of its noon in UTC."""
    return jd_to_datetime(float(night_jd)).date()


def night_ticks(first_night: int, nights: int) -> list[Tick]:
    """Return dates along an axis of nights: first days of years, months or weeks, or each."""
    days = [(number, day_of_night(first_night + number)) for number in range(nights)]
    for is_round, form in _ROUND:
        found = [(number, day) for number, day in days if is_round(day)]
        if 2 <= len(found) <= _MOST_TICKS:
            return [_tick(number, nights, f"{day:{form}}") for number, day in found]
    step = -(-nights // (_MOST_TICKS - 2))
    return [_tick(number, nights, f"{day:%Y-%m-%d}") for number, day in days[::step]]


def _tick(number: int, nights: int, label: str) -> Tick:
    return Tick(round(100 * number / nights, 2), label)


def _begins_month(day: date) -> bool:
    return day.day == 1


_ROUND: tuple[tuple[Callable[[date], bool], str], ...] = (
    (lambda _day: True, "%m-%d"),
    (lambda day: day.weekday() == 0, "%m-%d"),
    (_begins_month, "%Y-%m"),
    (lambda day: _begins_month(day) and day.month in (1, 4, 7, 10), "%Y-%m"),
    (lambda day: _begins_month(day) and day.month == 1, "%Y"),
)


def hour_ticks() -> list[Tick]:
    """Return hours of a sidereal day, from the top of an axis that begins at its bottom."""
    return [Tick(round(100 * (24 - hour) / 24, 2), f"{hour}h") for hour in (0, 6, 12, 18, 24)]
