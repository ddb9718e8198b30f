"""Staging with a real agent: what lies in the destination, and what is said."""

from pathlib import Path

from catalog_service.loops.runner import LoopRunner
from catalog_service.staging import NO_INSTANCE
from catalog_service.tables import Instance
from tests.catalog_service.staging.calls import (
    NIGHT,
    add_night,
    errors_of,
    finished,
    names_in,
    start,
    state_of,
)
from tests.catalog_service.staging_agent import Node, running_node
from tests.catalog_service.staging_site import Served


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


def test_a_hand_over_that_fails_fails_the_job_and_says_why(
    catalog: Served, tmp_path: Path, runner: LoopRunner
) -> None:
    with running_node(catalog.parts, tmp_path, ("/bin/false",)) as node:
        node.add_file("zen.1.uvh5", b"one")
        runner.start()
        job = finished(catalog, start(catalog, user="nobody"))
    assert (state_of(job), job.files_done, job.files_failed) == ("FAILED", 1, 0)
    assert job.error != ""
