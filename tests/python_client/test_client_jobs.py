"""Jobs by the client: waited for, come back to, and stopped."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.client import jobs
from librarian.client.jobs import Job
from librarian.errors import NotReachableError, UnknownJobError, WaitTimedOutError
from tests.system.site import Site


@pytest.fixture
def search(librarian: Librarian, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Put a file into the archive, and return the search that finds it."""
    return put_file(librarian, tmp_path, request.node.name)


def put_file(librarian: Librarian, tmp_path: Path, name: str) -> dict[str, str]:
    (tmp_path / "contents").write_bytes(os.urandom(1000))
    librarian.upload(tmp_path / "contents", name, null_obsid=True)
    return {"name-is-exactly": name}


def test_a_job_is_waited_for_and_done(
    client_site: Site, librarian: Librarian, search: dict[str, str]
) -> None:
    job = librarian.stage_files(search, "waited")
    assert job.wait(timeout_seconds=60) is job
    assert (job.state, job.files_done, job.files_total) == ("SUCCEEDED", 1, 1)
    assert job.destination == str(client_site.layout.staging / "waited")
    assert len(list((client_site.layout.staging / "waited").iterdir())) == 2


def test_a_function_is_told_of_each_change(librarian: Librarian, search: dict[str, str]) -> None:
    states: list[str] = []
    librarian.stage_files(search, "told").wait(
        timeout_seconds=60, progress=lambda job: states.append(job.state)
    )
    assert states[-1] == "SUCCEEDED"


def test_a_bar_is_silent_where_nobody_sees_it(
    librarian: Librarian, search: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    librarian.stage_files(search, "silent").wait(timeout_seconds=60, progress=True)
    assert capfd.readouterr() == ("", "")


def test_a_job_as_json_has_its_number_and_its_errors(
    librarian: Librarian, search: dict[str, str]
) -> None:
    job = librarian.stage_files(search, "as-json").wait(timeout_seconds=60)
    told = job.to_json(with_errors=True)
    assert (told["job"], told["state"], told["errors"]) == (job.id, "SUCCEEDED", [])
    assert not [key for key in told if key.startswith("_")]


def test_the_errors_of_a_job_are_read_page_by_page(
    client_site: Site, librarian: Librarian, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAGE_SIZE", 2)
    names = [f"gone-{number}" for number in range(5)]
    for name in names:
        put_file(librarian, tmp_path, name)
        (client_site.layout.store / name).unlink()
    job = librarian.stage_files({"name-matches": "gone-%"}, "gone").wait(timeout_seconds=100)
    assert job.state == "FAILED"
    assert [error.name for error in job.errors()] == names
    assert all(error.message for error in job.errors())


def test_jobs_are_listed_page_by_page_newest_first(
    librarian: Librarian, search: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAGE_SIZE", 2)
    made = [librarian.stage_files(search, f"listed-{n}").wait(60).id for n in range(5)]
    listed = [job.id for job in librarian.list_jobs(owner="admin")]
    assert listed[:5] == made[::-1]
    assert list(librarian.list_jobs(active_only=True)) == []
    assert list(librarian.list_jobs(owner="nobody")) == []


def test_a_job_that_is_not_on_record_is_an_error(librarian: Librarian) -> None:
    with pytest.raises(UnknownJobError):
        librarian.get_job(10**9)


def test_an_interrupted_wait_leaves_the_job_alone(
    librarian: Librarian, search: dict[str, str]
) -> None:
    def interrupt(job: Job) -> None:
        raise KeyboardInterrupt

    job = librarian.stage_files(search, "interrupted")
    with pytest.raises(KeyboardInterrupt):
        job.wait(progress=interrupt)
    assert librarian.get_job(job.id).wait(timeout_seconds=60).state == "SUCCEEDED"


@pytest.fixture
def held_up(own_site: Site, tmp_path: Path) -> Iterator[tuple[Site, Job]]:
    """Start a job that cannot end, for its agent has stopped and answers nothing."""
    with own_site.librarian() as client:
        (tmp_path / "big").write_bytes(os.urandom(1 << 20) * 256)
        client.upload(tmp_path / "big", "held-up.dat", null_obsid=True)
        job = client.stage_files({"name-is-exactly": "held-up.dat"}, "held-up")
        pid = own_site.pid("store_agent")
        os.kill(pid, signal.SIGSTOP)
        yield own_site, job
        os.kill(pid, signal.SIGCONT)


def test_a_wait_ends_when_its_time_is_up_and_the_job_goes_on(held_up: tuple[Site, Job]) -> None:
    site, job = held_up
    with pytest.raises(WaitTimedOutError, match="it goes on"):
        job.wait(timeout_seconds=0.5)
    assert not job.refresh().has_ended
    os.kill(site.pid("store_agent"), signal.SIGCONT)
    assert job.wait(timeout_seconds=60).state == "SUCCEEDED"


def test_a_wait_outlives_a_catalogue_that_is_killed(held_up: tuple[Site, Job]) -> None:
    site, job = held_up
    heard = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(job.wait, 100, lambda job: heard.set())
        assert heard.wait(60)
        site.kill("catalog_service")
        site.restart("catalog_service")
        os.kill(site.pid("store_agent"), signal.SIGCONT)
        assert waiting.result(100).state == "SUCCEEDED"


def test_a_wait_is_given_up_when_the_site_stays_away(
    held_up: tuple[Site, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_AWAY_SECONDS", 0.3)
    site, job = held_up
    site.kill("catalog_service")
    with pytest.raises(NotReachableError, match="Nothing answers"):
        job.wait()


def test_a_cancel_is_told_at_once_and_the_wait_ends_with_the_job(held_up: tuple[Site, Job]) -> None:
    site, job = held_up
    assert job.cancel().cancel_requested
    os.kill(site.pid("store_agent"), signal.SIGCONT)
    # The copy may be whole before the catalogue looks: then the cancel came too late.
    assert job.wait(timeout_seconds=60).state in ("CANCELLED", "SUCCEEDED")
