"""A live table of what is where, until all sites have all."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.demo.demo_site import DemoError
from deploy.demo.sites import Sites

_PAUSE_SECONDS = 0.25


def watch_flow(sites: Sites, names: Sequence[str], *, total: int, deadline_seconds: float) -> None:
    """Show the flow until every site has so many files and their senders know it.

    At a terminal the table is kept up to date; elsewhere it is printed as it is at the ends.
    Raises DemoError at the deadline.
    """
    start = time.monotonic()
    with shown(_table(sites, names)) as show:
        while not _is_all_there(sites, names, total):
            if time.monotonic() - start > deadline_seconds:
                raise DemoError(f"not every site had {total} files in {deadline_seconds:.0f} s.")
            time.sleep(_PAUSE_SECONDS)
            show(_table(sites, names))
        show(_table(sites, names))
    seconds = time.monotonic() - start
    print(f"All {total} files are at all {len(names)} sites after {seconds:.1f} seconds.")


@contextmanager
def shown(first: Table) -> Iterator[Callable[[Table], None]]:
    """Show a table and what it becomes; what is no terminal gets the first and the last."""
    print()
    if sys.stdout.isatty():
        with Live(first, console=Console(), auto_refresh=False) as live:
            yield partial(live.update, refresh=True)
        return
    console, seen = Console(force_terminal=False), [first]
    console.print(first)
    yield lambda table: seen.__setitem__(0, table)
    print()
    console.print(seen[0])


def _is_all_there(sites: Sites, names: Sequence[str], total: int) -> bool:
    arrived = all(sites.count_files(name) == total for name in names)
    return arrived and all(sites.count_believed(*link) == total for link in pairwise(names))


def _table(sites: Sites, names: Sequence[str]) -> Table:
    titles = ("Site", "Files", "Sends to", "Queued", "Under way", "There", "Link", "Way")
    table = Table(*titles, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, target in [*pairwise(names), (names[-1], "")]:
        files = str(sites.count_files(name))
        if not target:
            table.add_row(name, files)
            continue
        link = sites.link(name, target)
        table.add_row(
            name, files, target, link.queued, link.active, link.believed, link.state, link.way
        )
    return table
