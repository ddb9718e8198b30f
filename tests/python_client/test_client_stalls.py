"""An agent that is stopped, whose host still answers, does not hold a client up for ever."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from librarian.client import stalls
from librarian.client.progress import Progress
from librarian.errors import NotReachableError
from tests.system.site import Site

pytestmark = pytest.mark.usefixtures("by_stream", "reported_at_once", "short_patience")

SIZE_BYTES = 48 << 20
STALLED = "has done nothing for 1 seconds: the same command goes on"


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalls, "STALL_SECONDS", 1.0)


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(os.urandom(1 << 20) * (SIZE_BYTES >> 20))
    return path


@contextmanager
def stopped_midway(site: Site) -> Iterator[Callable[[Progress], None]]:
    """Give a function that stops the agent once a quarter is done."""
    agent = site.pid("store_agent")

    def stop(progress: Progress) -> None:
        if progress.bytes_done > SIZE_BYTES // 4:
            os.kill(agent, signal.SIGSTOP)

    try:
        yield stop
    finally:
        os.kill(agent, signal.SIGCONT)


def test_an_upload_to_a_stopped_agent_ends_and_is_gone_on_with(own_site: Site, big: Path) -> None:
    with own_site.librarian() as librarian:
        with (
            stopped_midway(own_site) as stop,
            pytest.raises(NotReachableError, match=STALLED),
        ):
            librarian.upload(big, "big.dat", null_obsid=True, progress=stop)
        own_site.wait_for_agent()
        librarian.upload(big, "big.dat", null_obsid=True)
    assert (own_site.layout.store / "big.dat").read_bytes() == big.read_bytes()


def test_a_download_from_a_stopped_agent_ends_and_is_gone_on_with(
    own_site: Site, big: Path, tmp_path: Path
) -> None:
    target = tmp_path / "got"
    with own_site.librarian() as librarian:
        librarian.upload(big, "big.dat", null_obsid=True)
        with (
            stopped_midway(own_site) as stop,
            pytest.raises(NotReachableError, match=STALLED),
        ):
            librarian.get("big.dat", target, progress=stop)
        own_site.wait_for_agent()
        librarian.get("big.dat", target)
    assert target.read_bytes() == big.read_bytes()


def test_our_own_time_is_not_taken_for_the_agents() -> None:
    watch = stalls.Watch()
    for _ in watch.each([1, 2]):
        assert watch.waited_seconds() == 0.0
    watch.begin()
    assert watch.waited_seconds() > 0.0
    watch.end()
    assert watch.waited_seconds() == 0.0
