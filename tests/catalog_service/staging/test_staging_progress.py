"""Stagings under way: watched, cancelled, broken off, and gone on with."""

import pytest

from catalog_service.loops.runner import LoopRunner
from catalog_service.loops.staging_loop import StagingLoop
from catalog_service.wakeups import JOBS
from librarian.errors import NotAllowedError
from librarian.v1 import jobs_pb2
from tests.catalog_service.staging.calls import (
    add_endless_file,
    add_night,
    finished,
    get,
    names_in,
    start,
    state_of,
)
from tests.catalog_service.staging_agent import Node
from tests.catalog_service.staging_site import Served
from tests.polling import wait_until


def test_an_agent_that_is_away_delays_a_job_and_its_return_lets_it_go_on(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    job = start(catalog)
    node.stop()
    runner.start()
    waiting = wait_until(lambda: (found := get(catalog, job)).error and found, what="an error")
    assert state_of(waiting) in ("QUEUED", "RUNNING")
    node.start()
    assert state_of(finished(catalog, job)) == "SUCCEEDED"


def test_a_running_job_is_cancelled_soon_and_leaves_no_half_copies(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    node.add_file("zen.1.uvh5", b"one")
    add_endless_file(node, "zen.2.uvh5")
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
    big = add_endless_file(node, "zen.2.uvh5")
    runner.start()
    job = start(catalog)
    watch = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    next(seen for seen in watch if seen.bytes_done > 3)
    watch.cancel()
    runner.stop()
    held = get(catalog, job)
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
