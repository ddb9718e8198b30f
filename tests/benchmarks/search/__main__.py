"""Measure how fast searches answer, in a small catalogue and in a large one; exit 1 below a floor.

Catalogues are kept beneath --keep, and measured again from there: to fill one of ten million files
takes many minutes.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measurements import Measurement
from tests.benchmarks.search.explanations import measure_explanations
from tests.benchmarks.search.fill import forget_newer_files
from tests.benchmarks.search.queries import QUERIES
from tests.benchmarks.search.report import Measured, rows_of, write_json, write_markdown
from tests.benchmarks.search.runner import RUNS, run_queries
from tests.benchmarks.search.sites import SearchedCatalog, filling_seconds, searched_catalog
from tests.benchmarks.search.streams import measure_registration, measure_stream

SMALL_SIZE = 100_000
LARGEST_SQLITE = 1_000_000
SLOWEST_REGISTRATION = 0.7
DATABASES = ("postgresql", "sqlite")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, and tell how it went."""
    options = _parse(arguments)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): take the numbers as hints.", file=sys.stderr)
    measured: list[Measured] = []
    with kept_or_temporary(options.keep) as root:
        for database in DATABASES if options.database == "both" else (options.database,):
            for size in _sizes(database, options.size):
                measured.append(_measure(root, database, size, options))
    text = write_markdown(measured, next((m for m in measured if m.size == SMALL_SIZE), None))
    print(text)
    write_json(measured, options.json, load)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    return 0 if all(_is_met(one, measured) for one in measured) else 1


def _measure(root: Path, database: str, size: int, options: argparse.Namespace) -> Measured:
    directory = root / f"{database}-{size}"
    chosen = [q for q in QUERIES if not options.query or any(w in q.name for w in options.query)]
    with searched_catalog(directory, database, size) as catalog:
        measured = Measured(database, size, filling_seconds(directory))
        measured.timings = run_queries(catalog, options.runs, chosen)
        if not options.query:
            measured.others = list(_others(catalog)) if size > SMALL_SIZE else []
            measured.registration = measure_registration(catalog)
            forget_newer_files(catalog.database_url, catalog.last_file_id)
    return measured


def _others(catalog: SearchedCatalog) -> Iterator[Measurement]:
    yield from measure_stream(catalog)
    yield from measure_explanations(catalog)


def _is_met(one: Measured, measured: Sequence[Measured]) -> bool:
    """Tell whether a catalogue answers quickly enough, and takes new files quickly enough."""
    small = next((m for m in measured if (m.database, m.size) == (one.database, SMALL_SIZE)), None)
    beside = None if small is one else small
    keeps_pace = (
        beside is None
        or not (one.registration and beside.registration)
        or statistics.median(one.registration)
        >= SLOWEST_REGISTRATION * statistics.median(beside.registration)
    )
    rows = rows_of(one, beside)
    are_quick = all(row.is_met for row in rows) and all(other.is_met for other in one.others)
    return keeps_pace and are_quick


def _sizes(database: str, size: int) -> list[int]:
    if database == "sqlite":
        return [min(size, LARGEST_SQLITE)]
    return sorted({min(size, SMALL_SIZE), size})


@contextmanager
def kept_or_temporary(kept: Path | None) -> Iterator[Path]:
    """Yield the directory of the catalogues, or one that goes afterwards."""
    if kept is not None:
        yield kept.resolve()
        return
    with TemporaryDirectory(prefix="librarian-bench-") as root:
        # Who serves PostgreSQL must get to its files.
        Path(root).chmod(0o755)
        yield Path(root)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.search", description=__doc__)
    parser.add_argument("--size", type=int, default=10_000_000, help="files of the large catalogue")
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each search")
    parser.add_argument("--query", nargs="+", metavar="WORDS", help="only searches named so")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the catalogues there")
    parser.add_argument("--json", type=Path, default=Path("build/search.json"), metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables there")
    options = parser.parse_args(arguments)
    if options.size < SMALL_SIZE:
        parser.error(f"--size is at least {SMALL_SIZE:,}: fewer files have no page 50")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
