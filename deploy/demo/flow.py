"""A live table of what is where, until all sites have all."""

import time
from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.demo.demo_site import DemoError
from deploy.demo.sites import Sites

_PAUSE_SECONDS = 0.25


def watch_flow(sites: Sites, names: Sequence[str], *, total: int, deadline_seconds: float) -> None:
    """Show the flow until every site has so many files and their senders know it.

    Raises DemoError at the deadline.
    """
    console = Console()
    start = time.monotonic()
    with Live(_table(sites, names), console=console, auto_refresh=False) as live:
        while not _is_all_there(sites, names, total):
            if time.monotonic() - start > deadline_seconds:
                raise DemoError(f"not every site had {total} files in {deadline_seconds:.0f} s.")
            time.sleep(_PAUSE_SECONDS)
            live.update(_table(sites, names), refresh=True)
    seconds = time.monotonic() - start
    print(f"All {total} files are at all {len(names)} sites after {seconds:.1f} seconds.")


def _is_all_there(sites: Sites, names: Sequence[str], total: int) -> bool:
    arrived = all(sites.count_files(name) == total for name in names)
    return arrived and all(sites.count_believed(*link) == total for link in pairwise(names))


def _table(sites: Sites, names: Sequence[str]) -> Table:
    table = Table("Site", "Files", "Sends to", "Queued", "Under way", "There", "Link", "Way")
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
