"""Measure the speed of a site beside its yardsticks; exit 1 when a floor is missed."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import (
    calls,
    idle_sites,
    large_files,
    latency,
    pushes,
    queueing,
    registration,
    small_files,
    stagings,
)
from tests.benchmarks.bench_pairs import BenchPair, bench_pair
from tests.benchmarks.bench_sites import DATABASES, Bench, bench_site
from tests.benchmarks.measurements import Measurement
from tests.benchmarks.reports import print_table, write_json, write_markdown
from tests.postgres_cluster import PostgresCluster, running_cluster
from tests.system.site import ALL_SERVICES, Environments

CASES: dict[str, Callable[[Bench], Iterator[Measurement]]] = {
    "small-files": small_files.measure,
    "registration": registration.measure,
    "large-files": large_files.measure,
    "staging": stagings.measure,
    "calls": calls.measure,
    "queueing": queueing.measure,
}
# With all services, and settings as installed.
WHOLE_SITE_CASES: dict[str, Callable[[Bench], Iterator[Measurement]]] = {
    "idle": idle_sites.measure,
}
PAIR_CASES: dict[str, Callable[[BenchPair], Iterator[Measurement]]] = {
    "pushes": pushes.measure,
    "push-latency": latency.measure,
}
AS_INSTALLED: Environments = {
    "store_agent": {"LIBRARIAN_STORE_AGENT__ANNOUNCE_SECONDS": "5"},
}
ALL_CASES = (*CASES, *WHOLE_SITE_CASES, *PAIR_CASES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen cases on the chosen databases, and tell how they went."""
    options = _parse(arguments)
    databases = DATABASES if options.database == "both" else (options.database,)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): take the numbers as hints.", file=sys.stderr)
    measurements: list[Measurement] = []
    # The yardsticks make sure of their bytes, and so must this database.
    cluster = running_cluster(fsync=True) if "postgresql" in databases else nullcontext()
    with TemporaryDirectory(prefix="librarian-bench-") as root, cluster as running:
        for name in options.case or ALL_CASES:
            for database in databases:
                used = running if database == "postgresql" else None
                measurements += _run(name, Path(root), used)
    print_table(measurements)
    write_json(measurements, options.json, load)
    if options.markdown:
        options.markdown.write_text(write_markdown(measurements), encoding="utf-8")
    return 0 if all(measurement.is_met for measurement in measurements) else 1


def _run(name: str, root: Path, cluster: PostgresCluster | None) -> list[Measurement]:
    found = []
    for measurement in _measure(name, root, cluster):
        print(measurement.to_json(), file=sys.stderr, flush=True)
        found.append(measurement)
    return found


def _measure(name: str, root: Path, cluster: PostgresCluster | None) -> Iterator[Measurement]:
    if name in CASES:
        with bench_site(root, name, cluster) as bench:
            yield from CASES[name](bench)
    elif name in WHOLE_SITE_CASES:
        with bench_site(
            root, name, cluster, services=ALL_SERVICES, environment=AS_INSTALLED
        ) as bench:
            yield from WHOLE_SITE_CASES[name](bench)
    else:
        with bench_pair(root, name, cluster) as pair:
            yield from PAIR_CASES[name](pair)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--case", nargs="+", choices=ALL_CASES, metavar="NAME", help=", ".join(ALL_CASES)
    )
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks.json"), metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
