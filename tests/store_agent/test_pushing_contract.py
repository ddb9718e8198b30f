"""What every way of pushing promises."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.errors import BusyError
from librarian.v1 import librarians_pb2
from tests.polling import wait_until
from tests.store_agent.mounts import small_file_system
from tests.store_agent.pushing_contract import (
    RsyncSetup,
    Setup,
    SharedSetup,
    Sites,
    StreamSetup,
    running_sites,
)
from tests.store_agent.running_agent import put_dataset

SETUPS: list[Setup] = [StreamSetup(), SharedSetup(), RsyncSetup()]

NAMES = [
    "a b",
    " lead",
    "it's",
    'say "so"',
    "100%",
    "%2e%2e%2f",
    "*?[x]{a,b}",
    "$(id)",
    "`id`;rm|x&",
    "host:path",
    "rsync:",
    "back\\slash",
    "#hash",
    "é",
    "星",
    "x" * 255,
    "é" * 127,
    "_-rf",
]
ENTRIES = ["-rf", "--help", "~root", "e\u0301", "a b/*[c]", "deep/er/-x", "\\#012"]


@pytest.fixture(params=SETUPS, ids=lambda setup: type(setup).__name__)
def setup(request: pytest.FixtureRequest) -> Setup:
    chosen: Setup = request.param
    return chosen


@pytest.fixture
def sites(tmp_path: Path, setup: Setup) -> Iterator[Sites]:
    with running_sites(tmp_path, setup) as running:
        yield running


def test_flat_files_and_empty_ones_arrive_in_staging_places_only(sites: Sites) -> None:
    before = _tree(sites.root_there)
    files = sites.put({"2458043/zen.uvh5": os.urandom(3 << 20), "empty": b"", "one": b"1"})
    outcome = sites.push(files)
    assert (outcome.trouble, outcome.failures) == (None, {})
    assert sorted(outcome.there) == [file.upload_id for file in files]
    assert outcome.bytes_done == (3 << 20) + 1
    assert outcome.way == sites.setup.way
    new = _tree(sites.root_there) - before
    assert all(path.startswith(".librarian/") for path in new)
    assert sites.refused(files) == {}


def test_a_directory_is_one_file(sites: Sites) -> None:
    dataset = sites.root / "2458043" / "zen.uv"
    put_dataset(dataset)
    (dataset / "sub" / "deeper" / "empty").mkdir(parents=True)
    files = sites.offer("2458043/zen.uv")
    outcome = sites.push(files)
    assert outcome.there == [files[0].upload_id]
    assert sites.refused(files) == {}


def test_a_thousand_small_files_arrive(sites: Sites) -> None:
    files = sites.put({f"d{n % 3}/f{n}": b"%d" % n for n in range(1000)})
    outcome = sites.push(files)
    assert len(outcome.there) == 1000
    assert sites.refused(files) == {}


def test_names_go_through_unharmed(sites: Sites) -> None:
    named = {f"{directory}{name}": name.encode() for name in NAMES for directory in ("", "p q/%/")}
    for entry in ENTRIES:
        (sites.root / "set" / entry).parent.mkdir(parents=True, exist_ok=True)
        (sites.root / "set" / entry).write_bytes(entry.encode())
    files = [*sites.put(named), *sites.offer(*named, "set")[-1:]]
    outcome = sites.push(files)
    assert (outcome.trouble, outcome.failures) == (None, {})
    assert len(outcome.there) == len(files)
    assert sites.refused(files) == {}


def test_a_missing_source_fails_alone(sites: Sites) -> None:
    files = sites.put({"a": b"good", "gone": None, "z": b"good"})
    outcome = sites.push(files)
    assert outcome.trouble is None
    assert outcome.failures == {files[1].upload_id: "NO_INSTANCE"}
    assert sites.refused([files[0], files[2]]) == {}


def test_a_source_of_another_size_fails_alone(sites: Sites) -> None:
    files = sites.put({"a": b"good", "cut": b"whole", "z": b"good"})
    (sites.root / "cut").write_bytes(b"who")
    outcome = sites.push(files)
    assert outcome.trouble is None
    assert list(outcome.failures) == [files[1].upload_id]
    assert sites.refused([files[0], files[2]]) == {}


def test_a_source_that_rotted_is_refused_there(sites: Sites) -> None:
    files = sites.put({"a": b"good", "rotten": b"whole"})
    (sites.root / "rotten").write_bytes(b"whola")
    sites.push(files)
    assert sites.refused(files) == {files[1].upload_id: "CORRUPT_CONTENTS"}


def test_nothing_is_read_through_a_link(sites: Sites, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"12345")
    files = sites.put({"good": b"good", "link": None, "dir/x": None})
    (sites.root / "link").symlink_to(tmp_path / "secret")
    (sites.root / "dir").rmdir()
    (sites.root / "dir").symlink_to(tmp_path)
    outcome = sites.push(files)
    assert sorted(outcome.failures) == sorted([files[1].upload_id, files[2].upload_id])
    assert sites.refused(files[:1]) == {}
    assert not list(sites.root_there.glob(".librarian/**/*secret*"))


@pytest.mark.parametrize(
    "setup", [StreamSetup(), RsyncSetup()], indirect=True, ids=["stream", "rsync"]
)
def test_what_had_arrived_is_not_brought_again_after_a_cut(sites: Sites) -> None:
    data = os.urandom(24 << 20)
    files = sites.put({"large": data, "small": b"small"})
    sites.link.cut_after_bytes = 16 << 20
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.UNREACHABLE
    assert files[0].upload_id not in outcome.there
    sites.link.sent_bytes = 0
    whole = {file.upload_id for file in files}

    def is_there() -> bool:
        nonlocal outcome
        outcome = sites.push(files, fence=2)
        return set(outcome.there) == whole

    wait_until(is_there, what="a push that goes on")
    # What was under way when the link was cut is brought again.
    assert sites.link.sent_bytes < 16 << 20
    assert outcome.bytes_done == len(data) + 5
    assert sites.refused(files) == {}


def test_a_limit_of_bytes_a_second_is_kept(sites: Sites) -> None:
    files = sites.put({f"f{n}": os.urandom(1 << 20) for n in range(6)})
    begun = time.monotonic()
    outcome = sites.push(files, bandwidth_bytes_per_second=6 << 20)
    seconds = time.monotonic() - begun
    assert len(outcome.there) == 6
    # Much more than the one second it should take is the fault of a machine that does much else.
    assert 0.7 < seconds < 10


def test_a_push_that_nobody_waits_for_ends(sites: Sites) -> None:
    files = sites.put({"large": os.urandom(8 << 20)})
    answers = sites.start(files, bandwidth_bytes_per_second=1 << 20)
    for answer in answers:
        if answer.bytes_done:
            break
    answers.cancel()

    def is_over() -> bool:
        return not any(thread.name.startswith("push-") for thread in threading.enumerate())

    wait_until(is_over, what="the end of the push")
    assert sites.refused(files) == {files[0].upload_id: "CORRUPT_CONTENTS"}


def test_a_full_destination_is_told(tmp_path: Path, setup: Setup) -> None:
    root_there = tmp_path / "there" / "stores" / "there"
    with (
        small_file_system(root_there, "4m"),
        running_sites(tmp_path, setup, root_there) as sites,
    ):
        files = sites.put({"small": b"s", "large": os.urandom(8 << 20)})
        outcome = sites.push(files)
        assert outcome.failures == {}
        assert outcome.trouble is not None
        assert outcome.trouble.cause == librarians_pb2.Link.FULL
        assert files[1].upload_id not in outcome.there


def test_a_newer_claim_ends_an_older_push(sites: Sites) -> None:
    files = sites.put({"large": os.urandom(6 << 20)})
    older = sites.start(files, fence=1, bandwidth_bytes_per_second=1 << 20)
    next(older)
    outcome = sites.push(files, fence=2)
    assert outcome.there == [files[0].upload_id]
    with pytest.raises(BusyError):
        for _ in older:
            pass
    with pytest.raises(BusyError, match="later worker"):
        sites.push(files, fence=1)
    assert sites.refused(files) == {}


def _tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}
