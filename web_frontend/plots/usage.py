"""How full a store was: a line under the size of its file system."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from librarian.client.statistics import StoreUsage

WIDTH, HEIGHT = 1000.0, 100.0
_FEWEST_SAMPLES = 2


@dataclass(frozen=True, slots=True)
class UsageChart:
    """The line of what was used, as points of an SVG, and what its top stands for."""

    points: str
    area: str
    highest_bytes: int
    begin: datetime
    end: datetime
    width: float = WIDTH
    height: float = HEIGHT


def chart_usage(samples: Sequence[StoreUsage]) -> UsageChart | None:
    """Return the line through all samples, oldest first; None for too few to draw one."""
    if len(samples) < _FEWEST_SAMPLES:
        return None
    begin, end = samples[0].time, samples[-1].time
    seconds = (end - begin).total_seconds()
    highest = max(sample.capacity_bytes for sample in samples)
    if seconds <= 0 or highest <= 0:
        return None
    places = []
    for sample in samples:
        x = WIDTH * (sample.time - begin).total_seconds() / seconds
        used = max(0, sample.capacity_bytes - sample.free_bytes)
        places.append(f"{x:.1f},{HEIGHT * (1 - used / highest):.2f}")
    points = " ".join(places)
    area = f"0,{HEIGHT:.0f} {points} {WIDTH:.0f},{HEIGHT:.0f}"
    return UsageChart(points, area, highest, begin, end)
