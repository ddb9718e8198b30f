"""Checking a neighbour's SSH before anything is sent: what is wrong, in a sentence."""

import json
import logging
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import paramiko

from librarian.names import show_name
from store_agent.pushing.ssh_address import SshAddress
from store_agent.pushing.ways import Cause, TroubleError
from store_agent.reading import Stop

OLDEST_RSYNC = (3, 2, 4)
"""The first with --fsync, and the first that quotes what a remote shell would read."""

# It logs each error with a traceback before it raises it; here they are told in a sentence.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_CONNECT_SECONDS = 20.0
# From the connection to the whole answer.
_CHECK_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_MAX_ANSWER_BYTES = 65536
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True)
class SshAnswer:
    """What the neighbour's `librarian-receive` says of itself."""

    rsync_version: tuple[int, ...]
    free_bytes: int
    arrived_bytes: int


def check_ssh(address: SshAddress, rsync_path: str, neighbour: str, stop: Stop) -> SshAnswer:
    """Log in at a neighbour and ask how it is; raise TroubleError with what is wrong.

    Raises BusyError soon when it is to stop.
    """
    with (
        closing(_connect(address, neighbour)) as transport,
        _ended_in_time(transport, neighbour, stop),
    ):
        _check_host_key(transport, address, neighbour)
        _log_in(transport, address, neighbour)
        return _ask(transport, rsync_path, neighbour)


def check_answer(answer: SshAnswer, wanted_bytes: int, neighbour: str) -> None:
    """Raise TroubleError unless there is a good rsync, and room for all that is to be brought."""
    if answer.rsync_version < OLDEST_RSYNC:
        found = ".".join(map(str, answer.rsync_version)) or "none"
        oldest = ".".join(map(str, OLDEST_RSYNC))
        raise TroubleError(
            Cause.MISCONFIGURED,
            f"{neighbour} needs rsync {oldest} or newer on its store's host, and has {found}.",
        )
    missing_bytes = wanted_bytes - answer.arrived_bytes
    if missing_bytes > answer.free_bytes:
        raise TroubleError(
            Cause.FULL,
            f"{neighbour} has {answer.free_bytes} bytes free, and {missing_bytes} more are to come:"
            " free some there.",
        )


def _connect(address: SshAddress, neighbour: str) -> paramiko.Transport:
    where = f"{address.host}:{address.port}"
    try:
        end = socket.create_connection((address.host, address.port), timeout=_CONNECT_SECONDS)
    except OSError as error:
        raise TroubleError(
            Cause.UNREACHABLE, f"SSH of {neighbour} at {where} cannot be reached: {error}."
        ) from error
    transport = paramiko.Transport(end)
    try:
        wanted = _RSA if address.host_key_type == "ssh-rsa" else (address.host_key_type,)
        transport.get_security_options().key_types = wanted
        transport.start_client(timeout=_CONNECT_SECONDS)
    except ValueError as error:
        transport.close()
        raise _misconfigured(
            f"The host key on record of {neighbour} is of the kind {address.host_key_type}, which"
            " is not known here: pin its ssh-ed25519 key."
        ) from error
    except paramiko.ssh_exception.IncompatiblePeer as error:
        transport.close()
        raise _misconfigured(
            f"SSH of {neighbour} at {where} has no host key of the kind"
            f" {address.host_key_type}, as the one on record is: {error}."
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        raise TroubleError(
            Cause.UNREACHABLE, f"No SSH server answers at {where} for {neighbour}: {error}."
        ) from error
    return transport


@contextmanager
def _ended_in_time(transport: paramiko.Transport, neighbour: str, stop: Stop) -> Iterator[None]:
    """Close a connection that is used for too long: some waits of paramiko's have no end."""
    over, end_time = threading.Event(), time.monotonic() + _CHECK_SECONDS

    def watch() -> None:
        while not over.wait(_LOOK_SECONDS):
            if stop.is_asked() or time.monotonic() > end_time:
                transport.close()
                return

    thread = threading.Thread(target=watch, name="ssh-check", daemon=True)
    thread.start()
    try:
        yield
    except TroubleError as trouble:
        stop.check()
        if time.monotonic() < end_time:
            raise
        raise TroubleError(
            Cause.UNREACHABLE,
            f"SSH of {neighbour} did not answer within {_CHECK_SECONDS:.0f} seconds.",
        ) from trouble
    finally:
        over.set()
        thread.join()


def _check_host_key(transport: paramiko.Transport, address: SshAddress, neighbour: str) -> None:
    found = transport.get_remote_server_key()
    if found.asbytes() != address.host_key_bytes:
        raise _misconfigured(
            f"The SSH host key of {neighbour} differs: on record is {address.host_key_type}"
            f" {address.host_key}, and it shows {found.get_name()} {found.get_base64()}. Unless its"
            " administrator changed it, somebody is in between."
        )


def _log_in(transport: paramiko.Transport, address: SshAddress, neighbour: str) -> None:
    try:
        key = paramiko.PKey.from_path(address.key_file)
    except (paramiko.SSHException, ValueError, TypeError, OSError) as error:
        raise _misconfigured(
            f"The SSH key {address.key_file} cannot be read ({error}): make one without a"
            " passphrase with ssh-keygen."
        ) from error
    try:
        transport.auth_publickey(address.user, key)
    except paramiko.AuthenticationException as error:
        raise _misconfigured(
            f"SSH of {neighbour} refuses the login of {address.user} with the key"
            f" {address.key_file}: have its administrator authorise {key.get_name()}"
            f" {key.get_base64()}."
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise TroubleError(
            Cause.UNREACHABLE, f"SSH of {neighbour} broke off at the login: {error}."
        ) from error


def _ask(transport: paramiko.Transport, rsync_path: str, neighbour: str) -> SshAnswer:
    try:
        with closing(transport.open_session(timeout=_CONNECT_SECONDS)) as channel:
            channel.settimeout(_CONNECT_SECONDS)
            channel.exec_command(f"librarian-receive check {shlex.quote(rsync_path)}")
            said = channel.makefile("rb").read(_MAX_ANSWER_BYTES)
            complaint = channel.makefile_stderr("rb").read(_MAX_ANSWER_BYTES)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise TroubleError(
            Cause.UNREACHABLE, f"SSH of {neighbour} broke off when it was asked: {error}."
        ) from error
    return _read_answer(said, complaint.decode(errors="replace"), neighbour)


def _read_answer(said: bytes, complaint: str, neighbour: str) -> SshAnswer:
    try:
        answer: Any = json.loads(said)
        version = tuple(int(part) for part in str(answer["rsync"]).split(".") if part)
        return SshAnswer(version, int(answer["free_bytes"]), int(answer["arrived_bytes"]))
    except (ValueError, KeyError, TypeError):
        pass
    last = complaint.strip().splitlines()[-1:]
    if last and last[0].startswith("librarian-receive: "):
        sentence = last[0].removeprefix("librarian-receive: ")[:1000]
        plain = "".join(c if c.isprintable() else "?" for c in sentence)
        cause = Cause.REFUSED if plain.startswith("This key") else Cause.UNREACHABLE
        raise TroubleError(cause, f"{neighbour} refused rsync: {plain}")
    raise _misconfigured(
        f"The SSH key for {neighbour} is not followed by librarian-receive there"
        f" ({show_name(' '.join(last)) if last else 'no answer'}): its administrator must install"
        " it, and name it in authorized_keys."
    )


def _misconfigured(sentence: str) -> TroubleError:
    return TroubleError(Cause.MISCONFIGURED, sentence)
