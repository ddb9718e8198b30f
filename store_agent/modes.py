"""Permissions of what lies in stores: nobody writes, and who may read is for the agent's umask."""

import os
import re
import stat
from pathlib import Path


def _own_umask() -> int:
    """Return this process's umask, which the system's call could only tell by changing it."""
    found = re.search(r"^Umask:\s+([0-7]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    # Linux tells it since 4.7.
    return int(found[1], 8) if found else 0o077


_ALLOWED = ~_own_umask() | stat.S_IRWXU
_FILE = 0o444 & _ALLOWED
_FOLDER = 0o555 & _ALLOWED


def is_final(status: os.stat_result) -> bool:
    """Tell whether a file or directory has its final permissions."""
    return stat.S_IMODE(status.st_mode) == _mode_of(status)


def make_read_only(fd: int) -> None:
    """Give an open file or directory its final permissions, whatever whoever brought it chose."""
    status = os.fstat(fd)
    if not is_final(status):
        os.fchmod(fd, _mode_of(status))


def _mode_of(status: os.stat_result) -> int:
    return _FOLDER if stat.S_ISDIR(status.st_mode) else _FILE
