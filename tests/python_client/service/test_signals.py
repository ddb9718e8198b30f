"""A process that is told to end, whenever it is told."""

import subprocess
import sys

# The signal comes a little later each time: before, while and after the wait for it begins.
_PROGRAM = """
import os, signal, threading, time
from librarian.service.server import wait_for_signal

for round in range(500):
    ready = threading.Event()

    def tell():
        ready.wait()
        end = time.perf_counter() + round % 100 * 1e-6
        while time.perf_counter() < end:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    stopped = []
    wait_for_signal(lambda: stopped.append(True), ready.set)
    thread.join()
    assert stopped
"""


def test_a_signal_that_comes_while_its_wait_begins_is_heard() -> None:
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True, timeout=60)
