"""From "ingested at the source" to "remote instance on record there", on an idle pair of sites."""

import statistics
import time
from collections.abc import Iterator

from tests.benchmarks.bench_pairs import BenchPair
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement
from tests.system.neighbours import NEIGHBOUR

FILES = 50
SIZE_BYTES = 1 << 20
WARM_FILES = 3
P95 = Bound("ours", "<=", 2.0)


def measure(bench: BenchPair) -> Iterator[Measurement]:
    """Measure the seconds of each file, by each way; a standing order sends them."""
    with bench.site.librarian() as site:
        site.create_standing_order("all", NEIGHBOUR, {"name-matches": "%"})
    for way in ("stream", "rsync"):
        bench.take_way(way)
        times = _push_singly(bench, way)[WARM_FILES:]
        p95 = statistics.quantiles(times, n=20)[-1]
        case = f"1 MiB file at the neighbour by {way}, p95 of {FILES}"
        yield Measurement(case, bench.database, "s", p95, None, P95, {"ours": times})


def _push_singly(bench: BenchPair, way: str) -> list[float]:
    directory = bench.directory / f"source-{way}"
    count = WARM_FILES + FILES
    paths = make_files(directory, f"single-{way}", count=count, size_bytes=SIZE_BYTES)
    times = []
    with bench.site.librarian() as site:
        for path in paths:
            wanted = bench.there_count() + 1
            site.upload(path, path.name, null_obsid=True)
            began = time.perf_counter()
            bench.wait_until_there(wanted)
            times.append(time.perf_counter() - began)
    return times
