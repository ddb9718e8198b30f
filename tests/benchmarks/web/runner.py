"""Asking for each kind of page, many times, with other arguments each time."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median

from sqlalchemy import select

from catalog_service.database import open_database
from catalog_service.tables import File, ObservingSession, Store, Transfer
from librarian import Librarian
from tests.benchmarks.search.catalogue import SEED
from tests.benchmarks.search.runner import known_of, quantile
from tests.benchmarks.search.sites import SearchedCatalog
from tests.benchmarks.web.asked import Around, Asked, PageKind
from tests.benchmarks.web.browser import Browser
from tests.benchmarks.web.calls import PageCalls
from tests.benchmarks.web.fill import OBSERVATIONS_OF_A_LARGE_ONE, busy_files
from tests.benchmarks.web.sites import WebSite

RUNS = 50
_WARMING_RUNS = 2
_COMPARED_RUNS = 4
# A kind of page that takes as long as this, all in all, is slow: fewer of it tell that too.
_MOST_SECONDS = 5.0
_SAMPLED_TRANSFERS = 1000


@dataclass
class Timing:
    """What a kind of page took: in milliseconds, in processor time of each part, in bytes."""

    kind: PageKind
    pages: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    # Processor milliseconds a page.
    cpu: dict[str, float] = field(default_factory=dict)
    # The same pages once more, and their calls by the client alone, by turns.
    again: list[float] = field(default_factory=list)
    calls_alone: list[float] = field(default_factory=list)
    call_counts: list[int] = field(default_factory=list)
    slowest: str = ""
    # What was not answered as it should have been.
    failures: list[str] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Return what half of the pages took at most."""
        return median(self.pages)

    @property
    def p95(self) -> float:
        """Return what all but few took at most."""
        return quantile(self.pages, 0.95)

    @property
    def is_met(self) -> bool:
        """Tell whether the floor is met."""
        return not self.failures and self.p95 <= self.kind.floor_ms

    @property
    def all_cpu(self) -> float:
        """Return the processor milliseconds of a page, of all parts."""
        return sum(self.cpu.values())


def run_pages(site: WebSite, kinds: Iterable[PageKind], runs: int = RUNS) -> list[Timing]:
    """Ask for pages of each kind; the same ones whenever this is run."""
    timings = []
    with site.catalog.librarian() as librarian, site.browser() as browser:
        calls, around = PageCalls(site.catalog, librarian), around_of(site.catalog, librarian)
        for kind in kinds:
            around.random.seed(f"{SEED} {kind.name}")
            timing = _run(site, browser, calls, kind, around, runs)
            print(_line(timing), file=sys.stderr, flush=True)
            timings.append(timing)
    return timings


def around_of(catalog: SearchedCatalog, librarian: Librarian) -> Around:
    """Return what requests are made from."""
    database = open_database(catalog.database_url)
    try:
        with database.readings() as db:
            busy = db.scalars(select(File.name).where(File.id.in_(busy_files(catalog.size))))
            is_large = ObservingSession.observation_count > OBSERVATIONS_OF_A_LARGE_ONE
            large = db.scalars(select(ObservingSession.id).where(is_large))
            transfers = db.scalars(
                select(Transfer.id).order_by(Transfer.id.desc()).limit(_SAMPLED_TRANSFERS)
            )
            stores = db.scalars(select(Store.name))
            return Around(
                Random(SEED),  # noqa: S311 - values, not secrets
                known_of(catalog),
                librarian,
                list(busy),
                list(large),
                list(transfers),
                list(stores),
            )
    finally:
        database.dispose()


def _run(
    site: WebSite, browser: Browser, calls: PageCalls, kind: PageKind, around: Around, runs: int
) -> Timing:
    timing = Timing(kind)
    for _ in range(_WARMING_RUNS):
        browser.ask(kind.make(around))
    asked = [kind.make(around) for _ in range(runs)]
    before = site.cpu()
    until = time.monotonic() + _MOST_SECONDS
    for one in asked:
        if time.monotonic() > until:
            break
        answer = browser.ask(one)
        if answer.status not in kind.statuses:
            timing.failures.append(f"{answer.status} {one.path}")
        if answer.milliseconds > max(timing.pages, default=0.0):
            timing.slowest = one.path
        timing.pages.append(answer.milliseconds)
        timing.sizes.append(len(answer.body))
    after = site.cpu()
    timing.cpu = {name: (after[name] - before[name]) * 1000 / len(timing.pages) for name in after}
    done = asked[: len(timing.pages)]
    _compare(browser, calls, timing, done[:: -(-len(done) // _COMPARED_RUNS)])
    return timing


def _compare(browser: Browser, calls: PageCalls, timing: Timing, asked: Sequence[Asked]) -> None:
    for one in asked:
        made = calls.find(one)
        timing.call_counts.append(len(made))
        timing.calls_alone.append(calls.milliseconds(made))
        timing.again.append(browser.ask(one).milliseconds)


def _line(timing: Timing) -> str:
    cpu = " ".join(f"{name} {value:.1f}" for name, value in timing.cpu.items())
    return (
        f"{timing.kind.name} | p50 {timing.p50:.1f} | p95 {timing.p95:.1f} | again"
        f" {median(timing.again):.1f} | {max(timing.call_counts)} calls"
        f" {median(timing.calls_alone):.1f} | cpu {cpu} | {median(timing.sizes) / 1000:.0f} kB |"
        f" {'met' if timing.is_met else f'MISSED {timing.slowest[:200]} {timing.failures[:2]}'}"
    )
