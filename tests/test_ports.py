"""Ports for sites that start at the same time."""

import subprocess
import sys

from tests.source_tree import ROOT

_PROCESSES = 4
# Looks that only look would hardly ever find so many without two of one.
_PORTS_EACH = 60
_ASK = f"""
from deploy.demo.ports import find_free_port
print(*[find_free_port() for _ in range({_PORTS_EACH})], flush=True)
input()
"""


def test_those_who_look_for_a_port_at_the_same_time_get_different_ones() -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(_PROCESSES)
    ]
    found: list[str] = []
    for process in asking:
        assert process.stdout
        found += process.stdout.readline().split()
    for process in asking:
        process.communicate("\n")
    assert len(found) == len(set(found)) == _PROCESSES * _PORTS_EACH
