"""The service as a process: it starts, tells how it is, does its chores, and stops."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from librarian.errors import NotReachableError
from librarian.v1 import transfer_records_pb2, transfers_pb2
from tests.polling import wait_until
from transfer_service.brakes import Brake, Patience
from transfer_service.chores import Bell, ChoreRunner


@pytest.fixture
def process(world, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("lib_transfer")
    config = tmp_path / "site.toml"
    config.write_text(
        f'[transfer_service]\nlisten = "127.0.0.1:0"\ntoken_file = "{token_file}"\n'
        f'catalog_address = "{world.catalog_address}"\n'
    )
    command = [sys.executable, "-m", "transfer_service", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        yield child
        child.kill()


def test_a_process_says_where_it_listens_and_ends_within_seconds(world, process):
    address = process.stdout.readline().decode().strip().removeprefix("listening on ")
    with grpc.insecure_channel(address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        answer = health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    world.agent.files_before_pause = 1
    world.catalog.add(2)
    world.wait_for_states("CONFIRMED", "SENDING")
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert time.monotonic() - started < 30
    assert [end.handed_on for end in world.catalog.ends] == [True]
    assert b"Traceback" not in process.stderr.read()


def test_a_service_without_work_does_next_to_nothing(world, start):
    start(workers=4)
    world.wait_for_call("ClaimBatch")
    used = sum(os.times()[:2])
    world.faults.hold("ClaimBatch")
    started = time.monotonic()
    wait_until(lambda: time.monotonic() - started > 2, what="time", interval_seconds=0.5)
    # The servers of the test are in it too.
    assert sum(os.times()[:2]) - used < 0.3


def test_what_arrived_is_confirmed_where_it_came_from(world, start):
    arrived = transfers_pb2.ArrivedTransfer(transfer_id=7, file_name="zen.7.uv", checksum="x:1")
    world.catalog.confirmations.append(
        transfer_records_pb2.ClaimConfirmationsResponse(
            neighbour=world.catalog.neighbour, upload_ids=["up-7"], transfers=[arrived]
        )
    )
    start()
    wait_until(lambda: world.catalog.told, what="the confirmation to be recorded")
    assert world.transfers.heard == ["zen.7.uv"]
    assert (list(world.catalog.told[0].upload_ids), world.catalog.told[0].told) == (["up-7"], True)


def test_a_neighbour_that_cannot_be_told_is_recorded_as_such(world, start):
    world.catalog.neighbour.url = "127.0.0.1:1"
    arrived = transfers_pb2.ArrivedTransfer(transfer_id=7, file_name="zen.7.uv", checksum="x:1")
    world.catalog.confirmations.append(
        transfer_records_pb2.ClaimConfirmationsResponse(
            neighbour=world.catalog.neighbour, upload_ids=["up-7"], transfers=[arrived]
        )
    )
    start()
    wait_until(lambda: world.catalog.told, what="the confirmation to be recorded")
    assert not world.catalog.told[0].told


def test_a_catalogue_that_is_away_is_told_of_once(world, start, caplog):
    world.faults.fail("ClaimBatch", *[NotReachableError("It is away.")] * 3)
    caplog.set_level("INFO")
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    said = [record.message for record in caplog.records if record.name.endswith("workers")]
    assert [("gives no work" in line, "answers again" in line) for line in said] == [
        (True, False),
        (False, True),
    ]


def test_a_chore_outlives_what_it_raises():
    class Chore:
        runs = 0

        def run_once(self):
            self.runs += 1
            raise ValueError("broken")

    chore, bell = Chore(), Bell()
    runner = ChoreRunner(chore, bell)
    runner.start()
    wait_until(lambda: chore.runs > 1, what="another run")
    runner.stop(60)


def test_the_first_reason_to_stop_is_the_one_that_counts():
    brake, cancelled = Brake(), []
    with brake.cancelling(lambda: cancelled.append(1)):
        brake.pull(ValueError("first"))
        brake.pull(ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        brake.wait(60)
    with brake.cancelling(lambda: cancelled.append(2)):
        assert 2 in cancelled


def test_patience_ends_only_when_nothing_goes_well():
    pauses: list[float] = []
    endless = Patience(pauses.append, float("inf"))
    assert all(endless.pause() for _ in range(20))
    assert max(pauses) <= 5
    assert not Patience(pauses.append, 0).pause()


def test_patience_begins_with_the_first_failure():
    patience = Patience(lambda _: None, 0.01)
    made = time.monotonic()
    wait_until(lambda: time.monotonic() - made > 0.02, what="time")
    assert patience.pause()
