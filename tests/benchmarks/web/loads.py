"""What pages cost a site: many at once, many in a row, watched ones, and nobody looking."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.benchmarks.measurements import Bound, Measurement, let_pass
from tests.benchmarks.processes import reset_peak
from tests.benchmarks.web.asked import Around, Asked, at, part
from tests.benchmarks.web.browser import Browser
from tests.benchmarks.web.site_rows import FIRST_KEY, JOBS, RUNNING_JOBS
from tests.benchmarks.web.sites import WebSite

CLIENTS, LOAD_SECONDS = 8, 10.0
PAGES_IN_A_ROW, _WARMING_PAGES = 2000, 200
WATCHERS, WATCHED_SECONDS = 20, 20.0
_POLL_SECONDS = 2.0
_ROWS = "/transfers/-/queue", "/home/now", "/stores/-/rows", "/staging/-/rows", "/librarians/-/rows"
_GROWTH = Bound("ours", "<=", 16)
_UNWATCHED = Bound("ours", "<=", 5)
_MEBIBYTE = 1 << 20


def measure_loads(site: WebSite, around: Around, browser: Browser) -> Iterator[Measurement]:
    """Yield what was measured of all of these."""
    yield _many_at_once(site, around, browser)
    yield _many_in_a_row(site, around, browser)
    yield from _watched(site, browser)


def _many_at_once(site: WebSite, around: Around, browser: Browser) -> Measurement:
    pages = [_results(around) for _ in range(500)]
    one = _rate([browser.twin()], pages)
    many = _rate([browser.twin() for _ in range(CLIENTS)], pages)
    case = f"result pages, {CLIENTS} clients at once, beside one client"
    return Measurement(case, site.catalog.database, "pages/s", many, one, None)


def _rate(browsers: list[Browser], pages: list[Asked]) -> float:
    until = time.monotonic() + LOAD_SECONDS

    def ask(number: int) -> int:
        count = 0
        while time.monotonic() < until:
            browsers[number].ask(pages[(number * 61 + count) % len(pages)])
            count += 1
        browsers[number].close()
        return count

    with ThreadPoolExecutor(len(browsers)) as pool:
        return sum(pool.map(ask, range(len(browsers)))) / LOAD_SECONDS


def _results(around: Around) -> Asked:
    return at("/search", search=f"name:zen.{around.night}.* type:uvh5")


def _many_in_a_row(site: WebSite, around: Around, browser: Browser) -> Measurement:
    kinds = ("/", "/sessions", "/transfers", "/stores", "/audit")

    def ask(count: int) -> None:
        for number in range(count):
            path = kinds[number // 2 % len(kinds)]
            browser.ask(_results(around) if number % 2 else at(path))

    ask(_WARMING_PAGES)
    before = reset_peak(site.web_pid)
    ask(PAGES_IN_A_ROW)
    grown = (reset_peak(site.web_pid) - before) / _MEBIBYTE
    case = f"memory of the web process after {PAGES_IN_A_ROW:,} pages"
    return Measurement(case, site.catalog.database, "MiB more", grown, None, _GROWTH)


def _watched(site: WebSite, browser: Browser) -> Iterator[Measurement]:
    with _watchers(browser) as counted:
        let_pass(2 * _POLL_SECONDS)
        watched = _share_of_a_core(site)
    let_pass(2 * _POLL_SECONDS)
    unwatched = _share_of_a_core(site)
    database = site.catalog.database
    for name in watched:
        case = f"{WATCHERS} live pages watched: {name}, beside nobody looking"
        yield Measurement(case, database, "% of a core", watched[name], unwatched[name], None)
    case = "nobody looks: all parts"
    yield Measurement(case, database, "% of a core", sum(unwatched.values()), None, _UNWATCHED)
    if not counted:
        raise RuntimeError("Nobody watched.")


def _share_of_a_core(site: WebSite) -> dict[str, float]:
    before = site.cpu()
    let_pass(WATCHED_SECONDS)
    after = site.cpu()
    return {name: 100 * (after[name] - before[name]) / WATCHED_SECONDS for name in after}


@contextmanager
def _watchers(browser: Browser) -> Iterator[list[int]]:
    """Watch live pages: a third of them by a stream, the others by asking every 2 s."""
    stop, counted = threading.Event(), list[int]()
    threads = [
        threading.Thread(target=_watch, args=(browser.twin(), number, stop, counted), daemon=True)
        for number in range(WATCHERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        stop.set()
        for thread in threads:
            thread.join(30.0)


def _watch(browser: Browser, number: int, stop: threading.Event, counted: list[int]) -> None:
    if number % 3 == 0:
        job = FIRST_KEY + JOBS - number % RUNNING_JOBS
        response = browser.begin(at(f"/staging/{job}/stream"))
        # A heartbeat comes every 5 s: so often it is seen that nobody watches any more.
        while not stop.is_set() and response.readline():
            counted.append(number)
    else:
        while not stop.wait(_POLL_SECONDS):
            browser.ask(part(_ROWS[number % len(_ROWS)]))
            counted.append(number)
    browser.close()
