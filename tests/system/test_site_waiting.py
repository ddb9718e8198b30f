"""Waiting for a job: interrupted, too long, cancelled, and for one that fails in part."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.polling import wait_until
from tests.system.site import Environments, Site
from tests.system.terminals import Terminal

EVERYTHING = '{"name-matches": "%"}'


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Return the path at which a file lets the hand-over of staged files go on."""
    return tmp_path / "gate"


@pytest.fixture
def slow_site(tmp_path: Path, gate: Path) -> Iterator[Site]:
    """Run a site with one file, on which stagings wait for each other, and for the gate to open."""
    script = f"while [ ! -e '{gate}' ]; do sleep 0.02; done"
    handover = json.dumps(["sh", "-c", script])
    agent = {"LIBRARIAN_STORE_AGENT__HANDOVER_COMMAND": handover}
    catalog = {"LIBRARIAN_CATALOG_SERVICE__STAGING_THREADS": "1"}
    environment: Environments = {"store_agent": agent, "catalog_service": catalog}
    with Site(tmp_path / "site", environment=environment) as site:
        upload_log(site, tmp_path / "one.log")
        yield site
        gate.touch()


def upload_log(site: Site, local: Path) -> None:
    local.write_text(local.name)
    done = site.run("upload", "local", local, local.name, "--null-obsid")
    assert done.returncode == 0, done.stderr


def start_job(site: Site, destination: str = "there") -> str:
    done = site.run("stage-files", "local", destination, EVERYTHING, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["job"])


def wait_for_state(site: Site, job: str, is_so: Callable[[str], bool]) -> None:
    with site.librarian() as librarian:
        wait_until(lambda: is_so(librarian.get_job(int(job)).state), what=f"job {job}")


def test_ctrl_c_leaves_the_job_and_says_how_to_come_back(slow_site: Site, gate: Path) -> None:
    waiting = Terminal(slow_site, "stage-files", "local", "there", EVERYTHING, "--wait")
    waiting.read_until("files")
    waiting.interrupt()
    shown = waiting.read_to_end()
    assert waiting.process.returncode == 130
    assert "job 1 goes on; to come back: librarian show-job local 1 --wait" in shown
    gate.touch()
    back = slow_site.run("show-job", "local", "1", "--wait", "--json")
    assert json.loads(back.stdout)["state"] == "SUCCEEDED"


def test_a_wait_that_is_too_long_ends_with_its_own_number(slow_site: Site) -> None:
    job = start_job(slow_site)
    done = slow_site.run("show-job", "local", job, "--wait", "--timeout", "0.3")
    assert done.returncode == 8
    assert "it goes on" in done.stderr


def test_whoever_waits_for_a_cancelled_job_is_told(slow_site: Site, gate: Path) -> None:
    first, job = start_job(slow_site), start_job(slow_site, "elsewhere")
    wait_for_state(slow_site, first, lambda state: state == "RUNNING")
    cancelled = slow_site.run("cancel-job", "local", job)
    assert cancelled.stdout in (
        f"Job {job} was asked to stop.\n",
        f"Job {job} has ended: cancelled.\n",
    )
    gate.touch()
    done = slow_site.run("show-job", "local", job, "--wait")
    assert (done.returncode, done.stderr) == (1, f"librarian: job {job} was cancelled.\n")


def test_whoever_waits_is_told_why_a_job_is_tried_again(slow_site: Site, gate: Path) -> None:
    first, job = start_job(slow_site), start_job(slow_site, "elsewhere")
    wait_for_state(slow_site, first, lambda state: state == "RUNNING")
    there = slow_site.layout.staging / "there"
    wait_until((there / "STAGING-SUCCEEDED").exists, what="the first to be handed over")
    away = slow_site.layout.staging.rename(slow_site.layout.root / "away")
    gate.touch()
    waiting = Terminal(slow_site, "show-job", "local", job, "--wait")
    waiting.read_until(f"job {job} is tried again: The staging prefix")
    away.rename(slow_site.layout.staging)
    assert "succeeded" in waiting.read_to_end()


def test_two_stagings_into_one_directory_are_a_conflict(slow_site: Site) -> None:
    job = start_job(slow_site)
    wait_for_state(slow_site, job, lambda state: state == "RUNNING")
    done = slow_site.run("stage-files", "local", "there", EVERYTHING)
    assert done.returncode == 6
    assert "there" in done.stderr


def test_a_staging_that_fails_in_part_prints_the_errors(site: Site, tmp_path: Path) -> None:
    upload_log(site, tmp_path / "good.log")
    upload_log(site, tmp_path / "lost.log")
    (site.layout.store / "lost.log").unlink()
    done = site.run("stage-files", "local", "there", EVERYTHING, "--wait", "--json")
    job = json.loads(done.stdout)
    assert done.returncode == 5
    assert [error["name"] for error in job["errors"]] == ["lost.log"]
    assert (site.layout.staging / "there" / "good.log").exists()
    assert "1 failed" in done.stderr
    shown = site.run("show-job", "local", str(job["job"]))
    assert "lost.log: " in shown.stderr
