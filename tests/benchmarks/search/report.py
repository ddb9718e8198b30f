"""Telling how fast searches were: tables for people, and JSON."""

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.measurements import Measurement
from tests.benchmarks.search.runner import Timing
from tests.benchmarks.search.sites import SETTINGS

# How much slower a search may be in a catalogue a hundred times as large.
LARGEST_RATIO = 3.0
# Answers whose mean numbers of rows differ by less are of the same size.
_ALIKE = 0.1
_COLUMNS = ("search", "p50 ms", "p95 ms", "bare p95 ms", "rows", "floor ms", "p95 : small", "met")


@dataclass
class Measured:
    """What was measured of one catalogue."""

    database: str
    size: int
    filling_seconds: float
    timings: list[Timing] = field(default_factory=list)
    others: list[Measurement] = field(default_factory=list)
    registration: list[float] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the catalogue is called in tables."""
        names = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
        return f"{names[self.database]}, {self.size:,} files"


@dataclass(frozen=True)
class Row:
    """A timing beside that of the same search in the small catalogue."""

    timing: Timing
    small: Timing | None

    @property
    def ratio(self) -> float | None:
        """How many times slower it is, for an answer of as many rows."""
        if self.small is None:
            return None
        more, fewer = sorted((self.timing.mean_rows, self.small.mean_rows), reverse=True)
        if more - fewer > _ALIKE * max(more, 1.0):
            return None
        return self.timing.ours_at(0.95) / self.small.ours_at(0.95)

    @property
    def is_met(self) -> bool:
        """Tell whether it meets its floor, and the ratio."""
        return self.timing.is_met and (self.ratio is None or self.ratio <= LARGEST_RATIO)


def rows_of(measured: Measured, small: Measured | None) -> list[Row]:
    """Return the rows of one catalogue's table."""
    beside = {timing.query.name: timing for timing in small.timings} if small else {}
    return [Row(timing, beside.get(timing.query.name)) for timing in measured.timings]


def write_markdown(measured: Sequence[Measured], small: Measured | None) -> str:
    """Return tables of all that was measured."""
    parts = []
    for one in measured:
        beside = small if small is not one and small and one.database == small.database else None
        parts.append(f"### {one.title}\n\n{_table(rows_of(one, beside))}{_further(one)}")
    return "\n".join(parts)


def _table(rows: Sequence[Row]) -> str:
    return _markdown([_COLUMNS, *(_cells(row) for row in rows)]) if rows else ""


def _cells(row: Row) -> tuple[str, ...]:
    timing = row.timing
    return (
        timing.query.name,
        *(f"{ms:.1f}" for ms in (timing.ours_at(0.5), timing.ours_at(0.95), timing.bare_at(0.95))),
        f"{timing.mean_rows:,.0f}",
        f"{timing.floor_ms:.0f}",
        "" if row.ratio is None else f"{row.ratio:.1f}",
        "yes" if row.is_met else "NO",
    )


def _further(one: Measured) -> str:
    rows = [
        (m.case, f"{m.ours:,.1f}", m.unit, str(m.bound or ""), "yes" if m.is_met else "NO")
        for m in one.others
    ]
    if one.registration:
        rate = f"{statistics.median(one.registration):,.0f}"
        rows.append(("20,000 files registered", rate, "files/s", "", ""))
    return "\n" + _markdown([("what", "measured", "unit", "bound", "met"), *rows]) if rows else ""


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_json(measured: Sequence[Measured], path: Path, load: float) -> None:
    """Write all that was measured, with the plan of each search's slowest run."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "load_at_start": round(load, 2)},
        "postgresql": dict(SETTINGS),
        "catalogues": [_to_json(one) for one in measured],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _to_json(one: Measured) -> Mapping[str, Any]:
    return {
        "database": one.database,
        "size": one.size,
        "filling_seconds": one.filling_seconds,
        "searches": [
            {**asdict(timing), "query": timing.query.name, "p95": timing.ours_at(0.95)}
            for timing in one.timings
        ],
        "others": [measurement.to_json() for measurement in one.others],
        "registration": one.registration,
    }
