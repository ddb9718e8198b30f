"""The Jobs service over a real channel: pages, and numbers that are none."""

from typing import Any

import pytest

from catalog_service.tables import StagingFile
from librarian.errors import InvalidRequestError, UnknownJobError
from librarian.service.config import ListenConfig
from librarian.v1 import jobs_pb2
from tests.catalog_service.staging_rows import add_agent, add_file, add_job
from tests.catalog_service.staging_site import Served

_THREADS = ListenConfig.model_validate({"listen": ""}).threads


def listed(catalog: Served, **options: Any) -> tuple[list[int], str]:
    answer = catalog.jobs().ListJobs(jobs_pb2.ListJobsRequest(**options))
    return [job.id for job in answer.jobs], answer.next_page_token


def test_pages_of_jobs_join_from_the_newest_to_the_oldest(catalog: Served) -> None:
    with catalog.parts.database.transactions.begin() as db:
        ids = [add_job(db, number).id for number in range(5)]
    first, token = listed(catalog, page_size=2)
    second, token = listed(catalog, page_size=2, page_token=token)
    third, token = listed(catalog, page_size=2, page_token=token)
    assert [first, second, third] == [ids[:2:-1], ids[2:0:-1], ids[:1]]
    assert token == ""


@pytest.mark.parametrize("options", [{"page_size": -1}, {"page_token": "x"}, {"page_token": "٣"}])
def test_a_page_that_cannot_be_is_refused(catalog: Served, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        listed(catalog, **options)


def test_errors_come_in_pages_by_name(catalog: Served) -> None:
    with catalog.parts.database.transactions.begin() as db:
        add_agent(db)
        job_id = add_job(db).id
        for number, name in enumerate("abc", start=1):
            row = {"job_id": job_id, "number": number, "file_id": add_file(db, name).id}
            db.add(StagingFile(**row, state="FAILED", error=f"No {name}."))
    request = jobs_pb2.ListJobErrorsRequest(job_id=job_id, page_size=2)
    first = catalog.jobs().ListJobErrors(request)
    request.page_token = first.next_page_token
    second = catalog.jobs().ListJobErrors(request)
    both = [(error.file_name, error.message) for page in (first, second) for error in page.errors]
    assert both == [("a", "No a."), ("b", "No b."), ("c", "No c.")]
    assert second.next_page_token == ""


def test_who_watches_many_jobs_takes_no_call_from_others(catalog: Served) -> None:
    with catalog.parts.database.transactions.begin() as db:
        job_id = add_job(db).id
    request = jobs_pb2.WatchJobRequest(id=job_id)
    stub = catalog.jobs()
    watches = [stub.WatchJob(request, timeout=60) for _ in range(_THREADS)]
    first = [next(watch) for watch in watches]
    assert {job.id for job in first} == {job_id}
    assert catalog.jobs().GetJob(jobs_pb2.GetJobRequest(id=job_id), timeout=100).id == job_id
    for watch in watches:
        watch.cancel()


def test_a_job_that_is_not_there_is_said_not_to_be(catalog: Served) -> None:
    stub = catalog.jobs()
    with pytest.raises(UnknownJobError):
        stub.GetJob(jobs_pb2.GetJobRequest(id=7))
    with pytest.raises(UnknownJobError):
        stub.CancelJob(jobs_pb2.CancelJobRequest(id=7))
    with pytest.raises(UnknownJobError):
        next(stub.WatchJob(jobs_pb2.WatchJobRequest(id=7), timeout=100))
    with pytest.raises(InvalidRequestError):
        stub.ListJobErrors(jobs_pb2.ListJobErrorsRequest(job_id=-7))
