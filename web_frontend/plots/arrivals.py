"""What arrived on each of the last days, as bars."""

from dataclasses import dataclass
from datetime import date, timedelta

from librarian.client.statistics import Arrivals, DayOfArrivals
from web_frontend.formats import format_count, format_size
from web_frontend.plots.bars import BarChart, lay_out_bars

DAYS = 90


@dataclass(frozen=True, slots=True)
class ArrivalsChart:
    """Two rows of bars, a day each, and the days on which something arrived, newest first."""

    total_bytes: BarChart
    files: BarChart
    begin: str
    end: str
    file_count: int
    size_bytes: int
    days: tuple[DayOfArrivals, ...]


def first_day(today: date) -> date:
    """Return the first of the days that are charted."""
    return today - timedelta(days=DAYS - 1)


def chart_arrivals(arrivals: Arrivals, today: date) -> ArrivalsChart:
    """Return the charts of the days up to today; days on which nothing arrived, too."""
    found = {day.day: day for day in arrivals.days}
    names = [(first_day(today) + timedelta(days=number)).isoformat() for number in range(DAYS)]
    days = [found.get(name, DayOfArrivals(name, 0, 0)) for name in names]
    titles = [
        f"{day.day}: {format_count(day.files)} files, {format_size(day.total_bytes)}"
        for day in days
    ]
    return ArrivalsChart(
        lay_out_bars([day.total_bytes for day in days], titles),
        lay_out_bars([day.files for day in days], titles),
        names[0],
        names[-1],
        sum(day.files for day in days),
        sum(day.total_bytes for day in days),
        tuple(day for day in reversed(days) if day.files),
    )
