"""Estimates for people: when a store is full, from how full it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DAY_SECONDS = 86_400.0
# With less behind it a line says nothing about what is to come.
_FEWEST_SAMPLES, _SHORTEST_DAYS = 12, 2.0
# Share of the ups and downs that the line must explain.
_LEAST_FIT = 0.5
_LONGEST_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class Used:
    """Bytes that were used at some time."""

    time: datetime
    used_bytes: int


@dataclass(frozen=True, slots=True)
class FillEstimate:
    """In how many days a store is full, at the rate of the days looked at."""

    days_left: float
    bytes_per_day: float
    days_seen: float

    @property
    def left(self) -> str:
        """Return the time left in words, no finer than an estimate allows."""
        return about_days(self.days_left)


def estimate_fill(samples: Sequence[Used], free_bytes: int) -> FillEstimate | None:
    """Return when a store is full by a least-squares line, or None where that makes no sense.

    None for too few samples, or too short a time; where use does not grow, or not steadily; and
    for what is more than ten years away.
    """
    if len(samples) < _FEWEST_SAMPLES:
        return None
    begin = samples[0].time
    days = [(sample.time - begin).total_seconds() / DAY_SECONDS for sample in samples]
    used = [float(sample.used_bytes) for sample in samples]
    if days[-1] < _SHORTEST_DAYS:
        return None
    slope, fit = _fit_line(days, used)
    if slope <= 0 or fit < _LEAST_FIT or free_bytes / slope > _LONGEST_DAYS:
        return None
    return FillEstimate(max(0.0, free_bytes / slope), slope, days[-1])


def about_days(days: float) -> str:
    """Return a number of days in words, rounded as an estimate is."""
    if days < 1:
        return "less than a day"
    if days < 60:
        whole = round(days)
        return "about a day" if whole == 1 else f"about {whole} days"
    if days < 730:
        return f"about {round(days / 30.44)} months"
    return f"about {round(days / 365.25)} years"


def _fit_line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the slope of the least-squares line, and the share of the variance it explains."""
    count = len(xs)
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread_x = sum((x - mean_x) ** 2 for x in xs)
    spread_y = sum((y - mean_y) ** 2 for y in ys)
    if not spread_x or not spread_y:
        return 0.0, 0.0
    common = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return common / spread_x, common * common / (spread_x * spread_y)
