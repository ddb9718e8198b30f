"""Telling what pages took: tables for people, and JSON."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.measurements import Measurement
from tests.benchmarks.reports import write_markdown as write_measurements
from tests.benchmarks.search.sites import SETTINGS
from tests.benchmarks.web.runner import Timing

_COLUMNS = (
    "page",
    "runs",
    "p50 ms",
    "p95 ms",
    "CPU ms: web",
    "catalogue",
    "database",
    "calls",
    "again ms",
    "calls alone ms",
    "ratio",
    "kB",
    "met",
)
_BEGIN, _END = "<!-- speed: begin -->", "<!-- speed: end -->"


@dataclass
class Measured:
    """What was measured of one catalogue."""

    database: str
    size: int
    timings: list[Timing] = field(default_factory=list)
    others: list[Measurement] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the catalogue is called in tables."""
        names = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
        return f"{names[self.database]}, {self.size:,} files"

    @property
    def is_met(self) -> bool:
        """Tell whether all bounds are kept."""
        return all(one.is_met for one in self.timings) and all(one.is_met for one in self.others)


def write_tables(measured: Sequence[Measured]) -> str:
    """Return tables of all that was measured."""
    return "\n".join(f"#### {one.title}\n\n{_table(one)}\n{_others(one)}" for one in measured)


def _table(measured: Measured) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_cells(one) for one in measured.timings)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _cells(timing: Timing) -> tuple[str, ...]:
    parts = (timing.cpu.get(name) for name in ("web", "catalogue", "database"))
    again, alone = median(timing.again), median(timing.calls_alone)
    return (
        timing.kind.name,
        str(len(timing.pages)),
        f"{timing.p50:.0f}",
        f"{timing.p95:.0f}",
        *("" if part is None else f"{part:.0f}" for part in parts),
        str(max(timing.call_counts)),
        f"{again:.0f}",
        f"{alone:.0f}",
        f"{again / alone:.1f}" if timing.call_counts[0] else "",
        f"{median(timing.sizes) / 1000:.0f}",
        "yes" if timing.is_met else "NO",
    )


def _others(measured: Measured) -> str:
    return write_measurements(measured.others) if measured.others else ""


def put_into(path: Path, tables: str, load: float) -> None:
    """Put the tables in their place in a document, which begins and ends with a mark."""
    text = path.read_text(encoding="utf-8")
    before, begun, rest = text.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not (begun and ended):
        raise SystemExit(f"{path} has no place for the tables: {_BEGIN} … {_END}")
    told = (
        f"On {datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores, load {load:.1f} at the start.\n"
    )
    path.write_text(f"{before}{_BEGIN}\n{told}\n{tables}{_END}{after}", encoding="utf-8")


def write_json(measured: Sequence[Measured], path: Path, load: float) -> None:
    """Write all that was measured, with the slowest page of each kind."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "load_at_start": round(load, 2)},
        "postgresql": dict(SETTINGS),
        "catalogues": [_to_json(one) for one in measured],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _to_json(one: Measured) -> dict[str, Any]:
    return {
        "database": one.database,
        "size": one.size,
        "pages": [
            {
                "page": timing.kind.name,
                "p50": timing.p50,
                "p95": timing.p95,
                "met": timing.is_met,
                "cpu_ms": timing.cpu,
                "calls": max(timing.call_counts),
                "runs": timing.pages,
                "again": timing.again,
                "calls_alone": timing.calls_alone,
                "bytes": timing.sizes,
                "slowest": timing.slowest,
                "failures": timing.failures,
            }
            for timing in one.timings
        ],
        "others": [measurement.to_json() for measurement in one.others],
    }
