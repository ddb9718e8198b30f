import os
from pathlib import Path

import pytest

from librarian.checksums import checksum_of
from librarian.errors import (
    InvalidRequestError,
    NotAllowedError,
    StateError,
)
from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.running_agent import UPLOAD, Agent, put_dataset, running_agent, upload


def test_a_streamed_file_is_verified_and_placed(agent: Agent, root: Path, place: Path) -> None:
    data = os.urandom(3_000_000)
    agent.stream("s1", UPLOAD, ("", 0, data[:2_000_000]), ("", 2_000_000, data[2_000_000:]))
    verified = agent.verify("s1", UPLOAD, len(data), checksum_of(data))
    assert verified.failure.message == ""
    placed = agent.place("s1", UPLOAD, "2458043/zen.uvh5", verified.inode)
    assert placed.failure.message == ""
    there = root / "2458043" / "zen.uvh5"
    assert (there.read_bytes(), there.stat().st_mode & 0o222) == (data, 0)


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
