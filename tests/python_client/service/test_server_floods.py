"""Callers who would keep a server from serving others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from librarian.errors import BusyError
from librarian.service import arrivals
from librarian.v1 import files_pb2, files_pb2_grpc
from tests.polling import wait_until
from tests.python_client.service.example_service import get_file


@pytest.fixture
def half_open():
    """Open calls that send nothing; they and what they run on end with the test."""
    over = threading.Event()
    channels: list[Any] = []

    def nothing():
        over.wait(60)
        yield from ()

    def half_open(server, method, token=None):
        if not channels:
            channels.append(grpc.insecure_channel(server.address))
        metadata = [("authorization", f"Bearer {token}")] if token else []
        return channels[0].stream_unary(method).future(nothing(), metadata=metadata)

    yield half_open
    for channel in channels:
        channel.close()
    over.set()


_REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
_GET_FILE = "/librarian.v1.Files/GetFile"


def test_strangers_who_send_nothing_hold_no_thread(start, connect, half_open):
    server = start(threads=4)
    for method in (_REFLECTION, _GET_FILE):
        for token in (None, "bad"):
            calls = [half_open(server, method, token) for _ in range(20)]
            codes = {call.exception(timeout=60).code() for call in calls}
            assert codes == {grpc.StatusCode.UNAUTHENTICATED}
    assert get_file(connect(server), "zen", timeout=60).name == "zen"


def test_strangers_at_the_public_door_leave_threads_for_others(start, connect, half_open):
    server = start(threads=4)
    calls = [half_open(server, "/grpc.health.v1.Health/Check") for _ in range(20)]
    # One of four threads is theirs.
    wait_until(lambda: sum(call.done() for call in calls) == 19, what="the refusal of the others")
    assert get_file(connect(server), "zen", timeout=60).name == "zen"


def test_those_who_watch_the_health_hold_no_thread(start, connect):
    server = start(threads=4)
    with grpc.insecure_channel(server.address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watches = [health.Watch(health_pb2.HealthCheckRequest()) for _ in range(20)]
        serving = health_pb2.HealthCheckResponse.SERVING
        answers = [watch for watch in watches if _first(watch) == serving]
        assert answers
        assert get_file(connect(server), "zen", timeout=60).name == "zen"
        assert all(watch.is_active() for watch in answers)


def _first(watch):
    """Return the first answer; None when too many strangers called at once."""
    try:
        return next(watch).status
    except grpc.RpcError:
        return None


def test_a_message_that_does_not_come_in_time_is_not_waited_for(
    start, connect, half_open, monkeypatch
):
    monkeypatch.setattr(arrivals, "ARRIVAL_SECONDS", 0.2)
    server = start(threads=4)
    for method in (_GET_FILE, _REFLECTION):
        calls = [half_open(server, method, "good") for _ in range(8)]
        for call in calls:
            assert isinstance(call.exception(timeout=100), grpc.RpcError)
    assert get_file(connect(server), "slow-less", timeout=60).name == "slow-less"


def test_a_call_without_a_message_or_with_another_is_refused(start):
    with grpc.insecure_channel(start().address) as channel:
        call: Any = channel.stream_unary(_GET_FILE)
        for messages in ([], [b"\xff\xff"]):
            with pytest.raises(grpc.RpcError) as caught:
                call(iter(messages), 10, metadata=[("authorization", "Bearer good")])
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_flood_of_calls_is_refused_and_not_queued_without_end(start, connect, files):
    server = start(threads=4)
    stub = connect(server).stub(files_pb2_grpc.FilesStub)
    with ThreadPoolExecutor(70) as pool:
        request = files_pb2.GetFileRequest(name="slow")
        calls = [pool.submit(stub.GetFile, request, timeout=100) for _ in range(70)]
        wait_until(lambda: sum(call.done() for call in calls) == 6, what="the refusal of some")
        files.release.set()
        errors = [call.exception() for call in calls]
    assert [type(error) for error in errors if error is not None] == [BusyError] * 6
