"""Pushing over links that break, crawl or lose answers, by several transfer services at once."""

import json
import os
import random
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.demo.ports import find_free_port
from librarian.supervisor.processes import Process
from tests.polling import wait_until
from tests.system.loose_ends import loose_ends
from tests.system.neighbours import NEIGHBOUR, Neighbours, make_account, neighbours
from tests.system.site import ALL_SERVICES, Site, fast_environment

LEASE_SECONDS = 5
LARGE_BYTES = 24 << 20
DEADLINE_SECONDS = 120.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Run two sites whose link each test leaves whole."""
    lease = {"LIBRARIAN_CATALOG_SERVICE__TRANSFER_LEASE_SECONDS": str(LEASE_SECONDS)}
    directory = tmp_path_factory.mktemp("links")
    with neighbours(directory, source={"catalog_service": lease}) as running:
        yield running


def made(prefix: str, count: int, size_bytes: int) -> dict[str, bytes]:
    """Return files of any contents."""
    dice = random.Random(prefix)  # noqa: S311 - it makes contents, no secrets.
    return {f"{prefix}.{number:03d}": dice.randbytes(size_bytes) for number in range(count)}


def send(pair: Neighbours, contents: Mapping[str, bytes], directory: str) -> None:
    """Put files on record, and send them."""
    pair.register(contents, directory)
    with pair.source.librarian() as lib:
        assert lib.send(NEIGHBOUR, f"name:{directory}.%").queued_count == len(contents)


def try_now(pair: Neighbours) -> None:
    """Have the link tried at once, as a person does who mended it."""
    with pair.source.librarian() as lib:
        assert lib.ping_librarian(NEIGHBOUR).error == ""


def check_ended(pair: Neighbours, contents: Mapping[str, bytes], directory: str) -> None:
    """Check that files arrive, once and whole, and that nothing is left over."""
    pair.wait_until_there(set(contents), DEADLINE_SECONDS)
    pair.check_whole(contents, directory)
    wait_until(
        lambda: loose_ends(pair.source) + loose_ends(pair.destination) == [],
        what="all ended",
        timeout_seconds=DEADLINE_SECONDS,
    )
    with pair.source.librarian() as lib:
        for name in contents:
            ends = [e for e in lib.list_file_events(name) if e.type == "copy_finished"]
            assert [e.payload["connection_name"] for e in ends].count(NEIGHBOUR) == 1


@contextmanager
def another_transfer_service(site: Site) -> Iterator[Process]:
    """Run a second transfer service for a site."""
    listen = {"LIBRARIAN_TRANSFER_SERVICE__LISTEN": f"127.0.0.1:{find_free_port()}"}
    process = Process(
        module="transfer_service",
        config_file=site.layout.config_file,
        log_file=site.layout.logs / "second_transfer_service.log",
        environment={**fast_environment(), **listen},
    )
    process.start_listening()
    try:
        yield process
    finally:
        process.stop()


def test_what_was_there_when_the_link_broke_is_not_sent_again(pair: Neighbours) -> None:
    contents = made("large", 1, LARGE_BYTES)
    before = pair.streams.sent_bytes
    pair.streams.bytes_per_second = 8 << 20
    pair.streams.cut_after_bytes = before + LARGE_BYTES // 4
    send(pair, contents, "large")
    for part in (2, 3, 4):
        wait_until(
            lambda: pair.streams.cut_after_bytes is None,
            what=f"cut {part - 1}",
            timeout_seconds=DEADLINE_SECONDS,
        )
        pair.cut()
        if part < 4:
            pair.streams.cut_after_bytes = before + part * LARGE_BYTES // 4
        pair.heal()
        try_now(pair)
    check_ended(pair, contents, "large")
    pair.streams.bytes_per_second = None
    # What was on its way when the link broke is sent twice: some buffers full.
    assert pair.streams.sent_bytes - before < 1.4 * LARGE_BYTES


def test_what_is_done_while_answers_are_lost_is_done_once(pair: Neighbours) -> None:
    dice = random.Random(8)  # noqa: S311 - the same silences each time.
    contents: dict[str, bytes] = {}
    for number in range(6):
        more = made(f"lost.{number}", 5, 50_000)
        contents |= more
        pair.register(more, "lost")
        with pair.source.librarian() as lib:
            lib.send(NEIGHBOUR, f"name:lost.{number}.%")
        # Let some answers through, so that it is another call's that is lost each time.
        await_answers(pair, pair.calls.answered_bytes + dice.choice((1, 100, 500, 1500)))
        pair.calls.silent = True
        # Whatever is asked now is done, and nobody hears of it.
        await_call(pair, pair.calls.sent_bytes)
        pair.calls.cut()
        pair.calls.silent = False
        try_now(pair)
    check_ended(pair, contents, "lost")


def await_answers(pair: Neighbours, heard_bytes: int) -> None:
    """Wait until so many bytes of answers have come back, unless there are no more."""
    with suppress(AssertionError):
        wait_until(
            lambda: pair.calls.answered_bytes >= heard_bytes, what="answers", timeout_seconds=3
        )


def await_call(pair: Neighbours, sent_bytes: int) -> None:
    """Wait until more has been asked, unless all is over already."""
    with suppress(AssertionError):
        wait_until(lambda: pair.calls.sent_bytes > sent_bytes, what="a call", timeout_seconds=3)


def test_two_transfer_services_share_the_work_and_neither_does_it_twice(pair: Neighbours) -> None:
    contents = made("two", 60, 20_000)
    with another_transfer_service(pair.source):
        pair.register(contents, "two")
        with pair.source.librarian() as lib:
            for part in range(6):
                lib.send(NEIGHBOUR, f"name:two.0{part}%")
        check_ended(pair, contents, "two")


def test_who_sleeps_longer_than_its_lease_lasts_finds_its_work_taken_over(
    pair: Neighbours,
) -> None:
    contents = made("slept", 1, LARGE_BYTES)
    pair.streams.bytes_per_second = 2 << 20
    before = pair.streams.sent_bytes
    send(pair, contents, "slept")
    wait_until(
        lambda: pair.streams.sent_bytes > before + (1 << 20),
        what="bytes under way",
        timeout_seconds=DEADLINE_SECONDS,
    )
    sleeper = pair.source.pid("transfer_service")
    os.kill(sleeper, signal.SIGSTOP)
    try:
        with another_transfer_service(pair.source):
            log = pair.source.layout.logs / "second_transfer_service.log"
            pair.streams.bytes_per_second = None
            pair.wait_until_there(set(contents), DEADLINE_SECONDS)
            os.kill(sleeper, signal.SIGCONT)
            wait_until(
                lambda: "is another worker's now" in pair.source.log("transfer_service"),
                what="the sleeper's discovery",
                timeout_seconds=DEADLINE_SECONDS,
            )
            assert "failed" not in log.read_text()
    finally:
        os.kill(sleeper, signal.SIGCONT)
    check_ended(pair, contents, "slept")
    # It works on.
    more = made("awake", 1, 1000)
    send(pair, more, "awake")
    check_ended(pair, more, "awake")


@pytest.fixture
def other(pair: Neighbours, tmp_path: Path) -> Iterator[Site]:
    """Run a third site, to which the first pushes too."""
    with Site(tmp_path / "other") as site:
        token = make_account(site, "telescope", "READAPPEND")
        added = pair.source.run(
            "add-librarian",
            "local",
            *("--name", "other", "--url", f"127.0.0.1:{site.port}"),
            *("--authenticator", f"telescope:{token}"),
        )
        assert added.returncode == 0, added.stderr
        yield site
        removed = pair.source.run("remove-librarian", "local", "--name", "other")
        assert removed.returncode == 0, removed.stderr


def test_a_broken_link_is_shown_and_holds_up_no_other_neighbour(
    pair: Neighbours, other: Site
) -> None:
    contents = made("apart", 3, 20_000)
    pair.register(contents, "apart")
    pair.cut()
    with pair.source.librarian() as lib:
        lib.send(NEIGHBOUR, "name:apart.%")
        wait_until(
            lambda: lib.get_librarian(NEIGHBOUR).link.state != "CLOSED",
            what="the breaker",
            timeout_seconds=DEADLINE_SECONDS,
        )
        sent = lib.send("other", "name:apart.%")
        [*_] = lib.wait_for_transfers(sent, timeout_seconds=DEADLINE_SECONDS)
        link = lib.get_librarian(NEIGHBOUR).link
        # HALF_OPEN while it is tried again.
        assert link.state in ("OPEN", "HALF_OPEN")
        assert link.cause == "UNREACHABLE"
        assert lib.get_librarian("other").link.state == "CLOSED"
    with other.librarian() as there:
        assert all(there.get_file(name).instance_count == 1 for name in contents)
    shown = pair.source.run("get-librarian-list", "local", "--json")
    states = {one["name"]: one["link"] for one in map(json.loads, shown.stdout.splitlines())}
    assert states[NEIGHBOUR]["state"] in ("OPEN", "HALF_OPEN")
    assert NEIGHBOUR in pair.source.run("explain", "local", "apart.000").stdout
    pair.heal()
    try_now(pair)
    check_ended(pair, contents, "apart")
    with pair.source.librarian() as lib:
        assert lib.get_librarian(NEIGHBOUR).link.state == "CLOSED"


def test_clocks_that_are_an_hour_apart_harm_nothing(tmp_path: Path) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    ahead = {
        "LD_PRELOAD": str(library),
        "FAKETIME": "+1h",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }
    with neighbours(tmp_path, destination=dict.fromkeys(ALL_SERVICES, ahead)) as apart:
        contents = made("ahead", 5, 200_000)
        send(apart, contents, "ahead")
        check_ended(apart, contents, "ahead")
        with apart.source.librarian() as here, apart.destination.librarian() as there:
            original, copy = here.list_instances("ahead.000"), there.list_instances("ahead.000")
            # The clock of the one is indeed ahead.
            assert (copy[0].create_time - original[0].create_time).total_seconds() > 3000
            assert there.get_file("ahead.000").create_time == here.get_file("ahead.000").create_time
