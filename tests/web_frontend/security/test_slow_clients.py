"""Clients that are slow, silent or many: others are served meanwhile, and memory is bounded."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.polling import wait_until
from tests.system.site import Site
from tests.web_frontend.people import People
from tests.web_frontend.security.callers import HttpCaller

PROMPT_SECONDS = 2.0
READERS = 20
# Each of those that are let in has a few MiB before it, here and on its way from the agent.
MOST_MORE_BYTES = 400 << 20


@pytest.fixture(scope="module")
def caller(web_address: str, people: People) -> HttpCaller:
    caller = HttpCaller(web_address)
    assert caller.sign_in(people.name("READWRITE"), people.password).status == 303
    return caller


@pytest.fixture
def connect(web_site: Site) -> Iterator[Callable[[], socket.socket]]:
    """Open connections that are closed at the end; they hardly take in what is not read."""
    with contextlib.ExitStack() as opened:

        def one() -> socket.socket:
            connection = opened.enter_context(closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", web_site.port + 3))
            return connection

        yield one


def seconds_for_a_page(caller: HttpCaller) -> float:
    """Return how long a page takes just now; the quickest of some, for machines do other things."""
    times = []
    for _ in range(3):
        begun = time.monotonic()
        assert caller.get("/stores").status == 200
        times.append(time.monotonic() - begun)
    return min(times)


def memory_bytes(site: Site) -> int:
    """Return how much memory the web front end takes."""
    status = Path(f"/proc/{site.pid('web_frontend')}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def test_a_hundred_clients_that_send_a_byte_now_and_then_keep_nobody_waiting(
    caller: HttpCaller, connect: Callable[[], socket.socket]
) -> None:
    starts = (
        b"GET /sign-in HTTP/1.1\r\nHost: here\r\nX-Slow: ",
        b"POST /sign-in HTTP/1.1\r\nHost: here\r\nContent-Length: 5000\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n",
        b"G",
    )
    slow = [connect() for _ in range(100)]
    for number, connection in enumerate(slow):
        connection.sendall(starts[number % len(starts)])
    for _ in range(3):
        for connection in slow:
            connection.sendall(b"x")
        assert seconds_for_a_page(caller) < PROMPT_SECONDS


def test_clients_that_never_read_keep_nobody_waiting(
    caller: HttpCaller, connect: Callable[[], socket.socket]
) -> None:
    request = f"GET /stores HTTP/1.1\r\nHost: here\r\nCookie: {caller.cookie_header()}\r\n\r\n"
    for _ in range(50):
        connect().sendall(request.encode() * 20)
    wait_until(lambda: seconds_for_a_page(caller) < PROMPT_SECONDS, what="a prompt page")


def test_fifty_live_pages_leave_room_for_others(
    caller: HttpCaller, connect: Callable[[], socket.socket], running_job: int
) -> None:
    head = f"HTTP/1.1\r\nHost: here\r\nCookie: {caller.cookie_header()}\r\n\r\n"
    request = f"GET /staging/{running_job}/stream {head}".encode()
    answers = []
    for _ in range(50):
        connection = connect()
        connection.sendall(request)
        answers.append(connection)
    statuses = [connection.recv(12) for connection in answers]
    assert set(statuses) == {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    assert statuses.count(b"HTTP/1.1 200") <= 16
    assert seconds_for_a_page(caller) < PROMPT_SECONDS


def test_slow_readers_of_large_files_take_little_memory(
    caller: HttpCaller, web_site: Site, connect: Callable[[], socket.socket], endless_file: str
) -> None:
    path = f"/files/{endless_file}/download"
    # Live pages that were left are noticed at their next sign of life.
    wait_until(lambda: caller.get(path, Range="bytes=0-9").status == 206, what="free places")
    before, most = memory_bytes(web_site), 0
    head = f"HTTP/1.1\r\nHost: here\r\nCookie: {caller.cookie_header()}\r\n\r\n"
    readers = [connect() for _ in range(READERS)]
    for connection in readers:
        connection.sendall(f"GET {path} {head}".encode())
    let_in = [one for one in readers if one.recv(12) == b"HTTP/1.1 200"]
    assert len(let_in) >= 4
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        for connection in let_in:
            connection.recv(1000)
        most = max(most, memory_bytes(web_site) - before)
        assert seconds_for_a_page(caller) < PROMPT_SECONDS
    assert most < MOST_MORE_BYTES, most
