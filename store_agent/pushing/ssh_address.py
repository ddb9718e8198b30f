"""Where a neighbour's SSH is, by which key, and what it is held to: checked before it is used."""

import base64
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from librarian.errors import InvalidRequestError
from librarian.names import show_name
from store_agent.pushing.ways import Push

# None begins with `-`, and none has an `@`, `:` or `/` by which rsync could take it for a path.
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}|[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_LIBRARIAN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST_KEY = re.compile(r"([a-z0-9@.-]{4,64}) ([A-Za-z0-9+/]{40,8192}={0,2})(?: [^\n]*)?")
_MAX_PATH_BYTES = 4000
# Instead of the host's name and port: what a name leads to may change, the key may not.
_ALIAS = "neighbour"


@dataclass(frozen=True)
class SshAddress:
    """A neighbour's SSH server, the key for it, and its own key."""

    host: str
    port: int
    user: str
    key_file: Path
    host_key_type: str
    host_key: str

    @property
    def host_key_bytes(self) -> bytes:
        """Return the host key as SSH sends it."""
        return base64.b64decode(self.host_key)

    def remote(self, path: str) -> str:
        """Return a directory there as rsync takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{path.rstrip('/')}/"

    def command(self) -> str:
        """Return the command that rsync shall connect by; rsync splits it at its spaces itself."""
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            # A file would be left behind by an agent that is killed. OpenSSH has it since 8.5.
            f"KnownHostsCommand=/bin/echo {_ALIAS} {self.host_key_type} {self.host_key}",
            "UserKnownHostsFile=/dev/null",
            "GlobalKnownHostsFile=/dev/null",
            f"HostKeyAlias={_ALIAS}",
            "UpdateHostKeys=no",
            f"IdentityFile={_quoted(self.key_file)}",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "PreferredAuthentications=publickey",
            "ClearAllForwardings=yes",
            "Compression=no",
            # With the processor's own help a quarter faster than what ssh would choose.
            "Ciphers=^aes128-gcm@openssh.com",
            "ConnectTimeout=20",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=4",
        ]
        words = ["ssh", "-F", "none", "-T", "-p", str(self.port)]
        words += [word for option in options for word in ("-o", _rsync_word(option))]
        return " ".join(words)


def find_address(push: Push, key_dir: Path | None) -> SshAddress:
    """Return where a push finds its neighbour's SSH; raise InvalidRequestError when it cannot."""
    way_in, name = push.way_in, show_name(push.librarian_name)
    if not way_in.ssh_host or not way_in.rsync_path:
        raise InvalidRequestError(f"{name} offers no rsync over SSH.")
    if not _HOST.fullmatch(way_in.ssh_host) or not _USER.fullmatch(way_in.ssh_user):
        raise InvalidRequestError(f"{name} gave a host or a login name for SSH that is none.")
    if not 0 < way_in.ssh_port < 65536 or not _is_plain_path(way_in.rsync_path):
        raise InvalidRequestError(f"{name} gave a port or a path for rsync that is none.")
    key_file = _find_key(push.librarian_name, key_dir)
    pinned = _HOST_KEY.fullmatch(push.ssh_host_key.strip())
    if pinned is None:
        raise InvalidRequestError(
            f"No SSH host key is on record of {name}: run `librarian update-librarian` with the"
            " line of its ssh_host_…_key.pub."
        )
    return SshAddress(
        way_in.ssh_host, way_in.ssh_port, way_in.ssh_user, key_file, pinned[1], pinned[2]
    )


def _find_key(librarian_name: str, key_dir: Path | None) -> Path:
    if key_dir is None:
        raise InvalidRequestError("ssh_key_dir is not set in the agent's configuration.")
    if not _LIBRARIAN_NAME.fullmatch(librarian_name):
        raise InvalidRequestError(f"No SSH key can be kept under {show_name(librarian_name)}.")
    key_file = key_dir / librarian_name
    if '"' in str(key_file):
        raise InvalidRequestError(
            f"ssh cannot take a key at {key_file}: the path has a quote in it."
        )
    try:
        status = key_file.stat()
    except OSError as error:
        raise InvalidRequestError(
            f"The SSH key {key_file} cannot be used ({error.strerror}): make it with ssh-keygen."
        ) from error
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()):
        raise InvalidRequestError(f"The SSH key {key_file} is not a file of the agent's user.")
    if status.st_mode & 0o077:
        raise InvalidRequestError(f"Others may read the SSH key {key_file}: run chmod 600 on it.")
    return key_file


def _is_plain_path(path: str) -> bool:
    return path.startswith("/") and path.isprintable() and len(path.encode()) <= _MAX_PATH_BYTES


def _quoted(path: Path) -> str:
    """Quote a path for ssh, which splits values of options at spaces and expands `%`."""
    return '"' + str(path).replace("%", "%%") + '"'


def _rsync_word(word: str) -> str:
    """Quote a word of the command for rsync, which doubles a quote that it means."""
    return "'" + word.replace("'", "''") + "'"
