"""A site in a fresh directory, and commands that are shown as they are run."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.demo.ports import are_free, find_free_port

_LIBRARIAN = [sys.executable, "-m", "librarian.cli"]
_STOP_TIMEOUT_SECONDS = 30
_PAUSE_SECONDS = 0.02
INTERRUPTED = 130
"""The exit status of what a person broke off, as shells have it."""


class DemoError(Exception):
    """The demonstration went wrong; the message says where."""


class DemoSite:
    """A site with a client configuration of its own: the person's stays as it is."""

    def __init__(
        self, directory: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Choose a place for the site: a directory, a fresh one if none is given, and ports."""
        self.directory = directory or Path(tempfile.mkdtemp(prefix="librarian-demo-"))
        self.directory.mkdir(exist_ok=True)
        self.config = self.directory / "client.cfg"
        self.port = find_free_port()
        self._log = self.directory / "serve.log"
        self._variables = dict(environment or {})
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the site, for the first time or again; return once it serves."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the site, and leave it to get ready by itself."""
        command = ["serve", "--dir", str(self.directory / "site"), "--port", str(self.port)]
        with self._log.open("ab") as log, signals_held():
            self._server = subprocess.Popen(
                [*_LIBRARIAN, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                text=True,
                # Left running, it must not end with this terminal.
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return once the site serves; raise DemoError when it does not."""
        if self._server is None or self._server.stdout is None:
            raise DemoError("The site was not started.")
        for line in self._server.stdout:
            if line.strip() == "ready":
                return
        self.stop()
        raise DemoError(f"The site did not start: {self._log.read_text().strip()}")

    @property
    def pid(self) -> int:
        """Return the number of the process to end when the site is left running; 0 for none."""
        return self._server.pid if self._server else 0

    def run(self, *arguments: str | Path, directory: Path | None = None) -> None:
        """Run a command before the eyes of the person; raise DemoError when it fails."""
        words = [str(argument) for argument in arguments]
        print(f"\n$ librarian {shlex.join(words)}", flush=True)
        done = subprocess.run(
            [*_LIBRARIAN, *words],
            cwd=directory or self.directory,
            env=self._environment(),
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(f"`librarian {words[0]}` ended with status {done.returncode}.")

    def stop(self) -> None:
        """Stop the site if it runs, and leave its directory."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End all of the site at once, as a power cut would."""
        self._end(signal.SIGKILL)
        # Its services follow it by themselves, and give their ports free.
        deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
        while not are_free(self.port):
            if time.monotonic() > deadline:
                raise DemoError(f"a killed site's ports {self.port} to {self.port + 3} stay taken.")
            time.sleep(_PAUSE_SECONDS)

    def remove(self) -> None:
        """Remove the directory of the site, which has stopped."""
        remove_tree(self.directory)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(self.config), **self._variables}

    def _end(self, number: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(number)
        try:
            server.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        # A site that has hardly begun may leave its setup behind, which makes directories.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        if server.stdout:
            server.stdout.close()


def heed_signals() -> None:
    """Have SIGTERM end a demonstration as Ctrl-C does: what it started is taken away."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started: nobody would end one that is not known yet."""
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, lambda arrived, frame: came.append(arrived))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def remove_tree(directory: Path) -> None:
    """Remove a directory with sites in it."""
    for path in [directory, *directory.rglob("*")]:
        # Contents on a store are read-only, and so are the directories of a dataset.
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(directory)
