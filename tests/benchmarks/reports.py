"""Telling what was measured: a table for people, and JSON."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measurements import Measurement

GIBIBYTE = 1 << 30
COLUMNS = ("case", "database", "unit", "ours", "yardstick", "ratio", "bound", "met")


def print_table(measurements: Sequence[Measurement]) -> None:
    """Print the table."""
    table = Table(*COLUMNS)
    for measurement in measurements:
        table.add_row(*_cells(measurement))
    Console(width=None if os.isatty(1) else 140).print(table)


def write_markdown(measurements: Sequence[Measurement]) -> str:
    """Return the table as Markdown has it."""
    rows = [
        COLUMNS,
        ("---",) * len(COLUMNS),
        *(_cells(measurement) for measurement in measurements),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def write_json(measurements: Sequence[Measurement], path: Path, load: float) -> None:
    """Write all that was measured, and on what machine."""
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(
                os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIBIBYTE
            ),
            "python": platform.python_version(),
            "load_at_start": round(load, 2),
        },
        "measurements": [measurement.to_json() for measurement in measurements],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _cells(measurement: Measurement) -> tuple[str, ...]:
    ratio, bound = measurement.ratio, measurement.bound
    return (
        measurement.case,
        measurement.database,
        measurement.unit,
        _number(measurement.ours),
        "" if measurement.yardstick is None else _number(measurement.yardstick),
        "" if ratio is None else f"{ratio:.2f}",
        "" if bound is None else str(bound),
        "" if bound is None else "yes" if measurement.is_met else "NO",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
