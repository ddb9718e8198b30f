"""Doing what a neighbour asks for over SSH: a check, or one rsync that writes into its batch."""

import json
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from librarian.errors import BusyError, StateError
from librarian.names import RESERVED_PREFIX, show_name
from store_agent.batch_locks import open_lock, take_lock
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, open_beneath
from store_agent.receive_orders import Order, find_batch

# Of the system's own, whatever the account's environment says.
_PATH = "/usr/local/bin:/usr/bin:/bin"
_MARK = f"{RESERVED_PREFIX}-store"
_PATIENCE_SECONDS = 10.0
_TIMEOUT = "--timeout=120"
_CONFINE_SINCE = (3, 5, 0)
_MAX_OPEN_FILES = 1024
_MAX_MEMORY_BYTES = 4 << 30


class OpenBatch:
    """A batch's directories, open: found beneath one of the roots, through no link."""

    def __init__(self, path: str, peer: str, roots: Sequence[str]) -> None:
        self.root, batch = find_batch(path, peer, roots)
        root_fd = _open_root(self.root)
        try:
            self.fd = open_beneath(root_fd, batch.path, DIRECTORY_FLAGS)
            self.data_fd = open_beneath(root_fd, batch.data_path, DIRECTORY_FLAGS)
        except FileNotFoundError:
            raise StateError(
                f"No batch is expected at {show_name(path)}: offer it to the catalogue first."
            ) from None
        finally:
            os.close(root_fd)


def _open_root(root: str) -> int:
    root_fd = -1
    try:
        root_fd = os.open(root, DIRECTORY_FLAGS)
        os.close(open_beneath(root_fd, _MARK, FILE_FLAGS))
        return root_fd
    except OSError:
        pass
    if root_fd >= 0:
        os.close(root_fd)
    raise StateError(f"No store is at {show_name(root)} now: is its disk mounted?")


def describe(batch: OpenBatch) -> str:
    """Return as JSON which rsync is here, how much room, and what arrived already."""
    space = os.fstatvfs(batch.data_fd)
    answer = {
        "rsync": ".".join(map(str, rsync_version() or ())),
        "free_bytes": space.f_bavail * space.f_frsize,
        "arrived_bytes": _arrived_bytes(batch.data_fd),
    }
    return json.dumps(answer)


def _arrived_bytes(data_fd: int) -> int:
    return sum(
        os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_blocks * 512
        for _, _, names, dir_fd in os.fwalk(".", dir_fd=data_fd)
        for name in names
    )


def rsync_version(path: str = _PATH) -> tuple[int, ...] | None:
    """Return the version of the rsync that is found along a search path, or None without one."""
    program = _find_program(path)
    if program is None:
        return None
    said = subprocess.run(
        [program, "--version"], capture_output=True, timeout=10, check=False, text=True
    )
    found = re.search(r"version v?(\d+)\.(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, found.groups())) if found else None


def _find_program(path: str) -> str | None:
    # `shutil` would take longer to load than all else here.
    places = (f"{directory}/rsync" for directory in path.split(":"))
    return next((place for place in places if os.access(place, os.X_OK)), None)


def lock_for_rsync(batch: OpenBatch) -> int:
    """Lock a batch for an rsync, and return the lock; one that was left behind is ended first.

    Its sender has gone, or it would not have begun another; the kernel here may not know it yet.
    """
    lock_fd = open_lock(batch.fd)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    asked_signal = signal.SIGTERM
    while True:
        try:
            take_lock(batch.fd, lock_fd)
            break
        except BusyError:
            if time.monotonic() > deadline:
                raise
        _end_holder(lock_fd, asked_signal)
        asked_signal = signal.SIGTERM if deadline - time.monotonic() > 5 else signal.SIGKILL
        time.sleep(0.1)
    os.ftruncate(lock_fd, 0)
    os.pwrite(lock_fd, f"{os.getpid()} {_start_of(os.getpid())}\n".encode(), 0)
    return lock_fd


def _end_holder(lock_fd: int, asked_signal: signal.Signals) -> None:
    """Ask the rsync that holds a lock to end, if it is one that began here."""
    words = os.pread(lock_fd, 64, 0).decode(errors="replace").split()
    if len(words) != 2 or not words[0].isdecimal():
        return
    try:
        pid_fd = os.pidfd_open(int(words[0]))
    except OSError:
        return
    try:
        # The number may be another process's by now.
        if _start_of(int(words[0])) == words[1]:
            signal.pidfd_send_signal(pid_fd, asked_signal)
    except OSError:
        return
    finally:
        os.close(pid_fd)


def _start_of(pid: int) -> str:
    """Return when a process began, in the kernel's own ticks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def become_rsync(order: Order, batch: OpenBatch) -> None:
    """Replace this process by the rsync that was asked for, which keeps the batch's lock."""
    program = _find_program(_PATH)
    version = rsync_version()
    if program is None or version is None:
        raise StateError("There is no rsync here: install it.")
    lock_fd = lock_for_rsync(batch)
    os.set_inheritable(lock_fd, True)
    os.fchdir(batch.data_fd)
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit(resource.RLIMIT_AS, _MAX_MEMORY_BYTES)
    os.closerange(3, lock_fd)
    os.closerange(lock_fd + 1, 65536)
    own = [_TIMEOUT]
    if version >= _CONFINE_SINCE:
        own.append(f"--confine-root={os.getcwd()}")
    arguments = ["rsync", "--server", *(order.options or ()), *own, ".", "."]
    environment = {"PATH": _PATH, "LC_ALL": "C"}
    os.execve(program, arguments, environment)  # noqa: S606 - without a shell is what is wanted


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))
