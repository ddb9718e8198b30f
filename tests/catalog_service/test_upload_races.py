"""Uploads at the same time: of those that differ one wins, and equal ones all succeed."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from catalog_service.tables import File, FileEvent, Instance
from librarian.errors import (
    FileMismatchError,
)
from librarian.v1 import uploads_pb2
from tests.catalog_service.ingest_site import IngestSite, bring, new_upload

Job = Callable[[], uploads_pb2.CompletedUpload]


def test_files_of_equal_contents_do_not_disturb_one_another(site: IngestSite) -> None:
    """In the second predecessor one of them failed the other's transfer (its fault 3)."""
    names = [f"copy{number}.log" for number in range(6)]
    answers = run_together({name: partial(site.upload, name, b"same") for name in names})
    assert [answer.file.name for answer in answers.values()] == names


def test_of_two_uploads_of_one_name_with_other_contents_one_wins(
    site: IngestSite, root: Path
) -> None:
    answers = race(site, {"a": b"first", "b": b"other"})
    winners = [key for key, answer in answers.items() if answer.HasField("file")]
    losers = [answer.failure.reason for answer in answers.values() if answer.HasField("failure")]
    assert len(winners) == 1
    assert losers == [FileMismatchError.reason]
    assert (root / "2458432/zen.log").read_bytes() == {"a": b"first", "b": b"other"}[winners[0]]
    assert site.staged() == []


def test_two_uploads_of_one_name_with_the_same_contents_both_succeed(site: IngestSite) -> None:
    answers = race(site, {"a": b"same", "b": b"same", "c": b"same"})
    assert all(answer.HasField("file") for answer in answers.values())
    assert (site.count(File), site.count(Instance)) == (1, 1)


def test_one_upload_completed_by_several_callers_at_once_is_done_once(site: IngestSite) -> None:
    """In the second predecessor another worker took it, and one of them failed it (its fault 2)."""
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    answers = run_together(
        {key: partial(site.complete_one, started.upload.id) for key in ("a", "b", "c", "d")}
    )
    assert [answer.file.name for answer in answers.values()] == ["zen.log"] * 4
    assert (site.count(Instance), site.count(FileEvent)) == (1, 1)


def race(site: IngestSite, contents: dict[str, bytes]) -> dict[str, uploads_pb2.CompletedUpload]:
    """Complete uploads of one name at the same time; return the answers by request id."""
    jobs = {}
    for key, data in contents.items():
        [started] = site.start(new_upload("zen.log", data, request_id=key))
        bring(started, data)
        jobs[key] = partial(site.complete_one, started.upload.id)
    return run_together(jobs)


def run_together(jobs: Mapping[str, Job]) -> dict[str, uploads_pb2.CompletedUpload]:
    """Run functions in threads that begin at the same moment; return their answers."""
    start = threading.Barrier(len(jobs))

    def run(job: Job) -> uploads_pb2.CompletedUpload:
        start.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return dict(zip(jobs, threads.map(run, jobs.values()), strict=True))


def test_one_name_twice_in_one_call_ends_as_one_file(site: IngestSite) -> None:
    items = [new_upload("zen.log", b"same", request_id=key) for key in "ab"]
    started = site.start(*items)
    for one in started:
        bring(one, b"same")
    answers = site.complete(*(one.upload.id for one in started))
    assert [answer.file.name for answer in answers] == ["zen.log", "zen.log"]
    assert site.staged() == []
