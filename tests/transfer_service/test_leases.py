"""A batch belongs to one worker: who has lost it stops at once, who stops hands it on."""

import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

import pytest

from librarian.errors import BusyError, NotReachableError
from tests.polling import wait_until
from transfer_service import leases
from transfer_service.brakes import Brake
from transfer_service.config import TransferServiceConfig
from transfer_service.confirming import Watcher


def test_a_lease_that_was_lost_in_the_middle_ends_the_work_at_once(quick, world, start, caplog):
    world.agent.files_before_pause = 1
    world.catalog.add(3)
    start()
    world.wait_for_states("CONFIRMED", "SENDING", "SENDING")
    world.catalog.take_over()
    written = len(world.catalog.rows[2].history)
    wait_until(world.agent.cancelled.is_set, what="the push to be cancelled")
    wait_until(lambda: "is another worker's now" in caplog.text, what="the loss to be logged")
    assert len(world.catalog.rows[2].history) == written
    assert world.catalog.ends == []


def test_a_catalogue_that_is_away_for_longer_than_the_lease_ends_the_work(
    quick, world, start, monkeypatch
):
    hours = 0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600 * hours)
    monkeypatch.setattr(leases, "time", clock)
    world.agent.files_before_pause = 1
    world.faults.fail("RenewBatchLease", *[NotReachableError("Away.")] * 100)
    world.catalog.add(2)
    start()
    world.wait_for_states("CONFIRMED", "SENDING")
    assert not world.agent.cancelled.is_set()
    hours = 1
    wait_until(world.agent.cancelled.is_set, what="the push to be cancelled")
    assert world.catalog.ends == []


@pytest.mark.parametrize("error", [NotReachableError("Away."), BusyError("Too many call.")])
def test_a_catalogue_that_is_away_or_busy_for_a_moment_ends_nothing(world, start, error):
    world.faults.fail("RecordTransfers", *[error] * 6)
    world.faults.fail("RenewBatchLease", *[error] * 2)
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    assert (world.wait_for_end().cause, world.catalog.fence) == (0, 1)


def test_whoever_comes_while_the_brake_is_pulled_is_stopped_too():
    brake, cancelled = Brake(), threading.Event()
    stack = ExitStack()

    class Pulled(threading.Event):
        def set(self):
            stack.enter_context(brake.cancelling(cancelled.set))
            super().set()

    brake._pulled = Pulled()
    with stack:
        brake.pull(RuntimeError("Stop."))
    assert cancelled.is_set()


def test_progress_is_told_as_the_lease_is_renewed(quick, world, start):
    world.agent.files_before_pause = 1
    world.catalog.add(2)
    start()
    wait_until(lambda: 1001 in world.catalog.bytes_done, what="the first file's bytes")


def test_transfers_that_are_disabled_are_left_where_they_are(quick, world, start):
    world.agent.files_before_pause = 1
    world.catalog.add(2)
    start()
    world.wait_for_states("CONFIRMED", "SENDING")
    world.catalog.stop_told = True
    end = world.wait_for_end()
    assert (end.cause, end.handed_on) == (0, True)


def test_a_service_that_stops_hands_its_batch_on(world, start):
    world.agent.files_before_pause = 1
    world.catalog.add(2)
    service = start()
    world.wait_for_states("CONFIRMED", "SENDING")
    service.stop(0)
    assert [end.handed_on for end in world.catalog.ends] == [True]
    world.agent.cancelled.clear()
    start()
    world.wait_for_states("CONFIRMED", "CONFIRMED")


def test_a_push_that_cannot_begin_keeps_no_lease(quick, world, start, monkeypatch, caplog):
    def refuse(watcher):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Watcher, "start", refuse)
    world.catalog.add(1)
    start()
    wait_until(lambda: "can't start new thread" in caplog.text, what="the failure to be logged")
    wait_until(
        lambda: "lease" not in [thread.name for thread in threading.enumerate()],
        what="the end of the lease's keeper",
    )


def test_only_one_of_the_workers_waits_for_work(world, start):
    release = world.faults.hold("ClaimBatch")
    start(workers=4)
    world.wait_for_call("ClaimBatch")
    assert world.faults.calls.count("ClaimBatch") == 1
    release()


def test_slow_neighbours_hold_no_other_back(world, start):
    release = world.faults.hold("Ping")
    world.catalog.add(1)
    start(workers=TransferServiceConfig.model_fields["workers"].default)
    for count in range(1, 8):
        wait_until(partial(is_driven, world, count), what="another batch")
        world.catalog.take_over()
        world.catalog.let_go()
    assert worker_count() > 7
    release()
    world.wait_for_states("CONFIRMED")
    wait_until(lambda: worker_count() == 1, what="the end of those that are not needed")


def test_at_the_limit_the_next_batch_waits_for_one_that_ends(world, start):
    release = world.faults.hold("Ping")
    world.catalog.add(1)
    start(workers=2)
    wait_until(partial(is_driven, world, 1), what="a batch")
    world.catalog.take_over()
    world.catalog.let_go()
    wait_until(partial(is_driven, world, 2), what="another batch")
    world.catalog.take_over()
    world.catalog.let_go()
    assert worker_count() == 2
    release()
    world.wait_for_states("CONFIRMED")


def is_driven(world, count):
    return world.faults.calls.count("Ping") == count


def worker_count():
    return [thread.name for thread in threading.enumerate()].count("worker")


def test_a_killed_process_leaves_a_batch_that_another_ends(world, start, tmp_path):
    config = _write_config(world, tmp_path)
    world.catalog.add(2)
    for point in ("offered", "sent", "finished"):
        _run_until_killed(config, f"transfer.{point}")
        world.catalog.take_over()
        world.catalog.let_go()
    start()
    world.wait_for_states("CONFIRMED", "CONFIRMED")


def _write_config(world, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("lib_transfer")
    config = tmp_path / "site.toml"
    config.write_text(
        "[transfer_service]\n"
        'listen = "127.0.0.1:0"\n'
        f'catalog_address = "{world.catalog_address}"\n'
        f'token_file = "{token_file}"\n'
        "workers = 1\n"
    )
    return config


def _run_until_killed(config, point):
    command = [sys.executable, "-m", "transfer_service", "--config", str(config)]
    ended = subprocess.run(
        command,
        env={"LIBRARIAN_KILL_AT": point, "PATH": ""},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr.decode()
