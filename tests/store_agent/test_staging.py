import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from librarian.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    LibrarianError,
    StateError,
)
from librarian.manifests import describe_contents
from tests.polling import wait_until
from tests.store_agent import stagings
from tests.store_agent.running_agent import Agent, running_agent


@pytest.fixture
def destination(agent: Agent) -> Path:
    return agent.staging / "me" / "run"


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


@pytest.mark.parametrize(
    "destination",
    ["{prefix}-evil/x", "{prefix}/../x", "/etc/x", "{prefix}", "../x", "", "a/../../x"],
)
def test_stage_does_not_admit_stage_evil(agent: Agent, destination: str) -> None:
    Path(f"{agent.staging}-evil").mkdir()
    with pytest.raises(InvalidRequestError, match="beneath"):
        stagings.check(agent, destination.format(prefix=agent.staging))


def test_a_destination_through_a_link_is_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (agent.staging / "link").symlink_to(tmp_path / "outside")
    for destination in ("link/x", "link"):
        with pytest.raises(InvalidRequestError, match="symbolic link"):
            stagings.check(agent, destination)
        with pytest.raises(InvalidRequestError, match="symbolic link"):
            stagings.begin(agent, agent.staging / destination)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_destination_is_told_absolute_and_not_made(agent: Agent) -> None:
    assert stagings.check(agent, "a//b/./c/") == f"{agent.staging}/a/b/c"
    assert stagings.check(agent, f"{agent.staging}/a") == f"{agent.staging}/a"
    assert list(agent.staging.iterdir()) == []


def test_without_a_prefix_nothing_is_staged(tmp_path: Path) -> None:
    with (
        running_agent(tmp_path, staging_prefix=None) as agent,
        pytest.raises(StateError, match="staging_prefix"),
    ):
        stagings.check(agent, "x")


def test_the_marker_names_its_job_and_old_marks_go(agent: Agent, destination: Path) -> None:
    destination.mkdir(parents=True)
    (destination / "STAGING-SUCCEEDED").write_text("of old\n")
    (destination / "STAGING-ERRORS").write_text("of old\n")
    stagings.begin(agent, destination, job=7)
    assert stagings.markers(destination) == {"IN-PROGRESS"}
    text = (destination / "STAGING-IN-PROGRESS").read_text()
    assert text.splitlines()[1] == "site site-1 job 7 fence 1"


@pytest.mark.parametrize(
    "text", ["2017-01-01 12:00:00 UTC\n", "", "x\nsite site-2 job 1 fence 1\n"]
)
def test_another_librarians_staging_is_not_disturbed(
    agent: Agent, destination: Path, text: str
) -> None:
    destination.mkdir(parents=True)
    marker = destination / "STAGING-IN-PROGRESS"
    marker.write_text(text)
    with pytest.raises(ConflictError, match="Another staging"):
        stagings.begin(agent, destination)
    assert marker.read_text() == text


def test_a_lock_left_by_a_crash_of_our_own_is_taken_over(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination, job=1)
    stagings.begin(agent, destination, job=2)
    with pytest.raises(BusyError, match="taken over"):
        stagings.stage(agent, destination, job=1)
    stagings.end(agent, destination, job=2)
    assert stagings.markers(destination) == {"SUCCEEDED"}


def test_a_worker_of_the_past_is_refused_even_after_a_restart(tmp_path: Path) -> None:
    destination = tmp_path / "stage" / "run"
    with running_agent(tmp_path) as agent:
        stagings.begin(agent, destination, fence=2)
        for late in (stagings.begin, stagings.stage, stagings.end):
            with pytest.raises(BusyError, match="taken over"):
                late(agent, destination, fence=1)
    with running_agent(tmp_path) as agent, pytest.raises(BusyError, match="taken over"):
        stagings.stage(agent, destination, fence=1)
    assert stagings.markers(destination) == {"IN-PROGRESS"}


def test_ending_twice_is_harmless(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination)
    stagings.end(agent, destination, ["one failed"])
    stagings.end(agent, destination, ["one failed"])
    assert stagings.markers(destination) == {"ERRORS"}


def test_a_cancelled_staging_claims_no_success(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination)
    stagings.end(agent, destination, cancelled=True)
    assert (destination / "STAGING-ERRORS").read_text() == "The staging was cancelled.\n"


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


HANDOVER = [sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"]


def test_files_are_handed_over_without_a_shell(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with running_agent(tmp_path, handover_command=[*HANDOVER, str(said)]) as agent:
        destination = agent.staging / "a; touch b"
        stagings.begin(agent, destination)
        assert stagings.end(agent, destination, user="plaplant") == ""
    assert said.read_text() == repr(["-u", "plaplant", "-R", "-d", str(destination)])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('no such user')"], "no such user"),
        (["/nowhere/chown"], "cannot be run"),
        ([sys.executable, "-c", "input(); import time; time.perf_counter()"], "failed with 1"),
    ],
)
def test_a_handover_that_fails_is_told(tmp_path: Path, command: list[str], said: str) -> None:
    with running_agent(tmp_path, handover_command=command) as agent:
        stagings.begin(agent, agent.staging / "run")
        assert said in stagings.end(agent, agent.staging / "run", user="plaplant")
        assert stagings.markers(agent.staging / "run") == {"SUCCEEDED"}


def test_a_handover_that_hangs_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with running_agent(tmp_path, handover_command=command, handover_timeout_seconds=0.2) as agent:
        stagings.begin(agent, agent.staging / "run")
        assert "did not end" in stagings.end(agent, agent.staging / "run", user="plaplant")


@pytest.mark.parametrize("user", ["-R", "a b", "root;id", "a/b"])
def test_what_is_no_login_name_is_refused(agent: Agent, destination: Path, user: str) -> None:
    stagings.begin(agent, destination)
    with pytest.raises(InvalidRequestError, match="login name"):
        stagings.end(agent, destination, user=user)


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
    assert worker.wait(timeout=20) == 0
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
