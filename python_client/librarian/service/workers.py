"""Who works in this process, so that another can tell whether a claim's holder still lives."""

import os
import socket
from functools import cache
from pathlib import Path

_HOST_CHARACTERS = 32
# The fields of /proc/PID/stat behind the command's name, of which the start time is this one.
_START_TIME_FIELD = 19


@cache
def this_worker() -> str:
    """Return the name of this process: its host, its number, and when it began."""
    pid = os.getpid()
    return f"{_host()}/{pid}/{_start_time(pid)}"


def is_gone(worker: str) -> bool:
    """Tell whether a worker has surely ended; of one on another host nothing is known.

    A wrong answer costs work done twice, never harm: the fence refuses the slower one's writes.
    """
    host, pid, start_time = worker.split("/")
    return host == _host() and _start_time(int(pid)) != start_time


def _host() -> str:
    return socket.gethostname()[:_HOST_CHARACTERS].replace("/", "_")


def _start_time(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "none"
    # The command's name may hold blanks and brackets of its own.
    return stat.rpartition(")")[2].split()[_START_TIME_FIELD]
