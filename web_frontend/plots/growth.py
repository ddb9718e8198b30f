"""How the archive has grown: what had arrived by each day, and month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby

from librarian.client.statistics import Arrivals, DayOfArrivals

WIDTH, HEIGHT = 1000.0, 100.0
_MOST_POINTS = 500
_MOST_MONTHS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A line and the area below it, as points of an SVG; the top stands for the highest value."""

    points: str
    area: str
    highest: int
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Period:
    """A month, or a year where there are many: what arrived in it, and what was there then."""

    label: str
    files: int
    total_bytes: int
    files_by_then: int
    bytes_by_then: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How the archive has grown from one day to another."""

    total_bytes: Line
    files: Line
    begin: str
    end: str
    # The newest first.
    periods: Sequence[Period]


def draw_growth(arrivals: Arrivals) -> Growth | None:
    """Return how the archive has grown; None when nothing has arrived."""
    days = arrivals.days
    if not days:
        return None
    files = list(accumulate((day.files for day in days), initial=arrivals.files_before))
    sizes = list(accumulate((day.total_bytes for day in days), initial=arrivals.total_bytes_before))
    dates = [date.fromisoformat(day.day).toordinal() for day in days]
    # What was there before the first day belongs to the day before it.
    dates.insert(0, dates[0] - 1)
    return Growth(
        _line(dates, sizes),
        _line(dates, files),
        days[0].day,
        days[-1].day,
        _periods(arrivals),
    )


def _line(dates: Sequence[int], values: Sequence[int]) -> Line:
    span, highest = dates[-1] - dates[0], max(values[-1], 1)
    step = -(-len(dates) // _MOST_POINTS)
    chosen = sorted({*range(0, len(dates), step), len(dates) - 1})
    places, last, y = list[str](), dates[0], HEIGHT
    for number in chosen:
        x, height = WIDTH * (dates[number] - dates[0]) / span, HEIGHT * values[number] / highest
        # After days without arrivals the line is flat until that on which it rises.
        if dates[number] - last > step:
            places.append(f"{x:.1f},{y:.2f}")
        last, y = dates[number], HEIGHT - height
        places.append(f"{x:.1f},{y:.2f}")
    points = " ".join(places)
    return Line(points, f"0,{HEIGHT:.0f} {points} {WIDTH:.0f},{HEIGHT:.0f}", values[-1])


def _periods(arrivals: Arrivals) -> list[Period]:
    months = len({day.day[:7] for day in arrivals.days})
    letters = 7 if months <= _MOST_MONTHS else 4
    files, size_bytes = arrivals.files_before, arrivals.total_bytes_before
    periods = []
    for label, group in groupby(arrivals.days, key=lambda day: day.day[:letters]):
        days: list[DayOfArrivals] = list(group)
        new_files, new_bytes = sum(d.files for d in days), sum(d.total_bytes for d in days)
        files, size_bytes = files + new_files, size_bytes + new_bytes
        periods.append(Period(label, new_files, new_bytes, files, size_bytes))
    return periods[::-1]
