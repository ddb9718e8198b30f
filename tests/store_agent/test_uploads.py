import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from librarian.checksums import checksum_of
from librarian.errors import (
    BusyError,
    InvalidRequestError,
    NotAllowedError,
    StateError,
    UnknownUploadError,
)
from librarian.v1 import store_agent_pb2 as pb
from tests.polling import wait_until
from tests.store_agent.running_agent import Agent, running_agent, upload

UPLOAD = "b1-0"


@pytest.fixture
def place(agent: Agent, root: Path) -> Path:
    """Return the staging place of an upload."""
    return agent.prepare("s1", UPLOAD)[0]


def put_dataset(directory: Path) -> int:
    (directory / "sub" / "empty").mkdir(parents=True)
    (directory / "header").write_bytes(b"h" * 10)
    (directory / "sub" / "visdata").write_bytes(b"v" * 5000)
    (directory / "sub" / "nothing").touch()
    return 5010


def test_a_streamed_file_is_verified_and_placed(agent: Agent, root: Path, place: Path) -> None:
    data = os.urandom(3_000_000)
    agent.stream("s1", UPLOAD, ("", 0, data[:2_000_000]), ("", 2_000_000, data[2_000_000:]))
    verified = agent.verify("s1", UPLOAD, len(data), checksum_of(data))
    assert verified.failure.message == ""
    placed = agent.place("s1", UPLOAD, "2458043/zen.uvh5", verified.inode)
    assert placed.failure.message == ""
    there = root / "2458043" / "zen.uvh5"
    assert (there.read_bytes(), there.stat().st_mode & 0o222) == (data, 0)


@pytest.mark.parametrize("algorithm", ["blake3", "md5", "sha256"])
def test_each_algorithm_verifies_a_file_brought_by_path(
    agent: Agent, place: Path, algorithm: str
) -> None:
    (place / "data").write_bytes(b"contents")
    checksum = checksum_of(b"contents", algorithm)
    assert agent.verify("s1", UPLOAD, 8, checksum).checksum == checksum


def test_an_empty_file_is_a_file(agent: Agent, root: Path, place: Path) -> None:
    agent.stream("s1", UPLOAD, ("", 0, b""))
    verified = agent.verify("s1", UPLOAD, 0)
    assert verified.checksum == checksum_of(b"")
    agent.place("s1", UPLOAD, "empty", verified.inode)
    assert (root / "empty").read_bytes() == b""


def test_a_dataset_is_the_same_streamed_or_brought_by_path(
    agent: Agent, root: Path, place: Path, tmp_path: Path
) -> None:
    size_bytes = put_dataset(place / "data")
    by_path = agent.verify("s1", UPLOAD, size_bytes)
    agent.prepare("s1", "b1-1")
    agent.stream(
        "s1",
        "b1-1",
        ("header", 0, b"h" * 10),
        ("sub/empty/", 0, b""),
        ("sub/visdata", 0, b"v" * 4000),
        ("sub/visdata", 4000, b"v" * 1000),
        ("sub/nothing", 0, b""),
    )
    streamed = agent.verify("s1", "b1-1", size_bytes)
    assert streamed.checksum == by_path.checksum != ""
    digest = streamed.checksum.partition(":")[2]
    kept = root / ".librarian" / "manifests" / digest[:2] / digest
    assert checksum_of(kept.read_bytes()) == streamed.checksum
    agent.place("s1", "b1-1", "night/zen.uv", streamed.inode)
    placed = root / "night" / "zen.uv"
    assert [path.stat().st_mode & 0o222 for path in (placed, *placed.rglob("*"))] == [0] * 6


def test_an_upload_resumes_at_the_byte_where_it_broke(agent: Agent, place: Path) -> None:
    agent.stream("s1", UPLOAD, ("a/b", 0, b"one"), ("c", 0, b"begun"))
    assert agent.arrived("s1", UPLOAD) == {"a/b": 3, "c": 5}
    agent.stream("s1", UPLOAD, ("c", 5, b" and done"))
    (place.parent.parent.parent / "same").mkdir()
    expected = agent.verify("s1", UPLOAD, 17)
    agent.prepare("s1", "b1-1")
    agent.stream("s1", "b1-1", ("a/b", 0, b"one"), ("c", 0, b"begun and done"))
    assert agent.verify("s1", "b1-1", 17).checksum == expected.checksum


def test_an_upload_resumes_after_a_restart_of_the_agent(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        agent.add_store("s1")
        agent.prepare("s1", UPLOAD)
        agent.stream("s1", UPLOAD, ("", 0, b"begun"))
    with running_agent(tmp_path) as agent:
        agent.add_store("s1")
        agent.stream("s1", UPLOAD, ("", 5, b" and done"))
        checksum = checksum_of(b"begun and done")
        assert agent.verify("s1", UPLOAD, 14, checksum).checksum == checksum


def test_a_changed_byte_on_disk_is_seen_though_the_stream_was_hashed(
    agent: Agent, place: Path
) -> None:
    agent.stream("s1", UPLOAD, ("", 0, b"contents"))
    (place / "data").write_bytes(b"CONTENTS")
    failed = agent.verify("s1", UPLOAD, 8, checksum_of(b"contents")).failure
    assert failed.reason == "CORRUPT_CONTENTS"


@pytest.mark.parametrize("offset", [3, 9])
def test_a_piece_that_does_not_follow_is_refused(agent: Agent, place: Path, offset: int) -> None:
    with pytest.raises(InvalidRequestError, match=rf"begins at byte {offset}, but 8 bytes"):
        agent.stream("s1", UPLOAD, ("", 0, b"contents"), ("", offset, b"x"))
    assert agent.arrived("s1", UPLOAD) == {"": 8}


def test_beginning_again_forgets_what_had_arrived(agent: Agent, place: Path) -> None:
    agent.stream("s1", UPLOAD, ("", 0, b"something long"))
    agent.stream("s1", UPLOAD, ("", 0, b"short"))
    assert agent.verify("s1", UPLOAD, 5, checksum_of(b"short")).failure.message == ""


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//b", ".", "a\nb"])
def test_a_path_that_leaves_the_dataset_is_refused(agent: Agent, place: Path, path: str) -> None:
    with pytest.raises(InvalidRequestError):
        agent.stream("s1", UPLOAD, (path, 0, b"x"))
    assert agent.arrived("s1", UPLOAD) == {}


def test_nothing_is_written_through_a_link(agent: Agent, place: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    canary = tmp_path / "outside" / "canary"
    canary.write_bytes(b"untouched")
    (place / "data").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidRequestError, match="symbolic link"):
        agent.stream("s1", UPLOAD, ("canary", 0, b"x"))
    (place / "data").unlink()
    (place / "data").symlink_to(canary)
    with pytest.raises(InvalidRequestError, match="symbolic link"):
        agent.stream("s1", UPLOAD, ("", 0, b"x"))
    assert canary.read_bytes() == b"untouched"


def test_a_ticket_is_good_for_its_own_batch_only(agent: Agent, root: Path) -> None:
    agent.prepare("s1", "b2-0", "b1-extra-0")
    for other in ("b2-0", "b1-extra-0", "b1", "-b1"):
        with pytest.raises(NotAllowedError, match="not for upload"):
            agent.stream("s1", other, ("", 0, b"x"))
        with pytest.raises(NotAllowedError, match="not for upload"):
            agent.arrived("s1", other)


def test_a_verified_upload_takes_no_more(agent: Agent, place: Path) -> None:
    agent.stream("s1", UPLOAD, ("", 0, b"contents"))
    agent.verify("s1", UPLOAD, 8)
    for offset in (0, 8):
        with pytest.raises(StateError, match="verified"):
            agent.stream("s1", UPLOAD, ("", offset, b"x"))
    assert (place / "data").read_bytes() == b"contents"


def test_a_writer_that_holds_the_lock_makes_it_busy(agent: Agent, place: Path) -> None:
    (place / "data").write_bytes(b"contents")
    fd = os.open(place, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert agent.verify("s1", UPLOAD, 8).failure.reason == "BUSY"
    with pytest.raises(BusyError, match="Somebody is writing"):
        agent.stream("s1", UPLOAD, ("", 0, b"x"))
    os.close(fd)
    assert agent.verify("s1", UPLOAD, 8).failure.message == ""


def test_a_late_writer_without_the_lock_is_seen(agent: Agent, place: Path) -> None:
    """A process with the file open could change it after it was verified and renamed."""
    (place / "data").write_bytes(b"contents")
    with (place / "data").open("r+b"):
        assert agent.verify("s1", UPLOAD, 8).failure.reason == "BUSY"
    assert agent.verify("s1", UPLOAD, 8).failure.message == ""


def test_a_stream_holds_the_lock_while_it_lasts(agent: Agent, place: Path) -> None:
    first = pb.WriteContentsRequest(upload=upload("s1", UPLOAD), path="", data=b"x")
    done = []

    def pieces() -> object:
        yield first
        wait_until(lambda: agent.arrived("s1", UPLOAD), what="the first piece")
        done.append(agent.verify("s1", UPLOAD, 1).failure.reason)

    agent.write.WriteContents(pieces())
    assert done == ["BUSY"]
    assert agent.verify("s1", UPLOAD, 1).failure.message == ""


def make_socket(path: Path) -> None:
    # The name of a socket is short: it is made where we are.
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(before)


SPECIALS: dict[str, Callable[[Path], object]] = {
    "a symbolic link": lambda path: path.symlink_to("/etc/passwd"),
    "a FIFO": os.mkfifo,
    "a socket": make_socket,
    "a device": lambda path: os.mknod(path, 0o20600, os.makedev(1, 5)),
}


@pytest.mark.parametrize("kind", SPECIALS)
def test_what_a_dataset_must_not_hold_is_refused_by_name(
    agent: Agent, place: Path, kind: str
) -> None:
    put_dataset(place / "data")
    SPECIALS[kind](place / "data" / "sub" / "odd")
    failed = agent.verify("s1", UPLOAD, 5010).failure
    assert failed.reason == "INVALID_REQUEST"
    assert "'sub/odd'" in failed.message
    assert kind in failed.message


@pytest.mark.parametrize("kind", SPECIALS)
def test_a_special_file_is_no_file(agent: Agent, place: Path, kind: str) -> None:
    SPECIALS[kind](place / "data")
    assert agent.verify("s1", UPLOAD, 0).failure.reason == "INVALID_REQUEST"


def test_an_empty_directory_is_no_file(agent: Agent, place: Path) -> None:
    (place / "data").mkdir()
    failed = agent.verify("s1", UPLOAD, 0).failure
    assert (failed.reason, "empty" in failed.message) == ("INVALID_REQUEST", True)


@pytest.mark.parametrize(("size_bytes", "checksum"), [(7, ""), (8, checksum_of(b"other"))])
def test_other_contents_than_were_said_are_refused(
    agent: Agent, place: Path, size_bytes: int, checksum: str
) -> None:
    (place / "data").write_bytes(b"contents")
    assert agent.verify("s1", UPLOAD, size_bytes, checksum).failure.reason == "CORRUPT_CONTENTS"


def test_nothing_arrived_is_told(agent: Agent, place: Path) -> None:
    assert "Nothing has arrived" in agent.verify("s1", UPLOAD, 0).failure.message
    assert agent.verify("s1", "b1-77", 0).failure.reason == UnknownUploadError.reason


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


def test_discarding_removes_all_that_had_arrived(agent: Agent, place: Path) -> None:
    put_dataset(place / "data")
    agent.verify("s1", UPLOAD, 5010)
    for _ in range(2):
        agent.manage.DiscardUploads(pb.DiscardUploadsRequest(uploads=[upload("s1", UPLOAD)]))
    assert not place.exists()


@pytest.mark.parametrize("upload_id", ["", ".", "..", "a/b", "../../x", "a" * 129, "a b"])
def test_what_is_no_upload_id_is_refused(agent: Agent, root: Path, upload_id: str) -> None:
    request = pb.PrepareUploadsRequest(uploads=[upload("s1", upload_id)])
    [prepared] = agent.manage.PrepareUploads(request).uploads
    assert prepared.failure.reason == "INVALID_REQUEST"


def test_a_batch_fails_item_by_item(agent: Agent, root: Path) -> None:
    request = pb.PrepareUploadsRequest(uploads=[upload("nowhere", "b1-0"), upload("s1", "b1-1")])
    failed, made = agent.manage.PrepareUploads(request).uploads
    assert failed.failure.reason == "UNKNOWN_STORE"
    assert Path(made.staging_path).is_dir()


def test_a_batch_of_a_thousand_is_the_most(agent: Agent, root: Path) -> None:
    uploads = [upload("s1", f"b1-{number}") for number in range(1001)]
    with pytest.raises(InvalidRequestError, match="at most 1000"):
        agent.manage.PrepareUploads(pb.PrepareUploadsRequest(uploads=uploads))
