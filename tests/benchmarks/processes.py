"""What the kernel says of a process: its memory, and what it has read."""

import os
from pathlib import Path


def reset_peak(pid: int) -> int:
    """Begin to watch the peak of a process's memory anew; return what it holds now, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return _status(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process held since the peak was reset."""
    return _status(pid, "VmHWM")


def read_bytes(pid: int) -> int:
    """Return the bytes that a process has read by `read` and its kin, from disk or cache."""
    text = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("rchar:"))


def own_pid() -> int:
    """Return the number of this process, which is the client of most cases."""
    return os.getpid()


def _status(pid: int, key: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024
