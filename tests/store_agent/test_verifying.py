import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from librarian.checksums import checksum_of
from librarian.errors import (
    BusyError,
    UnknownUploadError,
)
from librarian.v1 import store_agent_pb2 as pb
from tests.polling import wait_until
from tests.store_agent.running_agent import UPLOAD, Agent, put_dataset, upload


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


def test_a_changed_byte_on_disk_is_seen_though_the_stream_was_hashed(
    agent: Agent, place: Path
) -> None:
    agent.stream("s1", UPLOAD, ("", 0, b"contents"))
    (place / "data").write_bytes(b"CONTENTS")
    failed = agent.verify("s1", UPLOAD, 8, checksum_of(b"contents")).failure
    assert failed.reason == "CORRUPT_CONTENTS"


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


def test_grouped_answers_say_the_same_as_single_ones(agent: Agent, root: Path) -> None:
    ids = [f"b2-{number}" for number in range(40)]
    for number, place in enumerate(agent.prepare("s1", *ids)):
        if number % 9:
            (place / "data").write_bytes(b"x" * number)
    uploads = [
        *(pb.VerifyUpload(upload=upload("s1", one), size_bytes=n) for n, one in enumerate(ids)),
        pb.VerifyUpload(upload=upload("nowhere", "b3-0")),
        pb.VerifyUpload(upload=upload("nowhere", "b3-1")),
    ]

    def verify(*, grouped: bool) -> tuple[int, dict[str, pb.VerifiedUpload]]:
        request = pb.VerifyUploadsRequest(uploads=uploads, grouped=grouped)
        answers = list(agent.manage.VerifyUploads(request))
        found = [one for answer in answers for one in (answer, *answer.others)]
        for answer in answers:
            del answer.others[:]
        return len(answers), {one.upload_id: one for one in found}

    single_count, single = verify(grouped=False)
    grouped_count, grouped = verify(grouped=True)
    assert single == grouped
    assert (single_count, len(single)) == (42, 42)
    assert grouped_count < 10
