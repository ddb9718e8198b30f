"""The command `librarian` at a terminal."""

import os
import pty
import signal
import subprocess
from pathlib import Path

from tests.system.site import Site, librarian_command


class Terminal:
    """A command that runs at a pseudo-terminal of its own."""

    def __init__(self, site: Site, *arguments: str | Path) -> None:
        """Start the command."""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            librarian_command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=site.client_environment({"TERM": "xterm-256color"}),
        )
        os.close(theirs)
        self.shown = ""

    def read_until(self, text: str) -> None:
        """Wait until this text is shown; fail when the command ends before."""
        while text not in self.shown:
            assert self._read(), f"{text!r} was never shown: {self.shown}"

    def read_to_end(self) -> str:
        """Wait until the command ends; return all that it showed."""
        while self._read():
            pass
        os.close(self._ours)
        self.process.wait(30)
        return self.shown

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._ours, 4096)
        except OSError:  # That is how a terminal says that nobody writes to it any more.
            return False
        self.shown += chunk.decode(errors="replace")
        return bool(chunk)
