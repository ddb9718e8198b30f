"""`GetFile` by one client and by 8 at once, beside a bare gRPC server that knows nothing."""

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import grpc

from librarian import Librarian
from librarian.client.channel import Connection
from librarian.v1 import files_pb2, files_pb2_grpc
from tests.benchmarks.bench_sites import Bench
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare
from tests.system.site import CONNECTION

CALLS = 2000
CLIENTS = 8
SECONDS = 3.0
ROUNDS = 5
P50 = Bound("ours", "<=", 2.0)
RATE = Bound("ours", ">=", 1000)
NAME = "called-000000.dat"

# Processes that speak gRPC must not be forked.
_processes = multiprocessing.get_context("spawn")


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure the median call in milliseconds, and calls a second of all clients together."""
    path = make_files(bench.directory / "source", "called", count=1, size_bytes=1024)[0]
    config = bench.site.client_config
    with bench.site.librarian() as site, bare_server() as address:
        site.upload(path, NAME, null_obsid=True)
        bare = Connection(address).stub(files_pb2_grpc.FilesStub)
        turns = partial(_call_site, site), partial(_call_bare, bare)
        times = [[_median_ms(call) for call in turns] for _ in range(ROUNDS)]
        ours, yardstick = zip(*times, strict=True)
        yield compare("one GetFile, p50", bench.database, "ms", ours, yardstick, P50)
        rates = [[_rate(config, ""), _rate(config, address)] for _ in range(ROUNDS)]
        ours, yardstick = zip(*rates, strict=True)
        yield compare("GetFile by 8 clients", bench.database, "calls/s", ours, yardstick, RATE)


class BareFiles(files_pb2_grpc.FilesServicer):
    """Answers without looking at anything."""

    def GetFile(
        self, request: files_pb2.GetFileRequest, context: grpc.ServicerContext
    ) -> files_pb2.File:
        """Return a file of that name."""
        return files_pb2.File(name=request.name, type="dat", size_bytes=1024, checksum="a" * 70)


@contextmanager
def bare_server() -> Iterator[str]:
    """Run the bare server in a process of its own, and yield its address."""
    addresses: Queue[str] = _processes.Queue()
    process = _processes.Process(target=_serve_bare, args=(addresses,), daemon=True)
    process.start()
    try:
        yield addresses.get(timeout=30)
    finally:
        process.terminate()
        process.join()


def _serve_bare(addresses: "Queue[str]") -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    files_pb2_grpc.add_FilesServicer_to_server(BareFiles(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    addresses.put(f"127.0.0.1:{port}")
    server.wait_for_termination()


def _call_site(site: Librarian) -> object:
    return site.get_file(NAME)


def _call_bare(stub: Any) -> object:
    return stub.GetFile(files_pb2.GetFileRequest(name=NAME))


def _median_ms(call: Any) -> float:
    for _ in range(CALLS // 10):
        call()
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def _rate(config: Path, bare_address: str) -> float:
    """Return the calls a second of 8 client processes, to the site or to the bare server."""
    counts: Queue[int] = _processes.Queue()
    barrier = _processes.Barrier(CLIENTS)
    arguments = (config, bare_address, barrier, counts)
    clients = [_processes.Process(target=_call_on, args=arguments) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    total = sum(counts.get(timeout=120) for _ in clients)
    for client in clients:
        client.join()
    return total / SECONDS


def _call_on(config: Path, bare_address: str, barrier: Barrier, counts: "Queue[int]") -> None:
    with Librarian.connect(CONNECTION, config_file=config) as site:
        bare = Connection(bare_address or "127.0.0.1:1").stub(files_pb2_grpc.FilesStub)
        call = partial(_call_bare, bare) if bare_address else partial(_call_site, site)
        for _ in range(100):
            call()
        barrier.wait(60)
        count, end = 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            call()
            count += 1
        counts.put(count)
