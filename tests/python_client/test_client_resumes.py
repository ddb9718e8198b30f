"""What was broken off is gone on with: connections cut, processes killed, prefixes spoilt."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from librarian import UploadItem
from librarian.client.progress import Progress
from tests.bad_links import BadLink
from tests.polling import wait_until
from tests.system.site import SERVICES, Service, Site

pytestmark = pytest.mark.usefixtures("by_stream", "reported_at_once")

Result = TypeVar("Result")

SIZE_BYTES = 48 << 20
# What is under way in the buffers of a connection when it breaks, and must be sent again.
SLACK_BYTES = 16 << 20
# What of a killed client's may come through after it is looked at.
LEFT_BYTES = 8 << 20

UPLOAD_UNTIL_KILLED = """
import os, signal, sys
from librarian import Librarian
from librarian.client import progress
progress._REPORT_INTERVAL_SECONDS = 0.0

def kill(progress):
    if progress.bytes_done > {limit}:
        os.kill(os.getpid(), signal.SIGKILL)

with Librarian.connect("local", sys.argv[1]) as site:
    site.upload(sys.argv[2], "big.dat", null_obsid=True, progress=kill)
"""


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(os.urandom(1 << 20) * (SIZE_BYTES >> 20))
    return path


@pytest.fixture
def big_tree(tmp_path: Path) -> Path:
    root = tmp_path / "big-tree"
    for number in range(12):
        (root / f"part-{number}").mkdir(parents=True)
        (root / f"part-{number}" / "visdata").write_bytes(os.urandom(4 << 20))
    return root


def upload_until_killed(site: Site, path: Path, limit: int) -> None:
    code = UPLOAD_UNTIL_KILLED.format(limit=limit)
    command = [sys.executable, "-c", code, str(site.client_config), str(path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def stored_bytes(site: Site, name: str) -> bytes:
    return (site.layout.store / name).read_bytes()


@pytest.mark.parametrize("kind", ["big", "big_tree"])
def test_a_stream_that_is_cut_goes_on_where_it_broke(
    request: pytest.FixtureRequest, proxied_site: tuple[Site, BadLink], kind: str
) -> None:
    path: Path = request.getfixturevalue(kind)
    site, proxy = proxied_site
    proxy.cut_after_bytes = SIZE_BYTES // 2
    with site.librarian() as client:
        file = client.upload(path, "cut.dat", null_obsid=True)
    assert proxy.cut_after_bytes is None
    assert file.size_bytes == SIZE_BYTES
    assert proxy.sent_bytes < SIZE_BYTES + SLACK_BYTES
    flat = path if path.is_file() else path / "part-7" / "visdata"
    assert stored_bytes(site, "cut.dat" if path.is_file() else "cut.dat/part-7/visdata") == (
        flat.read_bytes()
    )


def test_an_upload_whose_client_was_killed_goes_on_where_it_was(
    proxied_site: tuple[Site, BadLink], big: Path
) -> None:
    site, proxy = proxied_site
    upload_until_killed(site, big, SIZE_BYTES * 3 // 4)
    [arrived] = (site.layout.store / ".librarian" / "staging").glob("*/data")
    arrived_bytes, before = arrived.stat().st_size, proxy.sent_bytes
    assert arrived_bytes > LEFT_BYTES
    with site.librarian() as client:
        client.upload(big, "big.dat", null_obsid=True)
    assert proxy.sent_bytes - before < SIZE_BYTES - arrived_bytes + LEFT_BYTES
    assert stored_bytes(site, "big.dat") == big.read_bytes()


def test_an_upload_by_path_whose_client_was_killed_ends_whole(
    own_site: Site, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARIAN_UPLOAD_WAY", "path")
    upload_until_killed(own_site, big, SIZE_BYTES // 2)
    with own_site.librarian() as client:
        client.upload(big, "big.dat", null_obsid=True)
    assert stored_bytes(own_site, "big.dat") == big.read_bytes()


def test_a_prefix_that_is_not_that_of_the_file_is_sent_anew(own_site: Site, big: Path) -> None:
    upload_until_killed(own_site, big, SIZE_BYTES * 3 // 4)
    [arrived] = (own_site.layout.store / ".librarian" / "staging").glob("*/data")
    with arrived.open("r+b") as file:
        file.write(b"spoilt")
    with own_site.librarian() as client:
        client.upload(big, "big.dat", null_obsid=True)
    assert stored_bytes(own_site, "big.dat") == big.read_bytes()


def with_service_killed(
    site: Site, service: Service, work: Callable[[Callable[[Progress], None]], Result]
) -> Result:
    """Do work that reports its progress; kill a service when it is half done, and restart it.

    The work is done on another thread: a service must be started on the main one, for it ends
    with the thread that started it.
    """
    half_done, killed = threading.Event(), threading.Event()

    def report(progress: Progress) -> None:
        if progress.bytes_done > SIZE_BYTES // 2:
            half_done.set()
            assert killed.wait(60)

    with ThreadPoolExecutor(1) as executor:
        result = executor.submit(work, report)
        assert half_done.wait(60)
        site.kill(service)
        killed.set()
        site.restart(service)
        return result.result(100)


@pytest.mark.parametrize("service", SERVICES)
def test_an_upload_outlives_a_service_that_is_killed(
    own_site: Site, big: Path, service: Service
) -> None:
    with own_site.librarian() as client:
        file = with_service_killed(
            own_site,
            service,
            lambda report: client.upload(big, "killed.dat", null_obsid=True, progress=report),
        )
        assert client.get_file("killed.dat") == file
    assert stored_bytes(own_site, "killed.dat") == big.read_bytes()


def test_a_download_outlives_an_agent_that_is_killed(
    own_site: Site, big: Path, tmp_path: Path
) -> None:
    with own_site.librarian() as client:
        client.upload(big, "big.dat", null_obsid=True)
        got = with_service_killed(
            own_site,
            "store_agent",
            lambda report: client.get("big.dat", tmp_path / "got", progress=report),
        )
    assert got.read_bytes() == big.read_bytes()


def test_files_of_a_batch_that_was_cut_all_come_in(
    proxied_site: tuple[Site, BadLink], tmp_path: Path
) -> None:
    site, proxy = proxied_site
    paths = [tmp_path / f"small-{number}" for number in range(300)]
    for path in paths:
        path.write_bytes(path.name.encode() * 1000)
    proxy.cut_after_bytes = 1_000_000
    items = [UploadItem(path, path.name, null_obsid=True) for path in paths]
    with site.librarian() as client:
        outcomes = list(client.upload_many(items))
    assert proxy.cut_after_bytes is None
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert all(stored_bytes(site, path.name) == path.read_bytes() for path in paths)


def test_an_upload_whose_agent_is_away_for_a_moment_starts_when_it_is_back(
    proxied_site: tuple[Site, BadLink], tmp_path: Path
) -> None:
    site, proxy = proxied_site
    path = tmp_path / "small"
    path.write_bytes(b"small")
    proxy.refusing = True
    with site.librarian() as client, ThreadPoolExecutor(1) as executor:
        started = executor.submit(client.upload, path, "small", null_obsid=True)
        wait_until(lambda: proxy.refused_count, what="a call that the agent does not answer")
        proxy.refusing = False
        assert started.result(60).name == "small"


def test_an_interrupted_upload_goes_on_when_it_is_repeated(
    own_site: Site, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARIAN_UPLOAD_WAY", "path")

    def interrupt(progress: object) -> None:
        if getattr(progress, "bytes_done", 0) > SIZE_BYTES // 2:
            raise KeyboardInterrupt

    with own_site.librarian() as client:
        with pytest.raises(KeyboardInterrupt):
            client.upload(big, "interrupted.dat", null_obsid=True, progress=interrupt)
        file = client.upload(big, "interrupted.dat", null_obsid=True)
    assert file.size_bytes == SIZE_BYTES


def test_waiting_uploads_leave_nothing_in_the_staging_places(own_site: Site, big: Path) -> None:
    with own_site.librarian() as client:
        client.upload(big, "done.dat", null_obsid=True)
    staging = own_site.layout.store / ".librarian" / "staging"
    wait_until(lambda: not list(staging.iterdir()), what="an empty staging directory")
