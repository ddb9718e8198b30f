"""Bar charts: what happened in each hour or day, laid out for an SVG that is stretched to fit.

The SVG holds shapes only; its page puts the words around it, so that they stay legible at any
width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000.0, 100.0
_GAP_SHARE = 0.2
# What is there at all is seen, however small beside the largest.
_LEAST_HEIGHT = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing; `title` is read out and shown on hover."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars, and the value that the highest stands for."""

    bars: Sequence[Bar]
    highest: float
    width: float = WIDTH
    height: float = HEIGHT


def lay_out_bars(values: Sequence[float], titles: Sequence[str]) -> BarChart:
    """Return a bar for each value that is above nothing, side by side from the left."""
    highest = max(values, default=0)
    if not highest:
        return BarChart((), 0)
    step = WIDTH / len(values)
    bars = []
    for number, (value, title) in enumerate(zip(values, titles, strict=True)):
        if value > 0:
            height = max(_LEAST_HEIGHT, HEIGHT * value / highest)
            x = step * (number + _GAP_SHARE / 2)
            bars.append(Bar(round(x, 2), round(HEIGHT - height, 2), _wide(step), height, title))
    return BarChart(bars, highest)


def _wide(step: float) -> float:
    return round(step * (1 - _GAP_SHARE), 2)
