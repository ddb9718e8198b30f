"""A million transfers queued by one standing order, and how other calls fare meanwhile."""

import statistics
import time
from collections.abc import Iterator

from librarian import Librarian
from tests.benchmarks.bench_sites import Bench
from tests.benchmarks.large_catalogues import SIZE, add_neighbour, fill_catalogue
from tests.benchmarks.measurements import Bound, Measurement, let_pass
from tests.benchmarks.processes import peak_bytes, reset_peak
from tests.system.neighbours import NEIGHBOUR

ORDER = "everything"
LIMIT = Bound("ours", "<=", 300.0)
CALLS = Bound("ours", "<=", 100.0)
MEMORY = Bound("ours", "<=", 64.0)
MEBIBYTE = 1 << 20
_LOOK_SECONDS = 0.5
_CALL_PAUSE_SECONDS = 0.02
_LONG_SECONDS = 3600.0


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure the seconds until all are queued, other calls' p95, and the catalogue's growth."""
    add_neighbour(bench)
    count = fill_catalogue(bench)
    with bench.site.librarian() as site:
        name = next(iter(site.search_files({"name-matches": "%"}))).name
        _call_others(site, name, 50)
        pid = bench.site.pid("catalog_service")
        held = reset_peak(pid)
        began = time.monotonic()
        site.create_standing_order(ORDER, NEIGHBOUR, {"name-matches": "%"})
        times = _call_until_filled(site, name)
        seconds = time.monotonic() - began
        queued = site.get_librarian(NEIGHBOUR).queued_count
    if queued != count:
        raise RuntimeError(f"{queued} of {count} transfers were queued.")
    case = f"{SIZE:,} transfers queued by one order"
    yield Measurement(case, bench.database, "s", seconds, None, LIMIT)
    p95 = statistics.quantiles(times, n=20)[-1] * 1000
    yield Measurement(f"{case}: other calls' p95", bench.database, "ms", p95, None, CALLS)
    grown = (peak_bytes(pid) - held) / MEBIBYTE
    yield Measurement(f"{case}: catalogue grew", bench.database, "MiB", grown, None, MEMORY)


def _call_until_filled(site: Librarian, name: str) -> list[float]:
    """Return the seconds of other calls, by turns, until the order has looked at all files."""
    times: list[float] = []
    look_at = time.monotonic()
    deadline = look_at + _LONG_SECONDS
    while time.monotonic() < deadline:
        times += _call_others(site, name, 1)
        let_pass(_CALL_PAUSE_SECONDS)
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + _LOOK_SECONDS
            if not site.get_standing_order(ORDER).back_filling:
                return times
    raise RuntimeError(f"The order has not looked at all files in {_LONG_SECONDS:.0f} s.")


def _call_others(site: Librarian, name: str, rounds: int) -> list[float]:
    """Call what reads one file, what searches, and what writes one."""
    calls = (
        lambda: site.get_file(name),
        lambda: next(iter(site.search_files({"name-matches": name}))),
        lambda: site.update_metadata(name, {"looked": time.monotonic()}),
    )
    times = []
    for _ in range(rounds):
        for call in calls:
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
    return times
