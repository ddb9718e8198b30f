"""From a file's ingest, over real connections, to its transfer's queueing: within a second."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from catalog_service import standing_orders
from catalog_service.loops.order_filling import OrderFilling
from catalog_service.loops.order_loop import OrderLoop
from catalog_service.loops.runner import LoopRunner
from catalog_service.standing_orders import OrderTerms
from catalog_service.tables import Transfer
from catalog_service.wakeups import FILE_NEWS, STANDING_ORDERS, TRANSFERS
from tests.catalog_service.ingest_site import IngestSite
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.standing_orders.order_book import Parts
from tests.polling import wait_until

NEVER_SECONDS = 3600.0


@contextmanager
def looking_at_news(site: IngestSite) -> Iterator[None]:
    """Run the loops of standing orders as a catalogue does, but without polling."""
    parts, wakeups = Parts(site.parts.database, site.parts.wakeups), site.parts.wakeups
    loops = [
        LoopRunner(OrderLoop(parts), wakeups, FILE_NEWS, NEVER_SECONDS),
        LoopRunner(OrderFilling(parts), wakeups, STANDING_ORDERS, NEVER_SECONDS),
    ]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.stop()


def is_queued(site: IngestSite, count: int) -> bool:
    with site.parts.database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(Transfer)).scalar_one() == count


def test_a_new_match_is_queued_within_a_second_of_its_ingest(site: IngestSite, root: Path) -> None:
    with site.parts.database.transactions.begin() as db:
        add_librarian(db)
        standing_orders.create_order(db, "night", "centre", OrderTerms("type:uvh5"), "ada")
        site.parts.wakeups.notify(db, STANDING_ORDERS)
    seconds = []
    with looking_at_news(site), site.parts.wakeups.subscribe(TRANSFERS) as ear:
        for number in range(3):
            (root / f"{number}.uvh5").write_bytes(b"contents")
            site.register([f"{number}.uvh5"])
            began = time.monotonic()
            wait_until(partial(is_queued, site, number + 1), what="a transfer")
            seconds.append(time.monotonic() - began)
            assert ear.wait(60), "nobody was told"
        site.upload("uploaded.uvh5", b"other")
        wait_until(partial(is_queued, site, 4), what="a transfer of what was uploaded")
    # Nothing here looks by itself: what is late is so by the fault of a machine that is busy.
    assert min(seconds) < 1
