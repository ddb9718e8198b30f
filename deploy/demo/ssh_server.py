"""An SSH server for one run: unprivileged, on a free port of loopback, with throw-away keys."""

import os
import pwd
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.demo.demo_site import DemoError
from deploy.demo.ports import find_free_port

_START_SECONDS = 60.0
# sshd refuses a relative name: it starts itself anew for each connection.
_PLACES = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd")
_CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
PidFile none
# The directory of a run lies beneath /tmp, where others may write.
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitUserEnvironment no
MaxStartups 100
ClientAliveInterval 15
ClientAliveCountMax 4
"""


class SshServer:
    """An sshd whose keys can do nothing but run `librarian-receive`."""

    host = "127.0.0.1"

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.port = 0
        self.host_key = make_key(directory / "host_key")
        (directory / "authorized_keys").touch(mode=0o600)
        self.start()

    @property
    def pid(self) -> int:
        """Return the number of its process; 0 when it does not run."""
        return self._process.pid if self._process else 0

    def key_directory(self, site: str) -> Path:
        """Return where the agents of a site find their keys, one for each neighbour."""
        return self.directory / "keys" / site

    def agent_environment(self, site: str) -> dict[str, str]:
        """Return what the agent of a site must be told to send and to take by this server."""
        settings = {
            "SSH_HOST": self.host,
            "SSH_PORT": str(self.port),
            "SSH_USER": self.user,
            "SSH_KEY_DIR": str(self.key_directory(site)),
        }
        return {f"LIBRARIAN_STORE_AGENT__{key}": value for key, value in settings.items()}

    def neighbour_options(self) -> list[str]:
        """Return the options of `librarian add-librarian` for this server, and for no other way."""
        return ["--way", "rsync", "--ssh-host-key", self.host_key]

    def admit(self, source: str, destination: str, root: Path) -> None:
        """Make a key for what one site's agents bring to another, and let it in."""
        self.key_directory(source).mkdir(parents=True, exist_ok=True)
        self.allow(source, make_key(self.key_directory(source) / destination), [root])

    def allow(self, account_name: str, public_key: str, roots: Sequence[Path]) -> None:
        """Let the bearer of a key bring an account's batches into the stores at some roots."""
        words = [sys.executable, "-I", "-m", "store_agent.receive_command", "--peer", account_name]
        words += [word for root in roots for word in ("--beneath", str(root))]
        command = shlex.join(words).replace('"', '\\"')
        with (self.directory / "authorized_keys").open("a") as file:
            file.write(f'restrict,command="{command}" {public_key}\n')

    def start(self) -> None:
        """Start the server again after `stop`, and return when it listens."""
        program = next((place for place in _PLACES if os.path.exists(place)), None)
        if program is None:
            raise DemoError("there is no sshd here: install the package openssh-server.")
        if os.geteuid() == 0:
            # sshd wants it when root starts it; else whatever starts services makes it.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.port = self.port or find_free_port()
        file = self.directory / "sshd_config"
        file.write_text(_CONFIGURATION.format(port=self.port, directory=self.directory))
        with (self.directory / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-D", "-e", "-f", file],
                stdin=subprocess.DEVNULL,
                stderr=log,
                # Left running, it must not end with this terminal.
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening; it may be started again, on the same port."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process is not None:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection((self.host, self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        said = (self.directory / "sshd.log").read_text(errors="replace")
        raise DemoError(f"sshd does not listen: {said[-1000:]}")


def make_key(file: Path) -> str:
    """Make an SSH key, unless it is there, and return the text of its public half."""
    if not file.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)]
        try:
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise DemoError(
                "there is no ssh-keygen here: install the package openssh-client."
            ) from None
    return file.with_name(f"{file.name}.pub").read_text().strip()
