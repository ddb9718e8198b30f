"""The coverage of the sky: sidereal time against night, as an SVG of one path for each colour.

A cell is a unit wide and high, so a path is short, and a picture of thousands of cells is small.
Cells of one colour that are side by side are drawn as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from librarian.client.statistics import Coverage, CoverageCell
from web_frontend.formats import format_size
from web_frontend.plots.axes import Tick, day_of_night, hour_ticks, night_ticks
from web_frontend.plots.levels import Scale, make_scale

MEASURES = {"bytes": "Data volume", "files": "Files", "observations": "Observations"}


@dataclass(frozen=True, slots=True)
class Row:
    """What was observed in the nights of one column: a line of the table behind the picture."""

    first_night: int
    last_night: int
    first_lst_hr: float
    last_lst_hr: float
    files: int
    total_bytes: int
    observations: int

    @property
    def day(self) -> str:
        """Return the date on whose evening the first of the nights begins."""
        return day_of_night(self.first_night).isoformat()


@dataclass(frozen=True, slots=True)
class CoveragePlot:
    """What is drawn, and what stands around it."""

    columns: int
    bins: int
    # Colours, from 0, and the paths that have them.
    paths: Sequence[tuple[int, str]]
    scale: Scale
    night_ticks: Sequence[Tick]
    hour_ticks: Sequence[Tick]
    # What the page's script tells of each cell: column, cell, files, observations, size.
    values: str
    rows: Sequence[Row]


def value_of(cell: CoverageCell, measure: str) -> int:
    """Return by what a cell is coloured."""
    if measure == "files":
        return cell.files
    return cell.observations if measure == "observations" else cell.total_bytes


def draw_coverage(coverage: Coverage, measure: str) -> CoveragePlot:
    """Return the picture of a coverage, coloured by one of MEASURES."""
    nights = coverage.max_night_jd - coverage.min_night_jd + 1
    columns = -(-nights // coverage.nights_per_column)
    # Without bytes there may still be files.
    scale = make_scale([value_of(cell, measure) for cell in coverage.cells])
    shown_nights = columns * coverage.nights_per_column
    return CoveragePlot(
        columns,
        coverage.lst_bins,
        _paths(coverage, measure, scale),
        scale,
        night_ticks(coverage.min_night_jd, shown_nights),
        hour_ticks(),
        ";".join(
            f"{c.column},{c.lst_bin},{c.files},{c.observations},{format_size(c.total_bytes)}"
            for c in coverage.cells
        ),
        _rows(coverage),
    )


def _paths(coverage: Coverage, measure: str, scale: Scale) -> list[tuple[int, str]]:
    pieces: dict[int, list[str]] = {}
    places = sorted(
        (coverage.lst_bins - 1 - cell.lst_bin, cell.column, scale.level_of(value_of(cell, measure)))
        for cell in coverage.cells
    )
    # Runs keep the difference of column and place in their line, and their colour.
    for (line, level, _), run in groupby(enumerate(places), key=_run_of):
        cells = list(run)
        column, width = cells[0][1][1], len(cells)
        pieces.setdefault(level, []).append(f"M{column} {line}h{width}v1h-{width}z")
    return [(level, "".join(pieces[level])) for level in sorted(pieces)]


def _run_of(item: tuple[int, tuple[int, int, int]]) -> tuple[int, int, int]:
    number, (line, column, level) = item
    return line, level, column - number


def _rows(coverage: Coverage) -> list[Row]:
    hours = 24 / coverage.lst_bins
    rows = []
    by_column = sorted(coverage.cells, key=lambda cell: (cell.column, cell.lst_bin))
    for column, group in groupby(by_column, key=lambda cell: cell.column):
        cells = list(group)
        first = coverage.min_night_jd + column * coverage.nights_per_column
        rows.append(
            Row(
                first,
                min(first + coverage.nights_per_column - 1, coverage.max_night_jd),
                cells[0].lst_bin * hours,
                (cells[-1].lst_bin + 1) * hours,
                sum(cell.files for cell in cells),
                sum(cell.total_bytes for cell in cells),
                sum(cell.observations for cell in cells),
            )
        )
    return rows
