"""What the kernel says of a process: its memory, and what it has read."""

import os
from collections.abc import Iterator
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


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of all below it, those that ended included."""
    ticks, children = 0, {pid}
    parents = {int(path.name): parent_of(int(path.name)) for path in _processes()}
    while more := {child for child, parent in parents.items() if parent in children} - children:
        children |= more
    for child in children:
        # Its own, in user and kernel mode, and that of children it has waited for.
        ticks += sum(map(int, _fields(child)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def parent_of(pid: int) -> int:
    """Return the number of a process's parent; 0 when it has ended."""
    return int(_fields(pid)[1])


def own_pid() -> int:
    """Return the number of this process, which is the client of most cases."""
    return os.getpid()


def _status(pid: int, key: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


def _processes() -> Iterator[Path]:
    return (path for path in Path("/proc").iterdir() if path.name.isdecimal())


def _fields(pid: int) -> list[str]:
    """Return what the kernel tells of a process behind its name; zeros when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 50
    return text.rpartition(")")[2].split()
