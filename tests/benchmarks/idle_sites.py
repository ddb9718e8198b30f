"""What an idle site with a million files and 20 standing orders takes of a core."""

import time
from collections.abc import Iterator

from tests.benchmarks.bench_sites import Bench, opened
from tests.benchmarks.large_catalogues import (
    SIZE,
    add_neighbour,
    believe_all_there,
    fill_catalogue,
)
from tests.benchmarks.measurements import Bound, Measurement, let_pass
from tests.benchmarks.processes import cpu_seconds, parent_of
from tests.polling import wait_until
from tests.system.neighbours import NEIGHBOUR
from tests.system.site import ALL_SERVICES

ORDERS = 20
SECONDS = 60.0
# What was set going by the preparations comes to rest.
REST_SECONDS = 15.0
# Default of `order_sweep_minutes`.
SWEEP_SECONDS = 3600.0
LIMIT = Bound("ours", "<=", 2.0)
_LONG_SECONDS = 3600.0


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure the processor time of all its processes, those of its database among them."""
    add_neighbour(bench)
    fill_catalogue(bench)
    believe_all_there(bench)
    before = _cpu_seconds(bench)
    _make_orders(bench)
    sweep_seconds = _cpu_seconds(bench) - before
    let_pass(REST_SECONDS)
    before, began = _cpu_seconds(bench), time.monotonic()
    let_pass(SECONDS)
    idle = 100 * (_cpu_seconds(bench) - before) / (time.monotonic() - began)
    case = f"an idle site of {SIZE:,} files and {ORDERS} orders"
    yield Measurement(case, bench.database, "% of a core", idle, None, LIMIT)
    swept = idle + 100 * sweep_seconds / SWEEP_SECONDS
    case = f"{case}, its hourly looks at all files among it"
    yield Measurement(case, bench.database, "% of a core", swept, None, LIMIT)


def _make_orders(bench: Bench) -> None:
    """Make orders, and return when each has looked at all files."""
    with bench.site.librarian() as site:
        for number in range(ORDERS):
            search = {"name-matches": f"zen.%{number:02}%"}
            site.create_standing_order(f"order-{number}", NEIGHBOUR, search)
        wait_until(
            lambda: not any(order.back_filling for order in site.list_standing_orders()),
            what="orders that looked at all files",
            timeout_seconds=_LONG_SECONDS,
            interval_seconds=0.5,
        )


def _cpu_seconds(bench: Bench) -> float:
    pids = [bench.site.pid(service) for service in ALL_SERVICES]
    if bench.database == "postgresql":
        with opened(bench.open_catalog()) as catalog:
            pids.append(parent_of(int(catalog.fetch("SELECT pg_backend_pid()")[0][0])))
    return sum(map(cpu_seconds, pids))
