"""One process of a site: started, watched until it listens, stopped."""

import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from librarian.supervisor.errors import SiteStartError

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0
_LISTENING = "listening on "


@dataclass
class Process:
    """A service that runs as a child of this process, or does not run.

    The kernel ends a child with the thread that started it, so start it from the main thread.
    """

    # Module to run, such as `catalog_service`.
    module: str
    config_file: Path
    # Where its log goes; to this process's stderr when there is none.
    log_file: Path | None = None
    # Variables of its environment besides those of this process.
    environment: dict[str, str] = field(default_factory=dict)
    # Permissions that the files it makes shall not have; -1 leaves them as they are here.
    umask: int = -1
    _child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process's number; 0 when it was never started."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Start the process, and return at once."""
        with open_log(self.log_file) as log:
            self._child = subprocess.Popen(
                service_command(self.module, self.config_file),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=child_environment(self.environment),
                # Ctrl-C on the terminal must reach this process alone: it stops them in order.
                start_new_session=True,
                umask=self.umask,
            )

    def start_listening(self) -> str:
        """Start the process, and return the address at which it listens."""
        self.start()
        return self.wait_until_listening()

    def wait_until_listening(self, *, timeout_seconds: float = START_TIMEOUT_SECONDS) -> str:
        """Return the address at which it listens; raise SiteStartError when it will not."""
        deadline = time.monotonic() + timeout_seconds
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            chunk = self._read_stdout(left) if left > 0 else None
            if not chunk:
                raise SiteStartError(self._why_not(timeout_seconds, ended=chunk == b""))
            line += chunk
        return line.decode().strip().removeprefix(_LISTENING)

    def is_running(self) -> bool:
        """Tell whether it has been started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._child.poll() if self._child else None

    def stop(self, *, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Tell it to end, and wait until it has; kill it when it takes too long."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._reap(self._child)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._reap(self._child)

    def _reap(self, child: subprocess.Popen[bytes]) -> None:
        child.wait()
        if child.stdout:
            child.stdout.close()

    def _read_stdout(self, timeout_seconds: float) -> bytes | None:
        """Return what the child printed, nothing when it has ended, None when time is over."""
        if self._child is None or self._child.stdout is None:
            return b""
        ready, _, _ = select.select([self._child.stdout], [], [], timeout_seconds)
        return os.read(self._child.stdout.fileno(), 4096) if ready else None

    def _why_not(self, timeout_seconds: float, *, ended: bool) -> str:
        if not ended:
            return f"{self.module} did not listen within {timeout_seconds:.0f} seconds."
        said = last_line(self.log_file)
        return said or f"{self.module} ended before it listened; its log says why."


def service_command(module: str, config_file: Path, *, subcommand: str = "") -> list[str]:
    """Return the command that runs a service of this installation."""
    # -P keeps a module of the same name in the working directory from being run instead.
    command = [sys.executable, "-P", "-m", module]
    return [*command, *([subcommand] if subcommand else []), "--config", str(config_file)]


def child_environment(changes: dict[str, str]) -> dict[str, str]:
    """Return the environment of a child that ends with this process."""
    return {**os.environ, "LIBRARIAN_DIE_WITH_PARENT": "1", **changes}


def open_log(log_file: Path | None) -> BinaryIO:
    """Open a log to be written at its end; without a file, this process's stderr."""
    if log_file is None:
        return os.fdopen(os.dup(2), "wb", buffering=0)
    return log_file.open("ab", buffering=0)


def last_line(log_file: Path | None) -> str:
    """Return the last line of a log; nothing when there is none."""
    if log_file is None or not log_file.exists():
        return ""
    with log_file.open("rb") as log:
        log.seek(max(0, log_file.stat().st_size - 4096))
        lines = log.read().decode(errors="replace").splitlines()
    return lines[-1] if lines else ""
