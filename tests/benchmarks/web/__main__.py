"""Measure how fast the web pages are beside a large catalogue; exit 1 where a bound is missed.

The catalogue is that of `tests.benchmarks.search`, kept beneath --keep; what else the pages show
is put beside it, once.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measurements import Measurement
from tests.benchmarks.search.__main__ import DATABASES, LARGEST_SQLITE, kept_or_temporary
from tests.benchmarks.web.asked import PageKind, at
from tests.benchmarks.web.browser import Browser
from tests.benchmarks.web.loads import measure_loads
from tests.benchmarks.web.other_pages import other_pages
from tests.benchmarks.web.report import Measured, put_into, write_json, write_tables
from tests.benchmarks.web.result_pages import result_pages
from tests.benchmarks.web.runner import RUNS, around_of, run_pages
from tests.benchmarks.web.sites import WebSite, web_site
from tests.benchmarks.web.streams import measure_download, measure_events

_SMALLEST = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, and tell how it went."""
    options = _parse(arguments)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): take the numbers as hints.", file=sys.stderr)
    measured: list[Measured] = []
    with kept_or_temporary(options.keep) as root:
        for database in DATABASES if options.database == "both" else (options.database,):
            size = min(options.size, LARGEST_SQLITE) if database == "sqlite" else options.size
            measured.append(_measure(root / f"{database}-{size}", database, size, options))
    tables = write_tables(measured)
    print(tables)
    write_json(measured, options.json, load)
    if options.into:
        put_into(options.into, tables, load)
    return 0 if all(one.is_met for one in measured) else 1


def _measure(directory: Path, database: str, size: int, options: argparse.Namespace) -> Measured:
    measured = Measured(database, size)
    with web_site(directory, database, size) as site:
        kinds = [
            kind
            for kind in _kinds(site)
            if not options.page or any(words in kind.name for words in options.page)
        ]
        measured.timings = run_pages(site, kinds, options.runs)
        if not options.page:
            measured.others = list(_others(site))
    return measured


def _kinds(site: WebSite) -> Iterator[PageKind]:
    yield from result_pages()
    yield from other_pages()
    with site.browser() as browser:
        path = _asset(browser)
    yield PageKind("yardstick: a script from disk", lambda around: at(path))


def _asset(browser: Browser) -> str:
    page = browser.ask(at("/stores")).body.decode()
    return "/static/" + page.partition('src="/static/')[2].partition('"')[0]


def _others(site: WebSite) -> Iterator[Measurement]:
    with site.catalog.librarian() as librarian, site.browser() as browser:
        around = around_of(site.catalog, librarian)
        for measure in (
            lambda: measure_loads(site, around, browser),
            lambda: measure_events(site, browser),
            lambda: measure_download(site, browser),
        ):
            for one in measure():
                print(f"{one.case} | {one.ours:.2f} {one.unit} | {one.ratio}", file=sys.stderr)
                yield one


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.web", description=__doc__)
    parser.add_argument("--size", type=int, default=10_000_000, help="files of the catalogue")
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="postgresql")
    parser.add_argument("--runs", type=int, default=RUNS, help="pages of each kind")
    parser.add_argument("--page", nargs="+", metavar="WORDS", help="only pages named so")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the catalogues there")
    parser.add_argument("--json", type=Path, default=Path("build/web.json"), metavar="FILE")
    parser.add_argument("--into", type=Path, metavar="FILE", help="put the tables into a document")
    options = parser.parse_args(arguments)
    if options.size < _SMALLEST:
        parser.error(f"--size is at least {_SMALLEST:,}: fewer files have no page 50")
    return options


if __name__ == "__main__":
    # The way of the yardstick; that of pages is by the agent always.
    os.environ["LIBRARIAN_DOWNLOAD_WAY"] = "stream"
    raise SystemExit(main())
