"""Stagings that failed or were cancelled, and go on."""

import threading
from typing import Any

import pytest

from catalog_service.loops.runner import LoopRunner
from catalog_service.staging_files import next_items
from catalog_service.tables import Instance, Job, Store
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    StateError,
    UnknownJobError,
)
from librarian.v1 import jobs_pb2, staging_pb2
from tests.catalog_service.staging.calls import (
    NIGHT,
    add_endless_file,
    add_night,
    errors_of,
    finished,
    get,
    names_in,
    start,
    state_of,
)
from tests.catalog_service.staging_agent import Node
from tests.catalog_service.staging_rows import add_job
from tests.catalog_service.staging_site import Served


def retry(catalog: Served, job: Any, account: str = "ada") -> Any:
    return catalog.staging(account).RetryStaging(staging_pb2.RetryStagingRequest(job_id=job.id))


def cancel(catalog: Served, job: Any) -> Any:
    return catalog.jobs().CancelJob(jobs_pb2.CancelJobRequest(id=job.id))


def test_what_failed_is_staged_when_it_is_mended(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    bad = node.directory / "pot1/2458432/zen.1.uvh5"
    bad.write_bytes(b"ono")
    runner.start()
    failed = finished(catalog, start(catalog))
    assert (state_of(failed), failed.files_failed) == ("FAILED", 1)
    kept = (node.prefix / "job/2458432/zen.2.uvh5").stat().st_ino
    bad.write_bytes(b"one")
    again = retry(catalog, failed)
    assert (again.id, again.error, again.files_failed, again.files_done) == (failed.id, "", 0, 2)
    assert not again.HasField("end_time")
    done = finished(catalog, again)
    assert (state_of(done), done.files_done, done.bytes_done) == ("SUCCEEDED", 3, done.bytes_total)
    assert names_in(node.prefix / "job") == {"2458432", "STAGING-SUCCEEDED"}
    assert (node.prefix / "job/2458432/zen.2.uvh5").stat().st_ino == kept


def test_a_file_that_had_no_instance_is_looked_for_again(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    set_available(catalog, "zen.1.uvh5", available=False)
    runner.start()
    failed = finished(catalog, start(catalog))
    assert [name for name, _ in errors_of(catalog, failed)] == ["zen.1.uvh5"]
    still = finished(catalog, retry(catalog, failed))
    assert (state_of(still), still.files_failed, still.files_done) == ("FAILED", 1, 2)
    set_available(catalog, "zen.1.uvh5", available=True)
    assert state_of(finished(catalog, retry(catalog, failed))) == "SUCCEEDED"
    assert names_in(node.prefix / "job" / "2458432") == set(NIGHT)


def set_available(catalog: Served, name: str, *, available: bool) -> None:
    with catalog.parts.database.transactions.begin() as db:
        db.query(Instance).filter_by(file_name=name).one().available = available


def test_what_was_cancelled_goes_on_with_instances_that_are_at_hand_by_now(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    node.add_store("pot2")
    for name, data in NIGHT.items():
        node.add_file(name, data, "2458432", store="pot2")
    job = start(catalog)
    assert state_of(cancel(catalog, job)) == "CANCELLED"
    with catalog.parts.database.transactions.begin() as db:
        db.query(Store).filter_by(name="pot1").one().enabled = False
    retry(catalog, job)
    with catalog.parts.database.readings.begin() as db:
        items = next_items(db, job.id, after_number=0, limit=10)
    assert [item.store_name for item in items] == ["pot2"] * 3
    runner.start()
    assert state_of(finished(catalog, job)) == "SUCCEEDED"


def test_a_job_that_was_cancelled_while_it_ran_goes_on(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    node.add_file("zen.1.uvh5", b"one")
    endless = add_endless_file(node, "zen.2.uvh5")
    runner.start()
    job = start(catalog)
    watch = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    next(seen for seen in watch if seen.bytes_done > 3)
    cancel(catalog, job)
    *_, last = watch
    endless.unlink()
    again = retry(catalog, last)
    assert (again.cancel_requested, again.attempts, again.bytes_done) == (False, 0, 3)
    ended = finished(catalog, again)
    assert (state_of(ended), ended.files_done, ended.files_failed) == ("FAILED", 1, 1)


def test_only_the_owner_and_administrators_may_retry(catalog: Served, node: Node) -> None:
    job = start(catalog)
    cancel(catalog, job)
    with pytest.raises(NotAllowedError, match="ada's"):
        retry(catalog, job, "eve")
    assert state_of(retry(catalog, job, "root")) == "QUEUED"


def test_what_has_not_ended_or_is_done_is_not_retried(
    catalog: Served, node: Node, runner: LoopRunner
) -> None:
    add_night(node)
    job = start(catalog)
    with pytest.raises(StateError, match="has not ended"):
        retry(catalog, job)
    runner.start()
    finished(catalog, job)
    with pytest.raises(StateError, match="nothing is left"):
        retry(catalog, job)


def test_what_is_no_staging_is_not_retried(catalog: Served) -> None:
    with catalog.parts.database.transactions.begin() as db:
        job = add_job(db, kind="RECONCILIATION", state="FAILED")
    with pytest.raises(StateError, match="no staging"):
        retry(catalog, job)
    with pytest.raises(UnknownJobError):
        retry(catalog, Job(id=job.id + 1))
    with pytest.raises(InvalidRequestError):
        retry(catalog, Job(id=-1))


def test_a_directory_that_another_job_fills_is_left_alone(catalog: Served, node: Node) -> None:
    first = start(catalog)
    cancel(catalog, first)
    second = start(catalog)
    with pytest.raises(ConflictError, match=f"Job {second.id} of ada"):
        retry(catalog, first)
    assert state_of(get(catalog, first)) == "CANCELLED"


def test_of_retries_at_once_one_is_taken(catalog: Served, node: Node) -> None:
    """A job is retried by some, while others start another in its directory: one of all wins."""
    job = start(catalog)
    cancel(catalog, job)
    outcomes: list[object] = []

    def race(number: int) -> None:
        try:
            outcomes.append((start(catalog) if number % 2 else retry(catalog, job)).id)
        except (ConflictError, StateError) as error:
            outcomes.append(error)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(outcomes) == 6
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
