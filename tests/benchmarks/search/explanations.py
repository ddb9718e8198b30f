"""Explaining where files are, and why not elsewhere, in a catalogue of that size."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from librarian import Librarian
from tests.benchmarks.measurements import Bound, Measurement
from tests.benchmarks.search.catalogue import SEED
from tests.benchmarks.search.runner import known_of, quantile
from tests.benchmarks.search.sites import SearchedCatalog
from tests.polling import wait_until

RUNS = 200
_ORDERS = 20
_NEIGHBOUR = "archive"
_LIMIT = Bound("ours", "<=", 200)
_LONG_SECONDS = 3600.0


def measure_explanations(catalog: SearchedCatalog) -> Iterator[Measurement]:
    """Measure explanations of files that wait in a queue, and of files that no order matches."""
    random, known = Random(SEED), known_of(catalog)  # noqa: S311 - values, not secrets
    nights = [known.night(random) for _ in range(_ORDERS)]
    with catalog.librarian() as site, _neighbour(site, nights):
        queued = [file.name for file in site.search_files(f"name:zen.{nights[-1]}.*")]
        anywhere = [name for name in known.names if not name.endswith(".missing")]
        for kind, names in (("queued", queued), ("anywhere", anywhere)):
            times = [_explain_ms(site, random.choice(names)) for _ in range(RUNS)]
            case = f"explaining a file, {kind}, p95"
            yield Measurement(case, catalog.database, "ms", quantile(times, 0.95), None, _LIMIT)


def _explain_ms(site: Librarian, name: str) -> float:
    began = time.perf_counter()
    site.explain_file(name)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _neighbour(site: Librarian, nights: Sequence[int]) -> Iterator[None]:
    """Have a neighbour to which nothing goes just now, and an order for each of some nights."""
    site.add_librarian(
        _NEIGHBOUR, "127.0.0.1:1", "telescope:lib_none", transfers_enabled=False, check=False
    )
    try:
        for number, night in enumerate(nights):
            site.create_standing_order(f"order-{number}", _NEIGHBOUR, f"name:zen.{night}.*")
        wait_until(
            lambda: not any(order.back_filling for order in site.list_standing_orders()),
            what="orders that looked at all files",
            timeout_seconds=_LONG_SECONDS,
        )
        yield
    finally:
        for order in site.list_standing_orders():
            site.delete_standing_order(order.name)
        site.remove_librarian(_NEIGHBOUR, cancel_transfers=True)
