"""The Jobs service."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import grpc
from sqlalchemy.orm import Session

from catalog_service import jobs, staging_files
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.rpc.job_messages import job_message
from catalog_service.rpc.paging import page_size_of
from catalog_service.wakeups import JOBS, Subscription, Wakeups, job_topic
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.service.config import ListenConfig
from librarian.v1 import accounts_pb2, jobs_pb2, jobs_pb2_grpc

_DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 1000
# A watcher looks this often even when no wake-up comes, and hears no oftener than the other.
_WATCH_POLL_SECONDS = 2.0
_WATCH_PAUSE_SECONDS = 0.25
# Each watch holds one of the server's threads: so large a part, and the other calls need some too.
_WATCHES_PART = 4

Result = TypeVar("Result")


class JobsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def config(self) -> ListenConfig:
        """How the catalogue serves."""
        ...

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups."""
        ...


class JobsServicer(jobs_pb2_grpc.JobsServicer):
    """Serves librarian.v1.Jobs."""

    def __init__(self, catalog: JobsParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups
        self._watches = threading.BoundedSemaphore(catalog.config.threads // _WATCHES_PART)

    def GetJob(
        self, request: jobs_pb2.GetJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.Job:
        """Return one job."""
        return self._read(lambda db: _message(db, request.id))

    def ListJobs(
        self, request: jobs_pb2.ListJobsRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ListJobsResponse:
        """Return a page of jobs."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        before_id = _page_start(request.page_token)

        def read(db: Session) -> jobs_pb2.ListJobsResponse:
            found = jobs.list_jobs(
                db,
                active_only=request.active_only,
                owner=request.owner,
                kind=_kind_of(request.kind),
                before_id=before_id,
                limit=size,
            )
            now = database_time(db)
            return jobs_pb2.ListJobsResponse(
                jobs=[job_message(job, now) for job in found],
                next_page_token=str(found[-1].id) if len(found) == size else "",
            )

        return self._read(read)

    def ListJobErrors(
        self, request: jobs_pb2.ListJobErrorsRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ListJobErrorsResponse:
        """Return a page of a job's errors."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        after_number = _page_start(request.page_token) or 0

        def read(db: Session) -> jobs_pb2.ListJobErrorsResponse:
            job = jobs.get_job(db, checked_job_id(request.job_id))
            found = staging_files.list_job_errors(db, job.id, after_number=after_number, limit=size)
            return jobs_pb2.ListJobErrorsResponse(
                errors=[jobs_pb2.JobError(file_name=name, message=text) for _, name, text in found],
                next_page_token=str(found[-1][0]) if len(found) == size else "",
            )

        return self._read(read)

    def WatchJob(
        self, request: jobs_pb2.WatchJobRequest, context: grpc.ServicerContext
    ) -> Iterator[jobs_pb2.Job]:
        """Stream a job until it ends; one watch too many ends at once, to be asked for again."""
        if not self._watches.acquire(blocking=False):
            yield self._read(lambda db: _message(db, request.id))
            return
        try:
            yield from self._watch(request, context)
        finally:
            self._watches.release()

    def _watch(
        self, request: jobs_pb2.WatchJobRequest, context: grpc.ServicerContext
    ) -> Iterator[jobs_pb2.Job]:
        with self._wakeups.subscribe(job_topic(request.id)) as ear:
            # Whoever hangs up must not leave a thread waiting.
            context.add_callback(ear.wake)
            last: jobs_pb2.Job | None = None
            while context.is_active():
                job = self._read(lambda db: _message(db, request.id))
                if last is None or _differ(job, last):
                    yield job
                    last = job
                if job.HasField("end_time"):
                    return
                self._wait_for_change(ear, request.id)

    def _wait_for_change(self, ear: Subscription, job_id: int) -> None:
        """Wait for a job to change; no oftener than a few times a second, but for its end."""
        too_soon = time.monotonic() + _WATCH_PAUSE_SECONDS
        ear.wait(_WATCH_POLL_SECONDS)
        while (pause := too_soon - time.monotonic()) > 0:
            if self._read(lambda db: _message(db, job_id)).HasField("end_time"):
                return
            ear.wait(pause)

    def CancelJob(
        self, request: jobs_pb2.CancelJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.Job:
        """Ask a job to stop."""
        caller = current_caller()

        def cancel(db: Session) -> jobs_pb2.Job:
            job = jobs.request_cancel(
                db,
                checked_job_id(request.id),
                by=caller.name,
                is_administrator=caller.role >= accounts_pb2.ADMIN,
            )
            self._wakeups.notify(db, JOBS)
            self._wakeups.notify(db, job_topic(job.id))
            return job_message(job, database_time(db))

        return run_transaction(self._database.transactions, cancel)

    def _read(self, read: Callable[[Session], Result]) -> Result:
        return run_transaction(self._database.readings, read)


def _message(db: Session, job_id: int) -> jobs_pb2.Job:
    return job_message(jobs.get_job(db, checked_job_id(job_id)), database_time(db))


def _differ(one: jobs_pb2.Job, other: jobs_pb2.Job) -> bool:
    """Say whether two states of a job differ in more than the rate, which time alone changes."""
    return _without_rate(one) != _without_rate(other)


def _without_rate(job: jobs_pb2.Job) -> jobs_pb2.Job:
    plain = jobs_pb2.Job()
    plain.CopyFrom(job)
    plain.ClearField("rate_bytes_per_second")
    plain.ClearField("seconds_left")
    return plain


def checked_job_id(job_id: int) -> int:
    """Return the number of a job, or raise InvalidRequestError when none can have it."""
    if job_id < 0:
        raise InvalidRequestError("The number of a job is 1 or more.")
    return job_id


def _kind_of(kind: int) -> str:
    if kind not in jobs_pb2.Job.Kind.values():
        raise InvalidRequestError("There is no such kind of job.")
    return jobs_pb2.Job.Kind.Name(kind) if kind else ""


def _page_start(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise InvalidRequestError("That page token was not given out by this catalogue.")
    return int(token)
