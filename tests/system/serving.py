"""`librarian serve` as a process of a test."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.polling import wait_until
from tests.system.site import fast_environment, librarian_command


class Serve:
    """A `librarian serve` that is under way."""

    def __init__(
        self, *arguments: str | Path, client_config: Path, environment: Mapping[str, str]
    ) -> None:
        """Start it; nothing is known of it yet."""
        self.client_config = client_config
        self.environment = {
            **os.environ,
            **fast_environment(),
            "LIBRARIAN_CLIENT_CONFIG": str(client_config),
            **environment,
        }
        self.process = subprocess.Popen(
            librarian_command("serve", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def read_until(self, last_line: str) -> list[str]:
        """Return the lines printed up to this one; fail when it ends before."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == last_line:
                return lines
        assert self.process.stderr is not None
        raise AssertionError(f"serve ended: {lines} {self.process.stderr.read()}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit status and what was said on stderr."""
        self.process.send_signal(number)
        _, stderr = self.process.communicate(timeout=120)
        return self.process.returncode, stderr

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command `librarian` with the client configuration that serve wrote."""
        return subprocess.run(
            librarian_command(*arguments),
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=120,
            check=False,
        )

    def children(self) -> dict[str, int]:
        """Return the numbers of the services' processes, by service."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in map(int, task.read_text().split()):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"-m" in words and b"setup" not in words:
                found[words[words.index(b"-m") + 1].decode()] = pid
        return found


@contextmanager
def serving(
    *arguments: str | Path, client_config: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Serve]:
    """Run `librarian serve`, and see to it that it and its children end with the test."""
    serve = Serve(*arguments, client_config=client_config, environment=environment or {})
    try:
        yield serve
    finally:
        if serve.process.poll() is None:
            serve.process.kill()
        serve.process.communicate()


def has_ended(pid: int) -> bool:
    """Tell whether no process has that number, or only what is left of a dead one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_ended(*pids: int) -> None:
    """Wait until none of these processes runs any more."""
    wait_until(lambda: all(map(has_ended, pids)), what=f"the end of {pids}", timeout_seconds=60)
