import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from librarian.errors import (
    LibrarianError,
)
from librarian.manifests import describe_contents
from tests.polling import wait_until
from tests.store_agent import stagings
from tests.store_agent.running_agent import Agent


def test_files_are_staged_under_their_parent_dirs_and_writable(
    agent: Agent, root: Path, destination: Path
) -> None:
    first = stagings.put(root, "2458043/a.uvh5", b"aaa", 1)
    (root / "2458043/a.uvh5").chmod(0o444)
    second = stagings.put(root, "b.uvh5", b"", 2)
    stagings.begin(agent, destination)
    outcome = stagings.stage(agent, destination, first, second)
    stagings.end(agent, destination)
    assert (sorted(outcome.done), outcome.failures) == ([1, 2], {})
    assert (destination / "2458043/a.uvh5").read_bytes() == b"aaa"
    assert (destination / "b.uvh5").read_bytes() == b""
    assert (destination / "2458043/a.uvh5").stat().st_mode & 0o600 == 0o600
    assert stagings.markers(destination) == {"SUCCEEDED"}


def test_a_staged_file_is_no_link_to_the_archive(
    agent: Agent, root: Path, destination: Path
) -> None:
    stagings.begin(agent, destination)
    stagings.stage(agent, destination, stagings.put(root, "a", b"archived"))
    with (destination / "a").open("r+b") as staged:
        staged.write(b"SCRIBBLE")
    assert (root / "a").read_bytes() == b"archived"


def test_a_dataset_is_staged_whole_with_its_empty_directories(
    agent: Agent, root: Path, destination: Path
) -> None:
    dataset = root / "night" / "zen.uv"
    (dataset / "sub" / "empty").mkdir(parents=True)
    (dataset / "header").write_bytes(b"h")
    (dataset / "sub" / "visdata").write_bytes(b"v" * 5000)
    fd = os.open(dataset, os.O_RDONLY)
    contents = describe_contents(fd)
    os.close(fd)
    file = stagings.wanted("night/zen.uv", 5001, contents.checksums["blake3"])
    stagings.begin(agent, destination)
    assert stagings.stage(agent, destination, file).failures == {}
    copy = destination / "night" / "zen.uv"
    fd = os.open(copy, os.O_RDONLY)
    assert describe_contents(fd) == contents
    os.close(fd)
    assert stagings.stage(agent, destination, file).failures == {}
    (copy / "header").write_bytes(b"X")
    assert "CONFLICT" in stagings.stage(agent, destination, file).failures[1]


def test_bytes_done_reach_the_total_and_never_fall(
    agent: Agent, root: Path, destination: Path
) -> None:
    files = [stagings.put(root, f"f{n}", b"z" * 3_000_000, n) for n in range(5)]
    stagings.begin(agent, destination)
    outcome = stagings.stage(agent, destination, *files)
    assert outcome.bytes_done == sorted(outcome.bytes_done)
    assert outcome.bytes_done[-1] == 15_000_000


@pytest.mark.parametrize("path", ["STAGING-SUCCEEDED", "STAGING-IN-PROGRESS/a", "STAGING-ERRORS"])
def test_a_file_is_not_staged_to_where_a_marker_would_take_its_place(
    agent: Agent, root: Path, destination: Path, path: str
) -> None:
    first, second = (
        stagings.put(root, path, b"data", 1),
        stagings.put(root, f"sub/{path}", b"data", 2),
    )
    stagings.begin(agent, destination)
    outcome = stagings.stage(agent, destination, first, second)
    assert list(outcome.failures) == [1]
    assert outcome.failures[1].startswith("CONFLICT: ")
    stagings.end(agent, destination, errors=[outcome.failures[1]])
    assert stagings.markers(destination) == {"ERRORS"}
    assert (destination / "sub" / path).read_bytes() == b"data"


def test_staging_never_delivers_wrong_bytes_with_succeeded(
    agent: Agent, root: Path, destination: Path
) -> None:
    good = stagings.put(root, "good", b"good", 1)
    bad = stagings.put(root, "bad", b"right", 2)
    (root / "bad").write_bytes(b"wrong")
    stagings.begin(agent, destination)
    outcome = stagings.stage(agent, destination, good, bad)
    assert list(outcome.failures) == [2]
    assert outcome.failures[2].startswith("CORRUPT_CONTENTS: ")
    stagings.end(agent, destination, ["bad: its contents are damaged\nSTAGING"])
    assert stagings.markers(destination) == {"ERRORS"}
    lines = (destination / "STAGING-ERRORS").read_text().splitlines()
    assert lines == ["bad: its contents are damaged STAGING"]
    assert not (destination / "bad").exists()
    assert stagings.leftovers(destination) == []


def test_what_is_there_and_matches_is_not_copied_again(
    agent: Agent, root: Path, destination: Path
) -> None:
    file = stagings.put(root, "a", b"contents")
    stagings.begin(agent, destination)
    stagings.stage(agent, destination, file)
    inode = (destination / "a").stat().st_ino
    assert stagings.stage(agent, destination, file).bytes_done[-1] == 8
    assert (destination / "a").stat().st_ino == inode


def test_what_is_there_and_differs_is_replaced(agent: Agent, root: Path, destination: Path) -> None:
    file = stagings.put(root, "a", b"contents")
    destination.mkdir(parents=True)
    (destination / "a").write_bytes(b"CONTENTS")
    stagings.begin(agent, destination)
    assert stagings.stage(agent, destination, file).failures == {}
    assert (destination / "a").read_bytes() == b"contents"


@pytest.mark.parametrize("kind", ["directory", "link", "fifo"])
def test_what_is_no_flat_file_is_not_replaced(
    agent: Agent, root: Path, destination: Path, kind: str
) -> None:
    file = stagings.put(root, "a", b"contents")
    destination.mkdir(parents=True)
    canary = agent.directory / "canary"
    canary.write_bytes(b"untouched")
    there = destination / "a"
    make = {"directory": there.mkdir, "link": lambda: there.symlink_to(canary)}
    make.get(kind, lambda: os.mkfifo(there))()
    stagings.begin(agent, destination)
    assert "CONFLICT" in stagings.stage(agent, destination, file).failures[1]
    assert canary.read_bytes() == b"untouched"


def test_a_temporary_file_of_a_killed_worker_is_replaced(
    agent: Agent, root: Path, destination: Path
) -> None:
    file = stagings.put(root, "a", b"contents")
    stagings.begin(agent, destination)
    (destination / ".a.librarian-tmp-1").write_bytes(b"half of something longer")
    assert stagings.stage(agent, destination, file).failures == {}
    assert (destination / "a").read_bytes() == b"contents"
    assert stagings.leftovers(destination) == []


def test_a_name_of_255_bytes_is_staged(agent: Agent, root: Path, destination: Path) -> None:
    file = stagings.put(root, "n" * 255, b"contents")
    stagings.begin(agent, destination)
    assert stagings.stage(agent, destination, file).failures == {}
    assert (destination / ("n" * 255)).read_bytes() == b"contents"


def test_files_that_cannot_be_had_fail_alone(agent: Agent, root: Path, destination: Path) -> None:
    good = stagings.put(root, "good", b"good", 1)
    gone = stagings.wanted("gone", 1, good.checksum, 2)
    elsewhere = stagings.wanted("x", 1, good.checksum, 3, store="nowhere")
    upwards = stagings.wanted("../x", 1, good.checksum, 4)
    stagings.begin(agent, destination)
    outcome = stagings.stage(agent, destination, good, gone, elsewhere, upwards)
    reasons = {key: failure.partition(":")[0] for key, failure in outcome.failures.items()}
    assert reasons == {2: "NO_INSTANCE", 3: "UNKNOWN_STORE", 4: "INVALID_REQUEST"}
    assert (destination / "good").exists()


def test_a_cancelled_call_stops_soon_and_leaves_no_temporary_file(
    agent: Agent, root: Path, destination: Path
) -> None:
    with (root / "huge").open("wb") as huge:
        huge.truncate(1 << 40)
    file = stagings.wanted("huge", 1 << 40, "blake3:" + "0" * 64)
    stagings.begin(agent, destination)
    call = agent.manage.StageFiles(stagings.stage_request(destination, [file]))
    wait_until(lambda: stagings.leftovers(destination), what="the copy to begin")
    call.cancel()
    wait_until(lambda: not stagings.leftovers(destination), what="the copy to be given up")
    again = stagings.put(root, "small", b"small", 2)
    assert stagings.stage(agent, destination, again).failures == {}


def test_a_worker_whose_agent_is_gone_takes_its_copy_away(root: Path, agent: Agent) -> None:
    destination = agent.staging / "run"
    destination.mkdir()
    with (root / "huge").open("wb") as huge:
        huge.truncate(1 << 40)
    store = agent.running.parts.stores.get_store("s1")
    task = {
        "task": 1,
        "prefix": str(agent.staging),
        "destination": "run",
        "job": 1,
        "store": ["s1", str(root), store.id],
        "files": [[1, "s1", "", "huge", 1 << 40, "blake3:" + "0" * 64]],
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "store_agent.staging_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(task).encode() + b"\n")
    worker.stdin.flush()
    wait_until(lambda: stagings.leftovers(destination), what="the copy to begin")
    worker.stdin.close()
    assert worker.wait(timeout=100) == 0
    assert list(destination.iterdir()) == []


def test_a_worker_that_is_killed_fails_its_files_with_a_sentence(
    agent: Agent, root: Path, destination: Path
) -> None:
    with (root / "huge").open("wb") as huge:
        huge.truncate(1 << 40)
    file = stagings.wanted("huge", 1 << 40, "blake3:" + "0" * 64)
    stagings.begin(agent, destination)
    call = agent.manage.StageFiles(stagings.stage_request(destination, [file]))
    wait_until(lambda: stagings.leftovers(destination), what="the copy to begin")
    for pid in _children(os.getpid()):
        os.kill(pid, 9)
    failures = [file.failure for answer in call for file in answer.files]
    assert [failure.reason for failure in failures] == ["STORE_UNUSABLE"]
    small = stagings.put(root, "small", b"small", 2)
    assert stagings.stage(agent, destination, small).failures == {}


def _children(pid: int) -> list[int]:
    """Return the staging workers among a process's children."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"store_agent.staging_worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def test_all_errors_of_a_batch_are_those_of_the_librarian(agent: Agent, destination: Path) -> None:
    with pytest.raises(LibrarianError, match="at most 1000"):
        stagings.stage(agent, destination, *[stagings.wanted("x", 0, "")] * 1001)
