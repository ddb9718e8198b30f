"""What a benchmark found: ours beside its yardstick, and the bound it must keep."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Bound:
    """What a measurement must keep: of the ratio of ours to the yardstick, or of ours itself."""

    of: Literal["ratio", "ours"]
    sign: Literal[">=", "<="]
    value: float

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.value:g}"


@dataclass(frozen=True)
class Measurement:
    """Ours and the yardstick, in the same unit; `runs` holds what both are the medians of."""

    case: str
    database: str
    unit: str
    ours: float
    yardstick: float | None
    bound: Bound | None
    runs: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Return ours divided by the yardstick."""
        return self.ours / self.yardstick if self.yardstick else None

    @property
    def is_met(self) -> bool:
        """Tell whether the bound is kept; what has none is only told."""
        if self.bound is None:
            return True
        value = self.ratio if self.bound.of == "ratio" else self.ours
        if value is None:
            return False
        return value >= self.bound.value if self.bound.sign == ">=" else value <= self.bound.value

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as JSON's own types."""
        return {
            "case": self.case,
            "database": self.database,
            "unit": self.unit,
            "ours": round(self.ours, 4),
            "yardstick": None if self.yardstick is None else round(self.yardstick, 4),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "bound": None if self.bound is None else str(self.bound),
            "met": self.is_met,
            "runs": {name: [round(run, 4) for run in runs] for name, runs in self.runs.items()},
        }


def compare(
    case: str,
    database: str,
    unit: str,
    ours: Sequence[float],
    yardstick: Sequence[float],
    bound: Bound | None,
) -> Measurement:
    """Return the measurement of the medians of runs that were made by turns."""
    return Measurement(
        case,
        database,
        unit,
        statistics.median(ours),
        statistics.median(yardstick),
        bound,
        {"ours": list(ours), "yardstick": list(yardstick)},
    )


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def let_pass(seconds: float) -> None:
    """Do nothing for a while: what happens meanwhile is measured."""
    threading.Event().wait(seconds)
