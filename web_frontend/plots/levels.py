"""Levels of colour: how much a value is beside the largest, in steps that people can tell apart."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = 9
# Where most values are so far below the largest, equal steps would show them all alike.
_SKEWED = 20.0


@dataclass(frozen=True, slots=True)
class Scale:
    """The least value of each level; the first level has all that is above nothing."""

    bounds: Sequence[float]
    highest: float
    is_logarithmic: bool = False

    def level_of(self, value: float) -> int:
        """Return the level of a value above nothing, from 0."""
        return max(0, bisect_right(self.bounds, value) - 1)


def make_scale(values: Sequence[float]) -> Scale:
    """Return levels for values above nothing: equal steps, or ratios where they differ much."""
    positive = sorted(value for value in values if value > 0)
    if not positive:
        return Scale((), 0)
    lowest, middle, highest = positive[0], positive[len(positive) // 2], positive[-1]
    if highest > _SKEWED * middle:
        ratio = math.log(highest / lowest) / LEVELS
        bounds = [lowest * math.exp(ratio * level) for level in range(LEVELS)]
        return Scale(bounds, highest, is_logarithmic=True)
    return Scale([highest * level / LEVELS for level in range(LEVELS)], highest)
