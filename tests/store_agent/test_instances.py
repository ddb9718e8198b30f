import os
from pathlib import Path

import pytest

from librarian.checksums import checksum_of
from librarian.errors import (
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    NoInstanceError,
    NotAllowedError,
)
from librarian.manifests import describe_contents
from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.running_agent import Agent

DATA = b"contents" * 400_000


@pytest.fixture
def other_root(agent: Agent, root: Path) -> Path:
    return agent.add_store("s2")


@pytest.fixture
def dataset(root: Path) -> Path:
    """Return a MIRIAD dataset's directory, of another's making."""
    path = root / "2458043" / "zen.uv"
    (path / "sub" / "empty").mkdir(parents=True)
    for name in ("header", "vartable", "visdata", "sub/more"):
        (path / name).write_bytes(name.encode())
    return path


def checksum_of_directory(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return describe_contents(fd).checksums["blake3"]
    finally:
        os.close(fd)


def copy(agent: Agent, path: str, size_bytes: int, checksum: str, to: str = "s2") -> int:
    request = pb.CopyFileRequest(
        from_store_name="s1",
        from_path=path,
        to_store_name=to,
        to_path=f"copies/{path}",
        size_bytes=size_bytes,
        checksum=checksum,
    )
    return int(agent.manage.CopyFile(request).copied_bytes)


def delete(agent: Agent, *paths: str) -> list[str]:
    request = pb.DeleteFilesRequest(store_name="s1", paths=paths)
    return [file.failure.reason for file in agent.manage.DeleteFiles(request).files]


def read(agent: Agent, path: str, *entries: tuple[str, int]) -> dict[str, bytes]:
    request = pb.ReadContentsRequest(
        store_name="s1",
        path=path,
        entries=[pb.ReadEntry(path=entry, offset=offset) for entry, offset in entries],
    )
    found: dict[str, bytes] = {}
    for piece in agent.read("s1", path).ReadContents(request):
        found[piece.path] = found.get(piece.path, b"") + piece.data
    return found


def list_entries(agent: Agent, path: str) -> tuple[bool, dict[str, int]]:
    request = pb.ListEntriesRequest(store_name="s1", path=path)
    [answer] = agent.read("s1", path).ListEntries(request)
    return answer.directory, {entry.path: entry.size_bytes for entry in answer.entries}


def test_a_tree_is_inspected_file_by_file_and_dataset_by_dataset(
    agent: Agent, root: Path, dataset: Path
) -> None:
    (root / "a.log").write_bytes(b"log")
    (root / "2458043" / "b.log").touch()
    found = {one.path: one for one in agent.inspect("s1", "", recursive=True)}
    assert set(found) == {"a.log", "2458043/b.log", "2458043/zen.uv"}
    assert found["a.log"].checksum == checksum_of(b"log")
    assert found["2458043/zen.uv"].checksum == checksum_of_directory(dataset)
    assert not any(one.HasField("failure") for one in found.values())


def test_a_named_directory_is_one_file(agent: Agent, root: Path) -> None:
    (root / "plots").mkdir()
    (root / "plots" / "a.png").write_bytes(b"png")
    [found] = agent.inspect("s1", "plots")
    assert (found.path, found.size_bytes) == ("plots", 3)


def test_what_cannot_be_a_file_fails_alone_and_by_its_path(agent: Agent, root: Path) -> None:
    (root / "good").write_bytes(b"good")
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "fifo")
    (root / "-r").touch()
    (root / os.fsdecode(b"\xff")).touch()
    found = {one.path: one.failure.reason for one in agent.inspect("s1", ".", recursive=True)}
    assert found == {
        "good": "",
        "link": "INVALID_REQUEST",
        "fifo": "INVALID_REQUEST",
        "-r": "INVALID_REQUEST",
        "\\udcff": "INVALID_REQUEST",
    }


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", ".librarian-store", ".librarian/staging", "link/passwd"]
)
def test_nothing_outside_the_root_is_inspected(agent: Agent, root: Path, path: str) -> None:
    (root / "link").symlink_to("/etc")
    for recursive in (False, True):
        [found] = agent.inspect("s1", path, recursive=recursive)
        assert found.failure.reason == "INVALID_REQUEST"


def test_a_file_that_is_not_there_is_told(agent: Agent, root: Path) -> None:
    [found] = agent.inspect("s1", "gone")
    assert found.failure.reason == "NO_INSTANCE"


def test_a_flat_file_is_copied_verified_and_read_only(
    agent: Agent, root: Path, other_root: Path
) -> None:
    (root / "zen").write_bytes(DATA)
    assert copy(agent, "zen", len(DATA), checksum_of(DATA, "md5")) == len(DATA)
    there = other_root / "copies" / "zen"
    assert (there.read_bytes(), there.stat().st_mode & 0o222) == (DATA, 0)
    assert copy(agent, "zen", len(DATA), checksum_of(DATA)) == 0
    assert list((other_root / ".librarian" / "staging").iterdir()) == []


def test_a_dataset_is_copied_whole(
    agent: Agent, root: Path, other_root: Path, dataset: Path
) -> None:
    checksum = checksum_of_directory(dataset)
    size_bytes = 6 + 8 + 7 + 8
    assert copy(agent, "2458043/zen.uv", size_bytes, checksum) == size_bytes
    assert checksum_of_directory(other_root / "copies" / "2458043" / "zen.uv") == checksum
    assert copy(agent, "2458043/zen.uv", size_bytes, checksum, to="s1") == size_bytes


def test_a_damaged_source_is_not_copied(agent: Agent, root: Path, other_root: Path) -> None:
    (root / "zen").write_bytes(b"CONTENTS")
    with pytest.raises(CorruptContentsError):
        copy(agent, "zen", 8, checksum_of(b"contents"))
    assert not (other_root / "copies").exists()
    assert list((other_root / ".librarian" / "staging").iterdir()) == []


def test_a_copy_replaces_nothing(agent: Agent, root: Path, other_root: Path) -> None:
    (root / "zen").write_bytes(b"contents")
    (other_root / "copies").mkdir()
    (other_root / "copies" / "zen").write_bytes(b"CONTENTS")
    with pytest.raises(ConflictError, match="stays as it is"):
        copy(agent, "zen", 8, checksum_of(b"contents"))
    assert (other_root / "copies" / "zen").read_bytes() == b"CONTENTS"


def test_files_and_read_only_datasets_are_deleted(agent: Agent, root: Path, dataset: Path) -> None:
    (root / "zen").write_bytes(b"contents")
    for path in (*dataset.rglob("*"), dataset):
        path.chmod(path.stat().st_mode & 0o7555)
    assert delete(agent, "zen", "2458043/zen.uv") == ["", ""]
    assert not (root / "zen").exists()
    assert not dataset.exists()
    assert list((root / ".librarian" / "trash").iterdir()) == []


def test_what_is_gone_already_counts_as_deleted(agent: Agent, root: Path) -> None:
    assert delete(agent, "gone", "no/where") == ["", ""]


def test_nothing_outside_the_root_is_deleted(agent: Agent, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    canary = tmp_path / "outside" / "canary"
    canary.touch()
    (root / "link").symlink_to(tmp_path / "outside")
    paths = ["link/canary", "../../outside/canary", str(canary), ".librarian-store"]
    assert delete(agent, *paths) == ["INVALID_REQUEST"] * 4
    assert delete(agent, "link") == [""]
    assert canary.exists()
    assert (root / ".librarian-store").exists()


def test_a_broken_off_deletion_is_finished_when_the_store_is_opened(
    agent: Agent, root: Path
) -> None:
    left = root / ".librarian" / "trash" / "x"
    left.mkdir()
    (left / "data").touch()
    agent.open_store("s1", root)
    assert not left.exists()


def test_a_flat_file_is_read_from_any_byte(agent: Agent, root: Path) -> None:
    (root / "zen").write_bytes(DATA)
    assert list_entries(agent, "zen") == (False, {"": len(DATA)})
    assert read(agent, "zen", ("", 0)) == {"": DATA}
    assert read(agent, "zen", ("", 1_500_000)) == {"": DATA[1_500_000:]}
    assert read(agent, "zen", ("", len(DATA))) == {"": b""}
    with pytest.raises(InvalidRequestError, match="there are 3200000 bytes"):
        read(agent, "zen", ("", len(DATA) + 1))


def test_a_dataset_is_listed_and_read_entry_by_entry(agent: Agent, dataset: Path) -> None:
    is_directory, entries = list_entries(agent, "2458043/zen.uv")
    assert is_directory
    assert entries == {"header": 6, "sub/empty/": 0, "sub/more": 8, "vartable": 8, "visdata": 7}
    assert read(agent, "2458043/zen.uv", ("sub/more", 4), ("header", 0)) == {
        "sub/more": b"more",
        "header": b"header",
    }


@pytest.mark.parametrize("entry", ["../../../canary", "/etc/passwd", "link"])
def test_no_entry_leads_out_of_its_dataset(agent: Agent, dataset: Path, entry: str) -> None:
    (dataset / "link").symlink_to("/etc/passwd")
    with pytest.raises(InvalidRequestError):
        read(agent, "2458043/zen.uv", (entry, 0))


def test_an_instance_that_is_gone_is_told(agent: Agent, root: Path) -> None:
    with pytest.raises(NoInstanceError):
        read(agent, "gone", ("", 0))


def test_a_ticket_to_read_one_instance_reads_no_other(agent: Agent, root: Path) -> None:
    (root / "zen").write_bytes(b"contents")
    stub = agent.read("s1", "other")
    with pytest.raises(NotAllowedError):
        list(stub.ListEntries(pb.ListEntriesRequest(store_name="s1", path="zen")))
    with pytest.raises(NotAllowedError):
        list(stub.ReadContents(pb.ReadContentsRequest(store_name="s1", path="zen")))
