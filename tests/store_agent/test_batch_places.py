"""Batches that rsync brings: where they arrive, and how they get into their staging places."""

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.checksums import checksum_of
from librarian.errors import BusyError, InvalidRequestError, UnknownStoreError
from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.running_agent import Agent, put_dataset, running_agent

PEER = "site-a"
BATCH = "00ff"


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with running_agent(tmp_path, ssh_host="b.example", ssh_port=2222, ssh_user="li") as running:
        yield running


def prepare(agent: Agent, account: str = PEER, batch: str = BATCH) -> pb.PrepareBatchResponse:
    request = pb.PrepareBatchRequest(store_name="s1", account_name=account, batch_id=batch)
    answer = agent.manage.PrepareBatch(request)
    assert isinstance(answer, pb.PrepareBatchResponse)
    return answer


def adopt(agent: Agent, **paths: str) -> dict[str, str]:
    """Adopt paths by the last part of their uploads, and return the reasons of failures."""
    files = [pb.AdoptFile(upload_id=f"b1-{key[1:]}", path=path) for key, path in paths.items()]
    request = pb.AdoptBatchRequest(store_name="s1", account_name=PEER, batch_id=BATCH, files=files)
    answers = agent.manage.AdoptBatch(request).files
    return {
        key: answer.failure.reason
        for key, answer in zip(paths, answers, strict=True)
        if answer.HasField("failure")
    }


def discard(agent: Agent) -> None:
    request = pb.DiscardBatchRequest(store_name="s1", account_name=PEER, batch_id=BATCH)
    agent.manage.DiscardBatch(request)


@pytest.fixture
def data(agent: Agent, root: Path) -> Path:
    return Path(prepare(agent).rsync_path)


@pytest.fixture
def places(agent: Agent, root: Path) -> list[Path]:
    return agent.prepare("s1", "b1-0", "b1-1")


def test_a_batch_gets_a_private_directory(agent: Agent, root: Path) -> None:
    answer = prepare(agent)
    assert answer == prepare(agent)
    data = root / ".librarian/incoming/site-a/00ff/data"
    assert (answer.rsync_path, answer.staging_path) == (str(data), str(root / ".librarian/staging"))
    assert (answer.ssh_host, answer.ssh_port, answer.ssh_user) == ("b.example", 2222, "li")
    assert [p.stat().st_mode & 0o777 for p in (data, data.parent, data.parent.parent)] == [
        0o700
    ] * 3


def test_without_ssh_there_is_no_way_in_for_rsync(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        root = agent.add_store("s1")
        answer = prepare(agent)
        assert (answer.ssh_host, answer.rsync_path) == ("", "")
        assert answer.staging_path == str(root / ".librarian/staging")


@pytest.mark.parametrize("account", ["", "..", "a/b", "A", "-a", "a\n", "x" * 65])
def test_accounts_that_are_none_are_refused(agent: Agent, root: Path, account: str) -> None:
    with pytest.raises(InvalidRequestError):
        prepare(agent, account=account)


@pytest.mark.parametrize("batch", ["", "..", "../x", "a/b", "xyz", "00FF", "0" * 65])
def test_batches_that_are_none_are_refused(agent: Agent, root: Path, batch: str) -> None:
    with pytest.raises(InvalidRequestError):
        prepare(agent, batch=batch)


def test_an_unknown_store_has_no_batches(agent: Agent) -> None:
    with pytest.raises(UnknownStoreError):
        prepare(agent)


def test_what_arrived_is_moved_to_its_uploads(agent: Agent, data: Path, places: list[Path]) -> None:
    (data / "2458043").mkdir()
    (data / "2458043" / "zen.uvh5").write_bytes(b"flat")
    size_bytes = put_dataset(data / "2458043" / "zen.uv")
    (data / "2458043" / "zen.uv").chmod(0o500)
    assert adopt(agent, u0="2458043/zen.uvh5", u1="2458043/zen.uv") == {}
    assert (places[0] / "data").read_bytes() == b"flat"
    verified = agent.verify("s1", "b1-1", size_bytes)
    assert not verified.HasField("failure")
    assert not agent.verify("s1", "b1-0", 4, checksum_of(b"flat")).HasField("failure")


def test_adopting_again_changes_nothing(agent: Agent, data: Path, places: list[Path]) -> None:
    (data / "a").write_bytes(b"a")
    assert adopt(agent, u0="a") == {}
    assert adopt(agent, u0="a") == {}
    discard(agent)
    assert adopt(agent, u0="a", u1="b") == {"u1": "NO_INSTANCE"}
    assert (places[0] / "data").read_bytes() == b"a"


def test_what_arrives_again_takes_the_place_of_what_was_there(
    agent: Agent, data: Path, places: list[Path]
) -> None:
    put_dataset(places[0] / "data")
    (data / "a").write_bytes(b"whole")
    assert adopt(agent, u0="a") == {}
    assert (places[0] / "data").read_bytes() == b"whole"


def test_nothing_is_taken_out_of_a_dataset_that_was_moved(
    agent: Agent, data: Path, places: list[Path]
) -> None:
    [last] = agent.prepare("s1", "b1-2")
    (data / "set").mkdir()
    for name in ("first", "second"):
        (data / "set" / name).write_bytes(b"part")
    assert adopt(agent, u0="set/first", u1="set", u2="set/second") == {"u2": "NO_INSTANCE"}
    assert (os.listdir(places[1] / "data"), os.listdir(last)) == (["second"], [])


def test_what_did_not_arrive_fails_alone(agent: Agent, data: Path, places: list[Path]) -> None:
    (data / "a").write_bytes(b"a")
    assert adopt(agent, u0="gone/b", u1="a") == {"u0": "NO_INSTANCE"}
    assert (places[1] / "data").read_bytes() == b"a"


def test_an_upload_that_was_discarded_fails_alone(
    agent: Agent, data: Path, places: list[Path]
) -> None:
    (data / "a").write_bytes(b"a")
    (data / "b").write_bytes(b"b")
    assert adopt(agent, u7="b", u1="a") == {"u7": "UNKNOWN_UPLOAD"}


@pytest.mark.parametrize(
    "path", ["../lock", "/etc/passwd", "a/../../lock", "", ".", "..", "a//b", ".librarian", "x\n"]
)
def test_paths_that_leave_the_batch_are_refused(
    agent: Agent, data: Path, places: list[Path], path: str
) -> None:
    (data.parent / "lock").touch()
    assert adopt(agent, u0=path) == {"u0": "INVALID_REQUEST"}
    assert not list(places[0].iterdir())


def test_links_are_neither_moved_nor_followed(
    agent: Agent, data: Path, places: list[Path], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_bytes(b"secret")
    (data / "link").symlink_to(secret / "file")
    (data / "dir").symlink_to(secret)
    os.mkfifo(data / "fifo")
    assert set(adopt(agent, u0="link").values()) == {"INVALID_REQUEST"}
    assert set(adopt(agent, u0="dir/file").values()) == {"INVALID_REQUEST"}
    assert set(adopt(agent, u0="fifo").values()) == {"INVALID_REQUEST"}
    assert (secret / "file").exists()
    assert not list(places[0].iterdir())


def test_a_staging_place_that_is_a_link_is_not_written_through(
    agent: Agent, data: Path, places: list[Path], tmp_path: Path
) -> None:
    (data / "a").write_bytes(b"a")
    places[0].rmdir()
    places[0].symlink_to(tmp_path)
    assert adopt(agent, u0="a") == {"u0": "INVALID_REQUEST"}
    assert not (tmp_path / "data").exists()


def test_while_an_rsync_writes_nothing_is_moved_or_removed(
    agent: Agent, data: Path, places: list[Path]
) -> None:
    (data / "a").write_bytes(b"a")
    with (data.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BusyError):
            adopt(agent, u0="a")
        with pytest.raises(BusyError):
            discard(agent)
    assert adopt(agent, u0="a") == {}


def test_an_upload_that_is_being_verified_is_left_alone(
    agent: Agent, data: Path, places: list[Path]
) -> None:
    (data / "a").write_bytes(b"a")
    place_fd = os.open(places[0], os.O_RDONLY)
    try:
        fcntl.flock(place_fd, fcntl.LOCK_EX)
        assert adopt(agent, u0="a") == {"u0": "BUSY"}
    finally:
        os.close(place_fd)
    assert (data / "a").exists()


def test_a_batch_is_removed_with_all_that_is_in_it(agent: Agent, data: Path) -> None:
    put_dataset(data / "set")
    (data / "set" / "sub").chmod(0o500)
    discard(agent)
    discard(agent)
    assert not data.parent.exists()


def test_being_killed_after_a_move_harms_nothing(
    agent: Agent, data: Path, places: list[Path], root: Path
) -> None:
    (data / "a").write_bytes(b"a")
    (data / "b").write_bytes(b"b")
    store = agent.running.parts.stores.get_store("s1")
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from store_agent.batch_places import Batch, adopt_batch
        from store_agent.stores import Limits, Store

        store = Store("s1", Path(sys.argv[1]), sys.argv[2], Limits(2, 2))
        adopt_batch(store, Batch("site-a", "00ff"), [("b1-0", "a"), ("b1-1", "b")])
        """
    )
    died = subprocess.run(
        [sys.executable, "-c", program, str(root), store.id],
        env={**os.environ, "LIBRARIAN_KILL_AT": "agent.adopted"},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert (places[0] / "data").exists()
    assert not (places[1] / "data").exists()
    assert adopt(agent, u0="a", u1="b") == {}
    assert (places[1] / "data").read_bytes() == b"b"
