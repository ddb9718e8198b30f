"""Rsync over SSH: what is checked first, what is said, and what is never taken for an option."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.errors import InvalidRequestError
from librarian.v1 import librarians_pb2
from store_agent.pushing.rsync_progress import ProgressReader, trouble_of
from store_agent.pushing.ssh_address import SshAddress, find_address
from store_agent.pushing.ssh_checks import SshAnswer, check_answer
from store_agent.pushing.ways import Cause, Push, TroubleError, WayIn
from tests.polling import wait_until
from tests.ssh_server import SshServer, make_key
from tests.store_agent.pushing_contract import BATCH, HERE, RsyncSetup, Sites, running_sites

HOST_KEY = "ssh-ed25519 " + "A" * 68
UNREACHABLE = librarians_pb2.Link.UNREACHABLE
REFUSED = librarians_pb2.Link.REFUSED
MISCONFIGURED = librarians_pb2.Link.MISCONFIGURED


@pytest.fixture
def setup() -> RsyncSetup:
    return RsyncSetup()


@pytest.fixture
def sites(tmp_path: Path, setup: RsyncSetup) -> Iterator[Sites]:
    with running_sites(tmp_path, setup) as running:
        yield running


@pytest.fixture
def server(sites: Sites, setup: RsyncSetup) -> SshServer:
    assert setup.server is not None
    return setup.server


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


def test_another_host_key_is_told_with_both(sites: Sites, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    outcome = sites.push(sites.put({"a": b"a"}), ssh_host_key=other)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == MISCONFIGURED
    assert other.split()[1] in outcome.trouble.message
    assert "differs" in outcome.trouble.message
    assert not list(sites.root_there.glob(".librarian/incoming/*/*/data/*"))


def test_a_refused_login_is_told(sites: Sites, server: SshServer) -> None:
    files = sites.put({"a": b"a"})
    (server.directory / "authorized_keys").write_text("")
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == MISCONFIGURED
    assert "refuses the login" in outcome.trouble.message
    assert "authorise ssh-ed25519" in outcome.trouble.message


def test_a_key_without_librarian_receive_behind_it_is_told(sites: Sites, server: SshServer) -> None:
    files = sites.put({"a": b"a"})
    public = (server.key_directory(HERE) / "neighbour.pub").read_text()
    (server.directory / "authorized_keys").write_text(f'restrict,command="echo hello" {public}')
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == MISCONFIGURED
    assert "not followed by librarian-receive" in outcome.trouble.message


def test_another_account_s_key_is_refused(sites: Sites, server: SshServer) -> None:
    files = sites.put({"a": b"a"})
    keys = server.directory / "authorized_keys"
    keys.write_text(keys.read_text().replace(f"--peer {HERE}", "--peer other"))
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == REFUSED
    assert "account other only" in outcome.trouble.message


def test_a_server_that_is_down_is_told_and_then_found_again(
    sites: Sites, server: SshServer
) -> None:
    files = sites.put({"a": b"a"})
    server.stop()
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == UNREACHABLE
    assert "cannot be reached" in outcome.trouble.message
    server.start()
    assert sites.push(files, fence=2).there == [files[0].upload_id]
    server.stop()
    again = sites.push(files, fence=3)
    assert again.trouble is not None
    assert again.trouble.cause == UNREACHABLE
    server.start()


def test_one_connection_brings_a_batch_and_one_more_checks_the_first(
    sites: Sites, server: SshServer
) -> None:
    files = sites.put({f"f{n}": b"x" for n in range(20)})
    sites.push(files)
    sites.push(files, fence=2)
    assert (server.directory / "sshd.log").read_text().count("Accepted publickey") == 3


def test_keys_may_lie_at_any_path(tmp_path: Path) -> None:
    odd = tmp_path / "a b%h ~' \""

    class OddServer(SshServer):
        def key_directory(self, site: str) -> Path:
            return tmp_path / "a b%h ~'" / site

    odd.mkdir()
    setup = RsyncSetup()
    setup.server = OddServer(tmp_path / "ssh")
    with running_sites(odd, setup) as sites:
        files = sites.put({"a": b"a"})
        outcome = sites.push(files)
        assert (outcome.trouble, outcome.there) == (None, [files[0].upload_id])
        assert sites.refused(files) == {}


def test_rsync_ends_with_a_killed_agent(sites: Sites, setup: RsyncSetup, tmp_path: Path) -> None:
    files = sites.put({"large": os.urandom(4 << 20)})
    way_in = setup.way_in(sites)
    store = sites.here.running.parts.stores.get_store(HERE)
    program = textwrap.dedent(
        f"""
        from pathlib import Path
        from store_agent.pushing.rsync import RsyncWay
        from store_agent.pushing.ways import Progress, Push, PushFile, WayIn
        from store_agent.reading import Stop
        from store_agent.store_roots import StoreRoots
        from store_agent.stores import Limits, Stores

        stores = Stores(StoreRoots([Path("/")], Path("/none")), Limits(2, 2))
        stores.serve_store({HERE!r}, Path({str(store.root)!r}), {store.id!r})
        way_in = WayIn("there", **{way_in!r})
        push = Push(
            "00", 1, "neighbour", way_in, bandwidth_bytes_per_second=65536,
            **{setup.push_settings()!r},
        )
        file = PushFile("u", {HERE!r}, "", "large", {4 << 20}, "")
        way = RsyncWay(stores, Path({str(setup.sender_settings(tmp_path)["ssh_key_dir"])!r}))
        way.bring(push, [file], Progress(), Stop())
        """
    )
    agent = subprocess.Popen([sys.executable, "-c", program])
    try:
        arrived = sites.root_there / ".librarian/incoming" / HERE / BATCH / "data/large"
        wait_until(
            lambda: len(rsyncs(tmp_path)) > 1 and arrived.exists(),
            what="rsync at both ends",
            timeout_seconds=60,
        )
    finally:
        agent.send_signal(signal.SIGKILL)
        agent.wait()
    wait_until(lambda: not rsyncs(tmp_path), what="the end of both rsyncs")
    assert sites.refused(files) == {files[0].upload_id: "CORRUPT_CONTENTS"}


def rsyncs(directory: Path) -> list[str]:
    """Return the command lines of the rsyncs that have to do with a directory."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            words = (place / "cmdline").read_bytes()
            if place.name.isdecimal() and words.startswith(b"rsync\0"):
                found += [words.decode()] * (
                    os.fsencode(directory) in words
                    or (place / "cwd").readlink().is_relative_to(directory)
                )
        except OSError:
            continue
    return found


def test_ssh_is_called_without_a_shell_or_a_configuration(keys: Path) -> None:
    address = SshAddress("b", 22, "li", keys / "neighbour", "ssh-ed25519", "A" * 68)
    command = address.command(keys / "known hosts")
    assert command.startswith("ssh -F none -T -p 22 ")
    for option in ("StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes"):
        assert f"-o '{option}'" in command
