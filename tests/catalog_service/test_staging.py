"""Staging with a real agent over real channels: what lies in the destination, and what is said."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog_service.loops.runner import LoopRunner
from catalog_service.loops.staging_loop import StagingLoop
from catalog_service.staging import NO_INSTANCE
from catalog_service.tables import Instance
from catalog_service.wakeups import JOBS
from librarian.errors import ConflictError, InvalidRequestError, NotAllowedError
from librarian.v1 import jobs_pb2, staging_pb2
from tests.catalog_service.staging_agent import Node, running_node
from tests.catalog_service.staging_rows import SITE_ID, opened
from tests.catalog_service.staging_site import Served, served
from tests.polling import wait_until

EVERYTHING = '{"always-true": true}'
NIGHT = {"zen.1.uvh5": b"one", "zen.2.uvh5": b"two" * 1000, "zen.3.uvh5": b""}


@pytest.fixture
def catalog(database_url: str) -> Iterator[Served]:
    with opened(database_url) as database, served(database) as catalog:
        yield catalog


@pytest.fixture
def node(catalog: Served, tmp_path: Path) -> Iterator[Node]:
    with running_node(catalog.parts, tmp_path) as node:
        yield node


@pytest.fixture
def runner(catalog: Served) -> Iterator[LoopRunner]:
    """The staging loop as the catalogue turns it; a test starts it."""
    runner = LoopRunner(StagingLoop(catalog.parts), catalog.parts.wakeups, JOBS, 0.5, threads=2)
    yield runner
    runner.stop()


def start(catalog: Served, destination: str = "job", search: str = EVERYTHING, **more: str) -> Any:
    request = staging_pb2.StartStagingRequest(search=search, destination=destination, **more)
    return catalog.staging().StartStaging(request)


def finished(catalog: Served, job: Any) -> Any:
    """Watch a job to its end, and return it as it is then."""
    *_, last = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    return last


def state_of(job: Any) -> str:
    return str(jobs_pb2.Job.State.Name(job.state))


def errors_of(catalog: Served, job: Any) -> list[tuple[str, str]]:
    answer = catalog.jobs().ListJobErrors(jobs_pb2.ListJobErrorsRequest(job_id=job.id))
    return [(error.file_name, error.message) for error in answer.errors]


def add_night(node: Node) -> None:
    for name, data in NIGHT.items():
        node.add_file(name, data, "2458432")


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_each_file_is_copied_below_its_directories_and_success_is_marked(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    runner.start()
    job = finished(catalog, start(catalog))
    destination = node.prefix / "job"
    assert {p.name: p.read_bytes() for p in (destination / "2458432").iterdir()} == NIGHT
    assert names_in(destination) == {"2458432", "STAGING-SUCCEEDED"}
    assert (state_of(job), job.error, job.destination) == ("SUCCEEDED", "", str(destination))
    assert (job.files_total, job.files_done, job.files_failed) == (3, 3, 0)
    assert job.bytes_total == job.bytes_done == 3003


def test_a_search_without_a_match_succeeds(catalog: Served, node: Node, runner: LoopRunner) -> None:
    runner.start()
    job = finished(catalog, start(catalog, search='{"always-false": 1}'))
    assert (state_of(job), job.files_total) == ("SUCCEEDED", 0)
    assert names_in(node.prefix / "job") == {"STAGING-SUCCEEDED"}


def test_wrong_bytes_in_a_store_are_never_delivered_with_success(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    (node.directory / "pot1" / "2458432" / "zen.1.uvh5").write_bytes(b"0ne")
    runner.start()
    job = finished(catalog, start(catalog))
    destination = node.prefix / "job"
    assert (state_of(job), job.files_done, job.files_failed) == ("FAILED", 2, 1)
    assert "1 of 3 files" in job.error
    assert names_in(destination) == {"2458432", "STAGING-ERRORS"}
    assert names_in(destination / "2458432") == {"zen.2.uvh5", "zen.3.uvh5"}
    (line,) = (destination / "STAGING-ERRORS").read_text().splitlines()
    ((name, message),) = errors_of(catalog, job)
    assert line == f"{name}: {message}"
    assert name == "zen.1.uvh5"


def test_a_good_instance_stands_in_for_a_corrupt_one(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    node.add_store("pot2")
    bad = node.add_file("zen.1.uvh5", b"one", "2458432")
    node.add_file("zen.1.uvh5", b"one", "2458432", store="pot2")
    bad.write_bytes(b"0ne")
    runner.start()
    job = finished(catalog, start(catalog))
    assert (state_of(job), job.files_done, job.files_failed) == ("SUCCEEDED", 1, 0)
    assert (node.prefix / "job" / "2458432" / "zen.1.uvh5").read_bytes() == b"one"


def test_a_file_without_an_available_instance_is_an_error_of_the_job(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    with catalog.parts.database.transactions.begin() as db:
        db.query(Instance).order_by(Instance.id).first().available = False  # type: ignore[union-attr]
    job = start(catalog)
    assert (job.files_total, job.files_failed) == (3, 1)
    runner.start()
    job = finished(catalog, job)
    assert (state_of(job), job.files_done, job.files_failed) == ("FAILED", 2, 1)
    assert errors_of(catalog, job) == [("zen.1.uvh5", NO_INSTANCE)]
    text = (node.prefix / "job" / "STAGING-ERRORS").read_text()
    assert text == f"zen.1.uvh5: {NO_INSTANCE}\n"


@pytest.mark.parametrize(
    "destination",
    ["{prefix}-evil/job", "/etc/job", "../job", "{prefix}/../job", "{prefix}", ".", "link/job", ""],
)
def test_a_destination_outside_the_prefix_or_through_a_link_is_refused(
    catalog: Served, node: Node, destination: str
) -> None:
    Path(f"{node.prefix}-evil").mkdir()
    (node.prefix / "link").symlink_to(node.directory)
    with pytest.raises(InvalidRequestError):
        start(catalog, destination.format(prefix=node.prefix))
    assert catalog.jobs().ListJobs(jobs_pb2.ListJobsRequest()).jobs == []


def test_two_stagings_never_fill_one_directory(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    first = start(catalog)
    with pytest.raises(ConflictError, match=f"Job {first.id} of ada"):
        start(catalog, str(node.prefix / "job"))
    runner.start()
    finished(catalog, first)
    assert state_of(finished(catalog, start(catalog))) == "SUCCEEDED"


def test_of_stagings_into_one_directory_at_once_one_starts(catalog: Served, node: Node) -> None:
    outcomes: list[object] = []

    def race() -> None:
        try:
            outcomes.append(start(catalog).id)
        except ConflictError as error:
            outcomes.append(error)

    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(outcomes) == 6
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1


def test_a_repeated_request_starts_one_job(catalog: Served, node: Node) -> None:
    first = start(catalog, request_id="once")
    again = start(catalog, request_id="once")
    assert again.id == first.id
    assert len(catalog.jobs().ListJobs(jobs_pb2.ListJobsRequest()).jobs) == 1


def test_a_lock_that_a_crash_of_this_site_left_is_taken_over(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    (node.prefix / "job").mkdir()
    mark = node.prefix / "job" / "STAGING-IN-PROGRESS"
    mark.write_text(f"Staging in progress since long ago.\nsite {SITE_ID} job 77 fence 1\n")
    runner.start()
    assert state_of(finished(catalog, start(catalog))) == "SUCCEEDED"
    assert not mark.exists()


def test_a_lock_of_another_librarian_is_respected(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    (node.prefix / "job").mkdir()
    (node.prefix / "job" / "STAGING-IN-PROGRESS").write_text("2018-11-02 started\n")
    runner.start()
    job = finished(catalog, start(catalog))
    assert state_of(job) == "FAILED"
    assert "Another staging fills the destination" in job.error
    assert names_in(node.prefix / "job") == {"STAGING-IN-PROGRESS"}


def test_what_is_there_already_is_not_copied_again(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    runner.start()
    finished(catalog, start(catalog))
    copy = node.prefix / "job" / "2458432" / "zen.2.uvh5"
    inode = copy.stat().st_ino
    job = finished(catalog, start(catalog))
    assert (state_of(job), job.files_done) == ("SUCCEEDED", 3)
    assert copy.stat().st_ino == inode


def test_an_agent_that_is_away_delays_a_job_and_its_return_lets_it_go_on(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    job = start(catalog)
    node.stop()
    runner.start()
    get = jobs_pb2.GetJobRequest(id=job.id)
    waiting = wait_until(
        lambda: (found := catalog.jobs().GetJob(get)).error and found, what="the job's error"
    )
    assert state_of(waiting) in ("QUEUED", "RUNNING")
    node.start()
    assert state_of(finished(catalog, job)) == "SUCCEEDED"


def test_a_running_job_is_cancelled_soon_and_leaves_no_half_copies(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    node.add_file("zen.1.uvh5", b"one")
    # Sparse, and so long that it could not be copied within the test's time.
    big = node.directory / "pot1" / "zen.2.uvh5"
    with big.open("wb") as file:
        file.truncate(64 << 30)
    node.add_rows(big.name, 64 << 30, "blake3:" + "0" * 64)
    runner.start()
    job = start(catalog)
    watch = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    next(seen for seen in watch if seen.bytes_done > 3)
    with pytest.raises(NotAllowedError, match="ada's"):
        catalog.jobs("eve").CancelJob(jobs_pb2.CancelJobRequest(id=job.id))
    assert catalog.jobs("root").CancelJob(jobs_pb2.CancelJobRequest(id=job.id)).cancel_requested
    *_, last = watch
    assert (state_of(last), last.error) == ("CANCELLED", "")
    # The agent is told to stop, and takes away its unfinished copy when it notices.
    left = {"zen.1.uvh5", "STAGING-ERRORS"}
    wait_until(lambda: names_in(node.prefix / "job") == left, what="no half copy")
    assert "cancelled" in (node.prefix / "job" / "STAGING-ERRORS").read_text()


def test_a_catalogue_that_is_stopped_gives_its_job_back_and_the_next_goes_on(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    node.add_file("zen.1.uvh5", b"one")
    big = node.directory / "pot1" / "zen.2.uvh5"
    with big.open("wb") as file:
        file.truncate(64 << 30)
    node.add_rows(big.name, 64 << 30, "blake3:" + "0" * 64)
    runner.start()
    job = start(catalog)
    watch = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    next(seen for seen in watch if seen.bytes_done > 3)
    watch.cancel()
    runner.stop()
    held = catalog.jobs().GetJob(jobs_pb2.GetJobRequest(id=job.id))
    assert (state_of(held), held.files_done, held.files_failed) == ("QUEUED", 1, 0)
    big.write_bytes(b"two")
    other = LoopRunner(StagingLoop(catalog.parts), catalog.parts.wakeups, JOBS, 0.5)
    other.start()
    # By now the contents are not what is on record: the job goes on, and tells.
    last = finished(catalog, job)
    other.stop()
    assert (state_of(last), last.files_done, last.files_failed) == ("FAILED", 1, 1)


def test_a_watcher_sees_a_job_at_once_and_is_not_told_twice_what_it_knows(
    catalog: Served, node: Node
) -> None:
    job = start(catalog)
    watch = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    assert state_of(next(watch)) == "QUEUED"
    catalog.jobs().CancelJob(jobs_pb2.CancelJobRequest(id=job.id))
    assert [state_of(seen) for seen in watch] == ["CANCELLED"]


def test_a_hand_over_that_fails_fails_the_job_and_says_why(
    catalog: Served, tmp_path: Path, runner: LoopRunner
) -> None:
    with running_node(catalog.parts, tmp_path, ("/bin/false",)) as node:
        node.add_file("zen.1.uvh5", b"one")
        runner.start()
        job = finished(catalog, start(catalog, user="nobody"))
    assert (state_of(job), job.files_done, job.files_failed) == ("FAILED", 1, 0)
    assert job.error != ""


@pytest.mark.parametrize(
    "wrong", [{"user": "-R"}, {"user": "a\nb"}, {"request_id": "x" * 129}, {"destination": "a\0b"}]
)
def test_what_no_staging_can_use_is_refused(
    catalog: Served, node: Node, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequestError):
        start(catalog, **wrong)
