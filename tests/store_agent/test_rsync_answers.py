"""What is done with what a neighbour answers, and with what rsync says."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from librarian.errors import BusyError, InvalidRequestError
from store_agent.pushing import rsync_process, ssh_checks
from store_agent.pushing.rsync_process import Rsync
from store_agent.pushing.rsync_progress import ProgressReader, trouble_of
from store_agent.pushing.ssh_address import SshAddress, find_address
from store_agent.pushing.ssh_checks import SshAnswer, check_answer, check_ssh
from store_agent.pushing.ways import Cause, Progress, Push, PushFile, TroubleError, WayIn
from store_agent.reading import Stop
from tests.ssh_server import make_key

HOST_KEY = "ssh-ed25519 " + "A" * 68


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a directory of keys with one in it; what is in the file is not looked at."""
    (tmp_path / "neighbour").write_text("key")
    (tmp_path / "neighbour").chmod(0o600)
    return tmp_path


def push_to(**changes: object) -> Push:
    way_in = {"ssh_host": "b.example", "ssh_user": "li", "rsync_path": "/s/data", **changes}
    return Push("00", 1, "neighbour", WayIn("s1", **way_in), ssh_host_key=HOST_KEY)  # type: ignore[arg-type]


def test_a_neighbour_s_address_is_found(keys: Path) -> None:
    address = find_address(push_to(), keys)
    assert address.remote("/s/data") == "li@b.example:/s/data/"
    assert find_address(push_to(ssh_host="::1"), keys).remote("/s/") == "li@[::1]:/s/"
    mapped = find_address(push_to(ssh_host="::ffff:10.0.0.1"), keys)
    assert mapped.remote("/s") == "li@[::ffff:10.0.0.1]:/s/"
    assert find_address(push_to(ssh_host="my_host"), keys).remote("/s") == "li@my_host:/s/"


@pytest.mark.parametrize(
    "changes",
    [
        {"ssh_host": ""},
        {"rsync_path": ""},
        {"ssh_host": "-oProxyCommand=id"},
        {"ssh_host": "b.example/x"},
        {"ssh_host": "x@y"},
        {"ssh_host": "a b"},
        {"ssh_host": "b.example:/etc"},
        {"ssh_host": "b\n"},
        {"ssh_user": ""},
        {"ssh_user": "-l"},
        {"ssh_user": "a/b"},
        {"ssh_user": "a:b"},
        {"ssh_user": "a b"},
        {"ssh_port": 0},
        {"ssh_port": 65536},
        {"rsync_path": "s/data"},
        {"rsync_path": "/s\n"},
        {"rsync_path": "/" + "x" * 5000},
    ],
)
def test_what_a_neighbour_answers_is_not_believed(keys: Path, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        find_address(push_to(**changes), keys)


def test_a_key_that_others_may_read_is_not_used(keys: Path) -> None:
    (keys / "neighbour").chmod(0o640)
    with pytest.raises(InvalidRequestError, match="chmod 600"):
        find_address(push_to(), keys)


def test_without_a_key_or_a_pinned_host_nothing_is_sent(keys: Path) -> None:
    with pytest.raises(InvalidRequestError, match="ssh_key_dir"):
        find_address(push_to(), None)
    (keys / "neighbour").unlink()
    with pytest.raises(InvalidRequestError, match="ssh-keygen"):
        find_address(push_to(), keys)
    (keys / "neighbour").mkdir(mode=0o700)
    with pytest.raises(InvalidRequestError, match="not a file"):
        find_address(push_to(), keys)
    with pytest.raises(InvalidRequestError, match="quote"):
        find_address(push_to(), keys / '"')


@pytest.mark.parametrize(
    "pinned", ["", "ssh-ed25519", "* " + HOST_KEY, HOST_KEY + "\n* " + HOST_KEY]
)
def test_only_one_host_key_is_held_to(keys: Path, pinned: str) -> None:
    push = Push("00", 1, "neighbour", push_to().way_in, ssh_host_key=pinned)
    with pytest.raises(InvalidRequestError, match="host key"):
        find_address(push, keys)


@pytest.mark.parametrize(
    ("code", "said", "cause"),
    [
        (0, "", None),
        (23, "rsync: [sender] send_files failed to open x: Permission denied (13)", None),
        (24, "file has vanished", None),
        (11, "rsync: [receiver] write failed", Cause.FULL),
        (23, "rsync: [generator] mkdir failed: No space left on device (28)", Cause.FULL),
        (
            12,
            'rsync: write failed on "/s/x": Disk quota exceeded (122)\nrsync error: x',
            Cause.FULL,
        ),
        (23, 'rsync: read errors mapping "a (28)": Input/output error (5)\nrsync error', None),
        (24, 'file has vanished: "/s/obs: (28)"', None),
        (12, "rsync: connection unexpectedly closed", Cause.UNREACHABLE),
        (30, "io timeout", Cause.UNREACHABLE),
        (255, "ssh: connect to host b: Connection refused", Cause.UNREACHABLE),
        (10, "", Cause.UNREACHABLE),
        (35, "", Cause.UNREACHABLE),
        (-9, "", Cause.UNREACHABLE),
        (1, "rsync: --fsync: unknown option", Cause.MISCONFIGURED),
        (127, "setpriv: failed to execute rsync", Cause.MISCONFIGURED),
        (12, "librarian-receive: This key writes into batches of a only", Cause.REFUSED),
        (12, "librarian-receive: No store is at '/s' now", Cause.UNREACHABLE),
    ],
)
def test_each_end_of_rsync_has_its_meaning(code: int, said: str, cause: Cause | None) -> None:
    trouble = trouble_of(code, said, "'b'")
    assert (trouble.cause if trouble else None) == cause
    assert trouble is None or "'b'" in str(trouble)


def test_what_rsync_says_cannot_disturb_a_terminal() -> None:
    assert "\x1b" not in str(trouble_of(12, "\x1b[31mred", "'b'"))


@given(st.lists(st.integers(0, 10**15), max_size=20), st.data())
def test_progress_is_read_however_it_is_cut(numbers: list[int], data: st.DataObject) -> None:
    said = (
        b"".join(b"\r%15d  3%%  1.0MB/s 0:00:01 (xfr#1, to-chk=3/4)" % n for n in numbers) + b"\n"
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=10)))
    reader = ProgressReader()
    starts = [0, *cuts]
    fed = sum(
        reader.feed(said[start:end]) for start, end in zip(starts, [*cuts, None], strict=True)
    )
    assert fed == reader.sent_bytes == max(numbers, default=0)


def test_what_the_neighbour_has_rsync_say_fills_no_disk(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    # A disk would be full after so little, and take no more of what is said.
    flood = "ulimit -f 64; head -c 4000000 /dev/zero | tr '\\0' x >&2; echo '\nThe end.' >&2"
    (programs / "rsync").write_text(f"#!/bin/sh\n{flood}\nexit 12\n")
    (programs / "rsync").chmod(0o755)
    monkeypatch.setattr(rsync_process, "PATH", f"{programs}:{rsync_process.PATH}")
    push = push_to()
    rsync = Rsync(push, find_address(push, keys), Progress(), Stop())
    root_fd = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(TroubleError, match=r"broke off \(code 12\).* / The end\.$"):
            rsync.run(root_fd, [PushFile("00-1", "s", "", "f", 3, "")])
    finally:
        os.close(root_fd)


def test_what_is_there_already_needs_no_room() -> None:
    check_answer(SshAnswer((3, 2, 7), 10, 90), 100, "'b'")
    with pytest.raises(TroubleError, match="10 bytes free, and 11 more") as caught:
        check_answer(SshAnswer((3, 2, 7), 10, 89), 100, "'b'")
    assert caught.value.cause is Cause.FULL


@pytest.mark.parametrize("version", [(3, 2, 3), (3, 1, 9), ()])
def test_an_old_rsync_there_is_told(version: tuple[int, ...]) -> None:
    with pytest.raises(TroubleError, match=r"needs rsync 3\.2\.4") as caught:
        check_answer(SshAnswer(version, 1000, 0), 1, "'b'")
    assert caught.value.cause is Cause.MISCONFIGURED


def test_ssh_is_called_without_a_shell_or_a_configuration(keys: Path) -> None:
    address = SshAddress("b", 22, "li", keys / "neighbour", "ssh-ed25519", "A" * 68)
    command = address.command()
    assert command.startswith("ssh -F none -T -p 22 ")
    for option in ("StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes"):
        assert f"-o '{option}'" in command


@pytest.fixture
def frozen_server(tmp_path: Path) -> Iterator[SshAddress]:
    """Serve an SSH that takes every login, and never answers what it is asked to run."""
    make_key(tmp_path / "host_key")
    make_key(tmp_path / "neighbour")
    go_on = threading.Event()

    class Frozen(paramiko.ServerInterface):
        def get_allowed_auths(self, username: str) -> str:
            return "publickey"

        def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
            return int(AUTH_SUCCESSFUL)

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return int(OPEN_SUCCEEDED)

        def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
            return not go_on.wait(100)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            end, _ = listener.accept()
            transport = paramiko.Transport(end)
            transport.add_server_key(paramiko.PKey.from_path(tmp_path / "host_key"))
            transport.start_server(server=Frozen())
            go_on.wait(100)
            transport.close()

        thread = threading.Thread(target=serve)
        thread.start()
        kind, key = (tmp_path / "host_key.pub").read_text().split()[:2]
        port = listener.getsockname()[1]
        yield SshAddress("127.0.0.1", port, "li", tmp_path / "neighbour", kind, key)
        go_on.set()
        thread.join()


def test_an_sshd_that_freezes_holds_nothing_for_ever(
    frozen_server: SshAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_checks, "_CHECK_SECONDS", 0.5)
    with pytest.raises(TroubleError, match="did not answer within") as caught:
        check_ssh(frozen_server, "/s", "'b'", Stop())
    assert caught.value.cause is Cause.UNREACHABLE


def test_a_check_that_hangs_ends_when_the_push_is_stopped(frozen_server: SshAddress) -> None:
    end_time = time.monotonic() + 0.5
    with pytest.raises(BusyError):
        check_ssh(frozen_server, "/s", "'b'", Stop(lambda: time.monotonic() > end_time))
