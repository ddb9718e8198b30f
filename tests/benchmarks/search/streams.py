"""A long answer, read to its end; and registration beside a catalogue of that size."""

import time
from collections.abc import Iterator
from functools import partial

from librarian import Librarian
from tests.benchmarks.made_files import make_empty_files
from tests.benchmarks.measurements import Bound, Measurement, seconds_of
from tests.benchmarks.processes import own_pid, peak_bytes, reset_peak
from tests.benchmarks.search.sites import STORE, SearchedCatalog

STREAMED_ROWS = 1_000_000
# Not counted: what is loaded with a first search, and the buffers of its first pages.
_WARMING_ROWS = 20_000
REGISTERED_FILES = 20_000
_PER_DIRECTORY = 1000
_ROUNDS = 3
_RATE = Bound("ours", ">=", 50_000)
_FIRST_ROW = Bound("ours", "<=", 200)
_GROWTH = Bound("ours", "<=", 64)
_SEARCH = "name:zen.*"
_MEBIBYTE = 1 << 20


def measure_stream(catalog: SearchedCatalog) -> Iterator[Measurement]:
    """Measure rows a second, the first row, and by how much both ends grew."""
    watched = {"client": own_pid(), "catalogue": catalog.pid()}
    with catalog.librarian() as site:
        _read(site, _WARMING_ROWS)
        before = {who: reset_peak(pid) for who, pid in watched.items()}
        first_ms, rows, seconds = _read(site, STREAMED_ROWS)
        growth = {who: (peak_bytes(pid) - before[who]) / _MEBIBYTE for who, pid in watched.items()}
    case, database = f"streaming {rows:,} files of {catalog.size:,}", catalog.database
    yield Measurement(case, database, "rows/s", rows / seconds, None, _RATE)
    yield Measurement(f"{case}: first row", database, "ms", first_ms, None, _FIRST_ROW)
    for who, grown in growth.items():
        yield Measurement(f"{case}: {who} grew", database, "MiB", grown, None, _GROWTH)


def _read(site: Librarian, limit: int) -> tuple[float, int, float]:
    began = time.perf_counter()
    found = iter(site.search_files(_SEARCH, limit=limit))
    next(found)
    first_ms = (time.perf_counter() - began) * 1000
    rows = 1 + sum(1 for _ in found)
    return first_ms, rows, time.perf_counter() - began


def measure_registration(catalog: SearchedCatalog) -> list[float]:
    """Return how many files a second were registered, round by round."""
    catalog.start_agent()
    rates = []
    with catalog.librarian() as site:
        for number in range(_ROUNDS + 1):
            # A catalogue that is used again has those of earlier measurements.
            folder = f"registered-{time.time_ns()}"
            make_empty_files(
                catalog.layout.store / folder,
                folder,
                count=REGISTERED_FILES,
                per_directory=_PER_DIRECTORY,
            )
            rate = REGISTERED_FILES / seconds_of(partial(_register, site, folder))
            # The first round makes all ready.
            rates += [rate] if number else []
    return rates


def _register(site: Librarian, folder: str) -> None:
    done = list(site.register(STORE, [folder], recursive=True, null_obsid=True))
    count = sum(progress.registered_count for progress in done)
    if count != REGISTERED_FILES:
        raise RuntimeError(f"{count} of {REGISTERED_FILES} files were registered: {done}")
