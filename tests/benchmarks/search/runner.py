"""Running the searches: through the client, and beside it their SQL by the driver."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

from librarian import Librarian
from tests.benchmarks.search.bare import BareSearches
from tests.benchmarks.search.catalogue import SEED
from tests.benchmarks.search.queries import LISTED_NAMES, QUERIES, Ask, Known, Query
from tests.benchmarks.search.sites import SearchedCatalog

RUNS = 200
# Not counted: what is loaded with the first search of a kind.
_WARMING_RUNS = 5
_SAMPLED_OBSIDS = 1000


@dataclass
class Timing:
    """What the runs of one query took, in milliseconds, and how many rows each gave."""

    query: Query
    database: str
    size: int
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    # What was asked for in the slowest run, and how the database went about it.
    slowest: str = ""
    plan: str = ""

    def ours_at(self, part: float) -> float:
        """Return what that part of our runs took at most."""
        return quantile(self.ours, part)

    def bare_at(self, part: float) -> float:
        """Return what that part of the bare runs took at most."""
        return quantile(self.bare, part)

    @property
    def mean_rows(self) -> float:
        """How many rows an answer had."""
        return sum(self.rows) / len(self.rows)

    @property
    def floor_ms(self) -> float:
        """What slow runs may take."""
        return self.query.floor_ms(self.database)

    @property
    def is_met(self) -> bool:
        """Tell whether the floor is met."""
        return self.ours_at(0.95) <= self.floor_ms


def run_queries(
    catalog: SearchedCatalog, runs: int = RUNS, queries: Sequence[Query] = QUERIES
) -> list[Timing]:
    """Run queries with other values at each run; the same ones whenever this is run."""
    timings = []
    known = known_of(catalog)
    with closing(BareSearches(catalog.database_url)) as bare, catalog.librarian() as site:
        for query in queries:
            timing = _run(
                query, site, bare, known, Timing(query, catalog.database, known.size), runs
            )
            print(_line(timing), file=sys.stderr, flush=True)
            timings.append(timing)
    return timings


def _run(
    query: Query, site: Librarian, bare: BareSearches, known: Known, timing: Timing, runs: int
) -> Timing:
    random = Random(f"{SEED} {query.name}")  # noqa: S311 - values, not secrets
    for _ in range(_WARMING_RUNS):
        _search(site, query.make(random, known), "")
    slowest: tuple[float, Ask | None, str] = (0.0, None, "")
    for _ in range(runs):
        ask = query.make(random, known)
        token = _token(site, ask) if ask.skipped else ""
        assert ask.text  # Written before the clock starts.
        began = time.perf_counter()
        rows = _search(site, ask, token)
        timing.ours.append((time.perf_counter() - began) * 1000)
        slowest = max(slowest, (timing.ours[-1], ask, token), key=lambda run: run[0])
        statements = bare.statements(ask, token)
        began = time.perf_counter()
        bare_rows = bare.run(statements)
        timing.bare.append((time.perf_counter() - began) * 1000)
        if not ask.counts and bare_rows != rows:
            raise RuntimeError(f"{rows} rows by the client, {bare_rows} by the driver: {ask}")
        timing.rows.append(rows)
    if slowest[1] is not None:
        timing.slowest = f"{slowest[1].text[:300]} {slowest[1].order_by}"
        timing.plan = bare.plan(bare.statements(slowest[1], slowest[2]))
    return timing


def _search(site: Librarian, ask: Ask, page_token: str) -> int:
    """Search through the client and read the whole answer; return its rows, or the count."""
    with closing(_result(site, ask, ask.limit, page_token)) as result:
        return result.count() if ask.counts else sum(1 for _ in result)


def _token(site: Librarian, ask: Ask) -> str:
    result = _result(site, ask, ask.skipped, "")
    if sum(1 for _ in result) != ask.skipped:
        raise RuntimeError(f"Too few rows match for a page so far on: {ask}")
    return str(result.page_token)


def _result(site: Librarian, ask: Ask, limit: int, page_token: str) -> Any:
    searches: dict[str, Any] = {
        "files": site.search_files,
        "observations": site.search_observations,
        "sessions": site.search_sessions,
    }
    search = searches[ask.item]
    return search(ask.text, limit=limit, order_by=ask.order_by, page_token=page_token)


def known_of(catalog: SearchedCatalog) -> Known:
    """Return what is asked for in a catalogue; the same whenever it is looked at."""
    with closing(BareSearches(catalog.database_url)) as bare:
        return _known(bare)


def _known(bare: BareSearches) -> Known:
    random = Random(SEED)  # noqa: S311 - values, not secrets
    (last,) = bare.fetch("SELECT max(id) FROM file")
    wanted = sorted(random.sample(range(1, last + 1), min(last, LISTED_NAMES + 1)))
    numbers = ", ".join(map(str, wanted))
    names = bare.fetch(f"SELECT name FROM file WHERE id IN ({numbers})")  # noqa: S608
    random.shuffle(names)
    # Of what is asked for by name, few are not there.
    missing = [f"zen.{number}.missing" for number in range(LISTED_NAMES - len(names))]
    obsids = bare.fetch("SELECT obsid FROM observation ORDER BY obsid")
    sessions = bare.fetch("SELECT id FROM observing_session ORDER BY id")
    chosen = random.sample(obsids, min(len(obsids), _SAMPLED_OBSIDS))
    return Known(last, names + missing, chosen, sessions)


def quantile(times: list[float], part: float) -> float:
    """Return what that part of some times is at most."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _line(timing: Timing) -> str:
    return (
        f"{timing.database} {timing.size:,} | {timing.query.name} |"
        f" p50 {timing.ours_at(0.5):.1f} | p95 {timing.ours_at(0.95):.1f} |"
        f" bare p95 {timing.bare_at(0.95):.1f} | rows {timing.mean_rows:.0f} |"
        f" {'met' if timing.is_met else 'MISSED'}"
    )
