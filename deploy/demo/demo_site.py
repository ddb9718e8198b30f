"""A site in a fresh directory, and commands that are shown as they are run."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.demo.ports import find_free_port

_LIBRARIAN = [sys.executable, "-m", "librarian.cli"]
_STOP_TIMEOUT_SECONDS = 30


class DemoError(Exception):
    """The demonstration went wrong; the message says where."""


class DemoSite:
    """A site with a client configuration of its own: the person's stays as it is."""

    def __init__(
        self, directory: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the site in a directory, a fresh one if none is given; return once it serves."""
        self.directory = directory or Path(tempfile.mkdtemp(prefix="librarian-demo-"))
        self.directory.mkdir(exist_ok=True)
        self.config = self.directory / "client.cfg"
        self.port = find_free_port()
        self._log = self.directory / "serve.log"
        self._variables = dict(environment or {})
        self.start()

    def start(self) -> None:
        """Start the site, for the first time or again; return once it serves."""
        command = ["serve", "--dir", str(self.directory / "site"), "--port", str(self.port)]
        with self._log.open("ab") as log:
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
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        """Return the number of the process to end when the site is left running."""
        return self._server.pid

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
        """Stop the site, and leave its directory."""
        self._server.send_signal(signal.SIGTERM)
        try:
            self._server.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        if self._server.stdout:
            self._server.stdout.close()

    def kill(self) -> None:
        """End all of the site at once, as a power cut would."""
        self._server.kill()
        self._server.wait()
        if self._server.stdout:
            self._server.stdout.close()

    def remove(self) -> None:
        """Remove the directory of the site, which has stopped."""
        remove_tree(self.directory)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(self.config), **self._variables}

    def _wait_until_ready(self) -> None:
        assert self._server.stdout is not None  # noqa: S101 - it is a pipe
        for line in self._server.stdout:
            if line.strip() == "ready":
                return
        self.stop()
        raise DemoError(f"The site did not start: {self._log.read_text().strip()}")


def remove_tree(directory: Path) -> None:
    """Remove a directory with sites in it."""
    for path in [directory, *directory.rglob("*")]:
        # Contents on a store are read-only, and so are the directories of a dataset.
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(directory)
