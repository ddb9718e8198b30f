"""Rsync over SSH: what is checked first, what is said, and what is never taken for an option."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.v1 import librarians_pb2
from store_agent.pushing.rsync_process import Rsync
from store_agent.pushing.ssh_address import find_address
from store_agent.pushing.ways import Progress, Push, PushFile, TroubleError, WayIn
from store_agent.reading import Stop
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


def test_another_host_key_is_told_with_both(sites: Sites, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    outcome = sites.push(sites.put({"a": b"a"}), ssh_host_key=other)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == MISCONFIGURED
    assert other.split()[1] in outcome.trouble.message
    assert "differs" in outcome.trouble.message
    assert not list(sites.root_there.glob(".librarian/incoming/*/*/data/*"))


def test_ssh_itself_refuses_another_host_key(
    sites: Sites, setup: RsyncSetup, tmp_path: Path
) -> None:
    [file] = sites.put({"a": b"a"})
    other = make_key(tmp_path / "other")
    push = Push("00", 1, "neighbour", WayIn("there", **setup.way_in(sites)), ssh_host_key=other)
    address = find_address(push, setup.sender_settings(tmp_path)["ssh_key_dir"])
    root_fd = os.open(sites.root, os.O_RDONLY)
    try:
        with pytest.raises(TroubleError, match="differs"):
            Rsync(push, address, Progress(), Stop()).run(
                root_fd, [PushFile(file.upload_id, HERE, "", "a", 1, "")]
            )
    finally:
        os.close(root_fd)
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
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    agent = subprocess.Popen([sys.executable, "-c", program], env=environment)
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
    assert list(temporary.iterdir()) == []
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
