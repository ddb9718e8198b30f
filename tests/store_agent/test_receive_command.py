"""What a neighbour's SSH key can have run: one rsync that writes into its batch, and a check."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store_agent.batch_locks import Batch
from store_agent.batch_places import prepare_batch
from tests.polling import wait_until
from tests.ssh_server import SshServer, running_ssh_server
from tests.store_agent.running_agent import Agent

PEER = "site-a"
BATCH = "00ff"
OPTIONS = "-trRe.iLsfxCIvu --timeout=120 --fsync --inplace"


@pytest.fixture
def data(agent: Agent, root: Path) -> Path:
    """Return the directory of a batch of the neighbour's."""
    return prepare(agent, PEER)


def prepare(agent: Agent, account: str, batch: str = BATCH) -> Path:
    store = agent.running.parts.stores.get_store("s1")
    return Path(prepare_batch(store, Batch(account, batch)))


@pytest.fixture
def ssh(tmp_path: Path, root: Path) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path / "ssh") as server:
        server.admit(PEER, "there", root)
        yield server


@pytest.fixture
def run(tmp_path: Path, root: Path) -> Iterator["Receiving"]:
    receiving = Receiving(tmp_path, root)
    yield receiving
    receiving.end()


class Receiving:
    """Runs `librarian-receive` as sshd would."""

    def __init__(self, directory: Path, root: Path) -> None:
        self._directory = directory
        self._root = root
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, command: str, **environment: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-I", "-m", "store_agent.receive_command"]
        process = subprocess.Popen(
            [*words, "--peer", PEER, "--beneath", str(self._root)],
            env={**os.environ, "SSH_ORIGINAL_COMMAND": command, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._directory,
        )
        self._started.append(process)
        return process

    def __call__(self, command: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(command, **environment)
        said, complaint = process.communicate(timeout=60)
        return process.returncode, said.decode(), complaint.decode()

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


def test_the_check_tells_of_rsync_and_room(run: Receiving, data: Path) -> None:
    (data / "half").write_bytes(b"x" * 8192)
    code, said, _ = run(f"librarian-receive check {data}")
    answer = json.loads(said)
    assert code == 0
    assert answer["rsync"].split(".")[0] == "3"
    assert answer["free_bytes"] > 0
    assert 0 < answer["arrived_bytes"] <= 16384


def test_a_batch_that_nobody_expects_is_refused(run: Receiving, data: Path) -> None:
    code, _, complaint = run(f"librarian-receive check {data.parent.parent}/abcd/data")
    assert (code, complaint.count("\n")) == (1, 1)
    assert "No batch is expected" in complaint


def test_a_link_in_the_way_is_not_followed(run: Receiving, data: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    data.rmdir()
    data.symlink_to(elsewhere)
    code, _, complaint = run(f"rsync --server {OPTIONS} . {data}/")
    assert code == 1
    assert "symbolic link" in complaint
    data.unlink()
    batch = data.parent
    batch.rename(tmp_path / "moved")
    batch.symlink_to(tmp_path / "moved")
    assert run(f"librarian-receive check {data}")[0] == 1


def test_a_disk_that_is_not_mounted_takes_nothing(run: Receiving, data: Path, root: Path) -> None:
    (root / ".librarian-store").unlink()
    code, _, complaint = run(f"rsync --server {OPTIONS} . {data}/")
    assert code == 1
    assert "is its disk mounted?" in complaint


def test_the_environment_has_no_say(run: Receiving, data: Path, tmp_path: Path) -> None:
    (tmp_path / "rsync").write_text("#!/bin/sh\necho evil\n")
    (tmp_path / "rsync").chmod(0o755)
    code, said, _ = run(f"librarian-receive check {data}", PATH=str(tmp_path), PYTHONPATH="/x")
    assert code == 0
    assert json.loads(said)["rsync"]


def test_a_newer_rsync_ends_the_one_that_was_left_behind(
    run: Receiving, data: Path, agent: Agent
) -> None:
    lock = data.parent / "lock"
    older = run.start(f"rsync --server {OPTIONS} . {data}/")
    wait_until(lambda: lock.exists() and lock.read_text().startswith(f"{older.pid} "), what="lock")
    newer = run.start(f"rsync --server {OPTIONS} . {data}/")
    wait_until(lambda: older.poll() is not None, what="the end of the older one")
    wait_until(lambda: lock.read_text().startswith(f"{newer.pid} "), what="the newer one's lock")
    assert newer.poll() is None


def test_rsync_gets_no_more_than_it_needs(run: Receiving, data: Path) -> None:
    process = run.start(f"rsync --server {OPTIONS} . {data}/")
    place = Path(f"/proc/{process.pid}")
    wait_until(lambda: (place / "cmdline").read_bytes().startswith(b"rsync\0"), what="rsync")
    assert (place / "cwd").readlink() == data
    opened = {link.readlink().name for link in (place / "fd").iterdir() if int(link.name) > 2}
    assert "lock" in opened
    assert not opened & {"s1", "data", BATCH}
    words = (place / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    assert words[-2:] == [b".", b"."]
    assert b"SSH_ORIGINAL_COMMAND" not in (place / "environ").read_bytes()
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def over_ssh(
    server: SshServer, tmp_path: Path, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[{server.host}]:{server.port} {server.host_key}\n")
    key = server.key_directory(PEER) / "there"
    shell = (
        f"ssh -F none -p {server.port} -i {key} -o BatchMode=yes"
        f" -o UserKnownHostsFile={known_hosts}"
    )
    return subprocess.run(
        ["rsync", "-e", shell, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_what_was_brought_cannot_be_read_back_or_deleted(
    ssh: SshServer, data: Path, tmp_path: Path
) -> None:
    there = f"{ssh.user}@{ssh.host}:{data}/"
    source = tmp_path / "source"
    source.mkdir()
    (source / "new").write_bytes(b"new")
    (data / "kept").write_bytes(b"kept")
    assert over_ssh(ssh, tmp_path, "-rt", f"{source}/", there).returncode == 0
    assert (data / "new").read_bytes() == b"new"
    assert over_ssh(ssh, tmp_path, "-rt", there, f"{tmp_path}/back/").returncode != 0
    assert over_ssh(ssh, tmp_path, "-rt", "--delete", f"{source}/", there).returncode != 0
    assert over_ssh(ssh, tmp_path, "-rlt", f"{source}/", there).returncode != 0
    assert (data / "kept").exists()
    assert not (tmp_path / "back").exists()


def test_a_link_that_is_put_there_while_rsync_writes_leads_nowhere(
    ssh: SshServer, data: Path, tmp_path: Path
) -> None:
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    (source / "dir").mkdir(parents=True)
    elsewhere.mkdir()
    (source / "dir" / "file").write_bytes(b"x")
    (data / "dir").symlink_to(elsewhere)
    over_ssh(ssh, tmp_path, "-rt", f"{source}/", f"{ssh.user}@{ssh.host}:{data}/")
    assert not list(elsewhere.iterdir())


def test_another_account_s_batch_is_out_of_reach(
    ssh: SshServer, agent: Agent, tmp_path: Path
) -> None:
    theirs = prepare(agent, "site-b")
    (tmp_path / "file").write_bytes(b"x")
    done = over_ssh(ssh, tmp_path, "-t", f"{tmp_path}/file", f"{ssh.user}@{ssh.host}:{theirs}/")
    assert done.returncode != 0
    assert "This key writes into batches of the account site-a only" in done.stderr
    assert not list(theirs.iterdir())
