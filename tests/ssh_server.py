"""An sshd for tests: that of the demonstration, stopped at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.ssh_server import SshServer, make_key

__all__ = ["SshServer", "make_key", "running_ssh_server"]


@contextmanager
def running_ssh_server(directory: Path) -> Iterator[SshServer]:
    """Run an SSH server."""
    server = SshServer(directory)
    try:
        yield server
    finally:
        server.stop()
