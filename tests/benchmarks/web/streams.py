"""What lasts: a download beside that of `librarian get`, and how soon a live page hears."""

import http.client
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import update

from catalog_service.database import open_database
from catalog_service.tables import Job
from librarian import Librarian
from librarian.errors import NotFoundError
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare, let_pass, seconds_of
from tests.benchmarks.search.runner import quantile
from tests.benchmarks.search.sites import STORE
from tests.benchmarks.web.asked import Asked, at, in_path
from tests.benchmarks.web.browser import Browser
from tests.benchmarks.web.site_rows import FIRST_KEY, JOBS
from tests.benchmarks.web.sites import WebSite

_GIBIBYTE = 1 << 30
_PIECE_BYTES = 1 << 20
_ROUNDS = 3
_PREFIX = "web-download"
_NAME = f"{_PREFIX}-000000.dat"
_HEARD = Bound("ours", "<=", 2000)
_READY_SECONDS = 0.3
_PLACE_SECONDS = 30.0
_CANCELLED_JOBS = 30


def measure_events(site: WebSite, browser: Browser) -> Iterator[Measurement]:
    """Measure how long a staging's change takes to a browser that watches it."""
    # A measurement that was broken off may have left some asked to stop.
    _forget_cancels(site)
    watching, asking = browser.twin(), browser.twin()
    took = []
    for number in range(_CANCELLED_JOBS):
        job = FIRST_KEY + JOBS - number
        took.append(_heard_after(watching, asking, job))
    asking.close()
    _forget_cancels(site)
    case = "from a staging's change to the browser's event, p95"
    runs = {"ours": took}
    yield Measurement(case, site.catalog.database, "ms", quantile(took, 0.95), None, _HEARD, runs)


def _heard_after(watching: Browser, asking: Browser, job: int) -> float:
    """Return the milliseconds from asking that a staging stops to hearing that it was asked."""
    response = _watch(watching, job)
    _read_event(response)
    began = threading.Event()
    sent = [0.0]

    def cancel() -> None:
        began.wait(_READY_SECONDS)
        sent[0] = time.perf_counter()
        asking.ask(Asked(f"/staging/{job}/cancel", form={}))

    thread = threading.Thread(target=cancel)
    thread.start()
    _read_event(response)
    heard = time.perf_counter()
    thread.join()
    watching.close()
    return (heard - sent[0]) * 1000


def _watch(watching: Browser, job: int) -> http.client.HTTPResponse:
    """Begin a stream; what has been closed keeps its place until its next heartbeat."""
    until = time.monotonic() + _PLACE_SECONDS
    while True:
        response = watching.begin(at(f"/staging/{job}/stream"))
        if response.status == http.client.OK:
            return response
        response.read()
        if time.monotonic() > until:
            raise RuntimeError(f"No stream began: {response.status}")
        let_pass(_READY_SECONDS)


def _read_event(response: http.client.HTTPResponse) -> None:
    """Read up to the end of an event; heartbeats are none."""
    is_event = False
    while line := response.readline():
        is_event = is_event or line.startswith(b"event: staging")
        if is_event and line == b"\n":
            return
    raise RuntimeError("The stream ended.")


def _forget_cancels(site: WebSite) -> None:
    database = open_database(site.catalog.database_url)
    try:
        with database.transactions.begin() as db:
            made = (Job.id > FIRST_KEY, Job.state == "RUNNING")
            db.execute(update(Job).where(*made).values(cancel_requested=False))
    finally:
        database.dispose()


def measure_download(site: WebSite, browser: Browser) -> Iterator[Measurement]:
    """Measure 1 GiB downloaded from a page, beside `get` by stream."""
    site.catalog.start_agent()
    with site.catalog.librarian() as librarian, TemporaryDirectory(dir=_beside(site)) as place:
        _upload(librarian, site, Path(place))
        ours, yardstick = [], []
        for number in range(_ROUNDS + 1):
            to = Path(place) / f"by-get-{number}"
            mine = seconds_of(lambda to=to: _download(browser, to.with_name("by-page")))  # type: ignore[misc]
            others = seconds_of(lambda to=to: librarian.get(_NAME, to))  # type: ignore[misc]
            # The first round makes all ready.
            ours += [mine] if number else []
            yardstick += [others] if number else []
    case, bound = "1 GiB downloaded, beside `get` by stream", Bound("ratio", "<=", 1.5)
    yield compare(case, site.catalog.database, "s", ours, yardstick, bound)


def _beside(site: WebSite) -> Path:
    return site.catalog.layout.root


def _upload(librarian: Librarian, site: WebSite, place: Path) -> None:
    try:
        if librarian.list_instances(_NAME):
            return
    except NotFoundError:
        # Another benchmark forgets what was put on record since the catalogue was filled.
        (site.catalog.layout.store / _NAME).unlink(missing_ok=True)
    (path,) = make_files(place / "made", _PREFIX, count=1, size_bytes=_GIBIBYTE)
    librarian.upload(path, _NAME, null_obsid=True, store=STORE)
    shutil.rmtree(path.parent)


def _download(browser: Browser, to: Path) -> None:
    # The server hangs up on who was silent while the file was made.
    connection = browser.twin()
    response = connection.begin(Asked(f"/files/{in_path(_NAME)}/download"))
    buffer = memoryview(bytearray(_PIECE_BYTES))
    total = 0
    with to.open("wb") as file:
        while count := response.readinto(buffer):
            file.write(buffer[:count])
            total += count
    connection.close()
    if total != _GIBIBYTE:
        raise RuntimeError(f"{total} bytes came: {response.status}")
