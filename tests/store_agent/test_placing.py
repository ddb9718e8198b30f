import os
from pathlib import Path

import pytest

from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.running_agent import UPLOAD, Agent, put_dataset, upload


def test_placing_again_is_harmless(agent: Agent, root: Path, place: Path) -> None:
    (place / "data").write_bytes(b"contents")
    inode = agent.verify("s1", UPLOAD, 8).inode
    for _ in range(2):
        assert agent.place("s1", UPLOAD, "2458043/zen", inode).failure.message == ""
    agent.manage.DiscardUploads(pb.DiscardUploadsRequest(uploads=[upload("s1", UPLOAD)]))
    assert agent.place("s1", UPLOAD, "2458043/zen", inode).failure.message == ""
    assert (root / "2458043" / "zen").read_bytes() == b"contents"


def test_placing_after_a_crash_between_rename_and_answer_succeeds(
    agent: Agent, root: Path, place: Path
) -> None:
    put_dataset(place / "data")
    inode = agent.verify("s1", UPLOAD, 5010).inode
    (place / "data").rename(root / "zen.uv")
    assert agent.place("s1", UPLOAD, "zen.uv", inode).failure.message == ""
    assert (root / "zen.uv").stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("mode", [0o000, 0o777, 0o4755])
def test_who_may_read_is_not_for_whoever_brought_it_to_say(
    agent: Agent, root: Path, place: Path, mode: int
) -> None:
    put_dataset(place / "data")
    for path in sorted(place.rglob("*"), reverse=True):
        path.chmod(mode | 0o700 if path.is_dir() else mode | 0o400)
    verified = agent.verify("s1", UPLOAD, 5010)
    assert agent.place("s1", UPLOAD, "zen.uv", verified.inode).failure.message == ""
    umask = os.umask(0)
    os.umask(umask)
    placed = [root / "zen.uv", *(root / "zen.uv").rglob("*")]
    wanted = [(0o555 if path.is_dir() else 0o444) & ~umask for path in placed]
    assert [path.stat().st_mode & 0o7777 for path in placed] == wanted


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_placing_replaces_nothing(agent: Agent, root: Path, place: Path, kind: str) -> None:
    (place / "data").write_bytes(b"contents")
    inode = agent.verify("s1", UPLOAD, 8).inode
    there = root / "zen"
    match kind:
        case "file":
            there.touch()
        case "directory":
            there.mkdir()
        case _:
            there.symlink_to("nowhere")
    assert agent.place("s1", UPLOAD, "zen", inode).failure.reason == "CONFLICT"
    assert (place / "data").read_bytes() == b"contents"


def test_contents_exchanged_after_they_were_verified_are_not_placed(
    agent: Agent, root: Path, place: Path
) -> None:
    (place / "data").write_bytes(b"contents")
    inode = agent.verify("s1", UPLOAD, 8).inode
    (place / "data").rename(place / "aside")
    (place / "data").write_bytes(b"CONTENTS")
    assert agent.place("s1", UPLOAD, "zen", inode).failure.reason == "CORRUPT_CONTENTS"
    assert not (root / "zen").exists()


@pytest.mark.parametrize(
    "path", ["../zen", "//zen", ".librarian/staging/zen", "a/../zen", "link/zen", "a/"]
)
def test_no_upload_is_placed_outside_the_root_or_among_our_own(
    agent: Agent, root: Path, place: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    (place / "data").write_bytes(b"contents")
    inode = agent.verify("s1", UPLOAD, 8).inode
    assert agent.place("s1", UPLOAD, path, inode).failure.reason == "INVALID_REQUEST"
    assert list((tmp_path / "outside").iterdir()) == []
