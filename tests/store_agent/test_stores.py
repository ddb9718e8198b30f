import json
import threading
from pathlib import Path

import pytest

from librarian.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    StoreFullError,
    StoreUnusableError,
    UnknownStoreError,
)
from librarian.v1 import store_agent_pb2 as pb
from tests.polling import wait_until
from tests.store_agent.mounts import read_only, small_file_system, unmount
from tests.store_agent.running_agent import Agent, running_agent


def test_a_new_store_is_made_and_marked(agent: Agent) -> None:
    root = agent.directory / "stores" / "deep" / "s1"
    report = agent.open_store("s1", root, "id-1")
    assert json.loads((root / ".librarian-store").read_text()) == {"id": "id-1", "name": "s1"}
    assert (report.problem, 0 < report.free_bytes <= report.capacity_bytes) == ("", True)
    assert agent.open_store("s1", root, "id-1").problem == ""


def test_a_directory_with_files_can_become_a_store(agent: Agent) -> None:
    root = agent.directory / "stores" / "old"
    root.mkdir(parents=True)
    (root / "zen").write_bytes(b"kept")
    agent.add_store("old", root)
    assert (root / "zen").read_bytes() == b"kept"


def test_another_stores_directory_is_refused(agent: Agent, root: Path) -> None:
    with pytest.raises(ConflictError, match="another store's mark"):
        agent.open_store("s2", root)


@pytest.mark.parametrize("path", ["{}-evil/s", "/etc/s", "{}/../s", "relative/s", ""])
def test_a_root_outside_the_prefixes_is_refused(agent: Agent, path: str) -> None:
    with pytest.raises(InvalidRequestError, match="may not serve"):
        agent.open_store("s1", Path(path.format(agent.directory / "stores")))


def test_a_root_through_a_link_is_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "stores").mkdir()
    (tmp_path / "stores" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidRequestError, match="symbolic link"):
        agent.open_store("s1", tmp_path / "stores" / "link" / "s1")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("path", ["secrets", "stage", "stage/in", ".", "link/stage", "link"])
def test_a_root_with_the_agents_token_or_staged_files_is_refused(tmp_path: Path, path: str) -> None:
    base = tmp_path / "site"
    (base / "secrets").mkdir(parents=True)
    (tmp_path / "prefix").mkdir()
    (tmp_path / "prefix" / "link").symlink_to(base)
    with running_agent(
        base,
        token_file=base / "secrets" / "agent.token",
        store_prefixes=[base, tmp_path / "prefix" / "link"],
    ) as agent:
        root = tmp_path / "prefix" / path if path.startswith("link") else base / path
        with pytest.raises(InvalidRequestError, match="choose another directory"):
            agent.open_store("s1", root)
        assert not list(base.rglob(".librarian*"))
        agent.add_store("s1", base / "stage-not")


def test_an_unmounted_disk_does_not_look_empty(agent: Agent, tmp_path: Path) -> None:
    with small_file_system(tmp_path / "stores" / "disk") as root:
        agent.add_store("s1", root)
        agent.prepare("s1", "b1-0")
        unmount(root)
        with pytest.raises(StoreUnusableError, match="is its disk mounted"):
            agent.stream("s1", "b1-0", ("", 0, b"x"))
        with pytest.raises(StoreUnusableError, match="is its disk mounted"):
            agent.open_store("s1", root)
        store = agent.running.parts.stores.get_store("s1")
        assert "is its disk mounted" in store.measure().problem
        assert list(root.iterdir()) == []


def test_a_full_store_says_so_and_keeps_nothing_broken(agent: Agent, tmp_path: Path) -> None:
    with small_file_system(tmp_path / "stores" / "disk") as root:
        agent.add_store("s1", root)
        agent.prepare("s1", "b1-0")
        piece = b"x" * 1_000_000
        with pytest.raises(StoreFullError, match="no space left"):
            agent.stream("s1", "b1-0", *[("", n * len(piece), piece) for n in range(3)])
        arrived = agent.arrived("s1", "b1-0")[""]
        assert 0 < arrived < 3 * len(piece)
        assert agent.verify("s1", "b1-0", 3 * len(piece)).failure.reason == "CORRUPT_CONTENTS"
        request = pb.DiscardUploadsRequest(
            uploads=[pb.StoredUpload(upload_id="b1-0", store_name="s1")]
        )
        agent.manage.DiscardUploads(request)
        agent.prepare("s1", "b1-1")
        agent.stream("s1", "b1-1", ("", 0, piece))
        assert agent.verify("s1", "b1-1", len(piece)).failure.message == ""


def test_a_read_only_store_says_so(agent: Agent, root: Path) -> None:
    agent.prepare("s1", "b1-0")
    agent.stream("s1", "b1-0", ("", 0, b"contents"))
    inode = agent.verify("s1", "b1-0", 8).inode
    with read_only(root):
        with pytest.raises(StoreUnusableError, match="read-only"):
            agent.stream("s1", "b1-0", ("", 0, b"x"))
        assert agent.place("s1", "b1-0", "a/zen", inode).failure.reason == "STORE_UNUSABLE"
        assert agent.open_store("s1", root).problem.startswith("The store's file system is mount")
        request = pb.PrepareUploadsRequest(
            uploads=[pb.StoredUpload(upload_id="b1-1", store_name="s1")]
        )
        [prepared] = agent.manage.PrepareUploads(request).uploads
        assert "read-only" in prepared.failure.message
    assert agent.place("s1", "b1-0", "a/zen", inode).failure.message == ""


def test_an_unknown_store_is_told(agent: Agent) -> None:
    with pytest.raises(UnknownStoreError, match="'nowhere'"):
        agent.inspect("nowhere", "zen")


def test_two_slow_disks_do_not_block_each_other(tmp_path: Path) -> None:
    """One store's slots are all taken by files that take minutes to read; the other answers."""
    with running_agent(tmp_path, calls_per_store=2, threads=8) as agent:
        for name in ("slow", "quick"):
            agent.add_store(name)
        with (tmp_path / "stores" / "slow" / "huge").open("wb") as huge:
            huge.truncate(1 << 43)
        (tmp_path / "stores" / "quick" / "zen").write_bytes(b"contents")
        request = pb.InspectFilesRequest(store_name="slow", paths=["huge"])
        calls = [agent.manage.InspectFiles(request) for _ in range(2)]
        wait_until(lambda: _is_busy(agent), what="the slow store to be busy")
        [found] = agent.inspect("quick", "zen")
        assert found.size_bytes == 8
        for call in calls:
            call.cancel()
        wait_until(lambda: not _is_busy(agent), what="the readers to stop")


def _is_busy(agent: Agent) -> bool:
    outcome: list[object] = []

    def ask() -> None:
        try:
            outcome.append(agent.inspect("slow", "nothing"))
        except BusyError as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(timeout=100)
    return isinstance(outcome[0], BusyError)
