"""Which way is taken, who may push, and what checking instances finds."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.errors import InvalidRequestError, NotAllowedError
from librarian.v1 import librarians_pb2
from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.mounts import small_file_system
from tests.store_agent.pushing_contract import (
    BATCH,
    HERE,
    Outcome,
    SharedSetup,
    Sites,
    StreamSetup,
    running_sites,
)
from tests.store_agent.running_agent import put_dataset

SHARED, RSYNC, STREAM = 1, 2, 3


class BothSetup(StreamSetup):
    """Shared and stream, as the neighbour offers them."""

    def __init__(self) -> None:
        self.staging_path = ""

    def sender_settings(self, directory: Path) -> dict[str, object]:
        return SharedSetup().sender_settings(directory)

    def way_in(self, sites: Sites) -> dict[str, object]:
        offered = {**SharedSetup().way_in(sites), **super().way_in(sites), "ways": [1, 2, 3]}
        return {**offered, **({"staging_path": self.staging_path} if self.staging_path else {})}


@pytest.fixture
def setup() -> BothSetup:
    return BothSetup()


@pytest.fixture
def sites(tmp_path: Path, setup: BothSetup) -> Iterator[Sites]:
    with running_sites(tmp_path, setup) as running:
        yield running


def test_the_first_way_that_works_is_taken(sites: Sites) -> None:
    assert sites.push(sites.put({"a": b"a"})).way == SHARED


def test_the_ways_wanted_are_tried_in_their_order(sites: Sites) -> None:
    assert sites.push(sites.put({"a": b"a"}), ways=[STREAM, SHARED]).way == STREAM


def test_a_way_that_cannot_be_taken_gives_way_to_the_next(sites: Sites, setup: BothSetup) -> None:
    setup.staging_path = "/mnt/elsewhere/.librarian/staging"
    files = sites.put({"a": b"a"})
    outcome = sites.push(files)
    assert (outcome.way, outcome.trouble) == (STREAM, None)
    assert sites.refused(files) == {}


def test_when_no_way_works_the_reasons_of_all_are_told(sites: Sites, setup: BothSetup) -> None:
    setup.staging_path = "/mnt/elsewhere/.librarian/staging"
    outcome = sites.push(sites.put({"a": b"a"}), ways=[SHARED, RSYNC])
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.MISCONFIGURED
    assert "SHARED: '/mnt/elsewhere/.librarian/staging' is beneath none" in outcome.trouble.message


def test_a_push_needs_a_ticket_of_its_batch(sites: Sites) -> None:
    files = sites.put({"a": b"a"})
    for stub in (sites.here.stub("push", "f" * 32), sites.here.manage, sites.here.write):
        with pytest.raises(NotAllowedError):
            list(stub.PushFiles(sites.request(files)))
    for stub in (sites.here.stub("push", "f" * 32), sites.here.write):
        with pytest.raises(NotAllowedError):
            stub.CheckInstances(pb.CheckInstancesRequest(batch_id=BATCH, files=files))


def test_a_batch_is_not_too_large(sites: Sites) -> None:
    with pytest.raises(InvalidRequestError, match="at most 2500"):
        sites.push([pb.PushFile(upload_id=f"{BATCH}-{n}") for n in range(2501)])


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".librarian-store", "a/../../x"])
def test_a_source_that_is_no_instance_is_refused(sites: Sites, path: str) -> None:
    [file] = sites.put({"a": b"12345"})
    file.parent_dirs, _, file.file_name = path.rpartition("/")
    assert sites.push([file]).failures == {file.upload_id: "INVALID_REQUEST"}


def test_a_store_that_is_not_there_fails_its_own_files_only(sites: Sites) -> None:
    gone = sites.here.add_store("gone")
    files = sites.put({"a": b"a", "b": b"b", "c": b"c"})
    files[1].store_name, files[2].store_name = "gone", "never"
    (gone / ".librarian-store").unlink()
    for way in (SHARED, STREAM):
        outcome = sites.push(files, ways=[way], fence=way)
        assert outcome.there == [files[0].upload_id]
        assert outcome.failures == {
            files[1].upload_id: "STORE_UNUSABLE",
            files[2].upload_id: "UNKNOWN_STORE",
        }


def test_checking_finds_which_instance_is_not_what_is_on_record(sites: Sites) -> None:
    put_dataset(sites.root / "set")
    put_dataset(sites.root / "bad-set")
    data = os.urandom(1 << 20)
    files = sites.put({"good": data, "rotten": data, "cut": data, "gone": None})
    files += sites.offer("good", "rotten", "cut", "x", "set", "bad-set")[4:]
    (sites.root / "rotten").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (sites.root / "cut").write_bytes(data[:-1])
    (sites.root / "bad-set" / "header").write_bytes(b"H" * 10)
    request = pb.CheckInstancesRequest(batch_id=BATCH, files=files)
    found = [one.failure.reason for one in sites.pusher.CheckInstances(request).files]
    assert found == ["", "CORRUPT_CONTENTS", "CORRUPT_CONTENTS", "NO_INSTANCE", "", found[1]]


def test_checking_says_nothing_of_copies_on_a_store_that_cannot_be_asked(tmp_path: Path) -> None:
    with running_sites(tmp_path, BothSetup(), streams_per_store=1) as sites:
        gone, busy = sites.here.add_store("gone"), sites.here.add_store("busy")
        files = sites.put({"a": b"a", "b": b"b", "c": b"c", "d": b"d"})
        for file, store in zip(files[1:], ("gone", "never", "busy"), strict=True):
            file.store_name = store
        (busy / "d").write_bytes(b"d")
        (gone / ".librarian-store").unlink()
        request = pb.CheckInstancesRequest(batch_id=BATCH, files=files)
        with sites.here.running.parts.stores.get_store("busy").opened(streaming=True):
            checked = sites.pusher.CheckInstances(request).files
    assert [one.failure.reason for one in checked] == ["", "BUSY", "BUSY", "BUSY"]


def test_a_copy_that_the_disk_or_its_rights_keep_back_is_itself_bad(tmp_path: Path) -> None:
    store = tmp_path / HERE / "stores" / HERE
    with (
        small_file_system(store, options=",nodev"),
        running_sites(tmp_path, BothSetup()) as sites,
    ):
        # Nobody may open it there: that holds for root too.
        os.mknod(store / "a", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        file = sites.record("missing", 0)
        file.file_name = "a"
        request = pb.CheckInstancesRequest(batch_id=BATCH, files=[file])
        checked = sites.pusher.CheckInstances(request).files
    assert [one.failure.reason for one in checked] == ["STORE_UNUSABLE"]


@pytest.mark.parametrize("way", [SHARED, STREAM])
def test_a_dataset_of_another_size_is_the_fault_of_the_copy_here(sites: Sites, way: int) -> None:
    put_dataset(sites.root / "set")
    files = sites.offer("set")
    (sites.root / "set" / "sub" / "more").write_bytes(b"more")
    outcome = sites.push(files, ways=[way])
    assert outcome.failures == {files[0].upload_id: "CORRUPT_CONTENTS"}


@pytest.mark.parametrize("way", [SHARED, STREAM])
def test_a_source_that_is_written_to_meanwhile_fails_though_its_size_stays(
    sites: Sites, way: int
) -> None:
    files = sites.put({"large": os.urandom(2 << 20)})
    outcome = Outcome()
    for answer in sites.start(files, ways=[way], bandwidth_bytes_per_second=2 << 20):
        outcome.add(answer)
        if answer.bytes_done > 1000 and not answer.files:
            os.utime(sites.root / "large", (1, 1))
    assert outcome.failures == {files[0].upload_id: "CHANGED_WHILE_READ"}
