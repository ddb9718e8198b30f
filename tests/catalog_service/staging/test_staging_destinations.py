"""Staging's destinations: whose they are, and which are refused."""

import threading
from pathlib import Path

import pytest

from catalog_service.loops.runner import LoopRunner
from librarian.errors import ConflictError, InvalidRequestError
from librarian.v1 import jobs_pb2
from tests.catalog_service.staging.calls import (
    add_night,
    finished,
    get,
    names_in,
    start,
    state_of,
)
from tests.catalog_service.staging_agent import Node
from tests.catalog_service.staging_rows import SITE_ID
from tests.catalog_service.staging_site import Served
from tests.polling import wait_until
from tests.store_agent.mounts import read_only


@pytest.mark.parametrize(
    "destination",
    [
        "{prefix}-evil/job",
        "/etc/job",
        "../job",
        "{prefix}/../job",
        "{prefix}",
        ".",
        "link/job",
        "",
        "long/" * 405 + "job",
    ],
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


def test_a_destination_that_may_not_be_written_fails_the_job_at_once(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    (node.prefix / "locked").mkdir()
    runner.start()
    with read_only(node.prefix / "locked"):
        job = finished(catalog, start(catalog, "locked/job"))
    assert (state_of(job), job.attempts) == ("FAILED", 1)
    assert "may not write in the staging destination" in job.error
    assert "Read-only file system" in job.error


def test_a_destination_whose_disk_is_away_is_waited_for(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    job = start(catalog)
    away = node.prefix.with_name("away")
    node.prefix.rename(away)
    runner.start()
    wait_until(lambda: get(catalog, job).error, what="the first attempt to fail")
    assert state_of(get(catalog, job)) in ("QUEUED", "RUNNING")
    assert "mount its disk" in get(catalog, job).error
    away.rename(node.prefix)
    assert state_of(finished(catalog, job)) == "SUCCEEDED"


@pytest.mark.parametrize(
    "wrong", [{"user": "-R"}, {"user": "a\nb"}, {"request_id": "x" * 129}, {"destination": "a\0b"}]
)
def test_what_no_staging_can_use_is_refused(
    catalog: Served, node: Node, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequestError):
        start(catalog, **wrong)
