"""Jobs on record: what became of them, waiting for them, stopping them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from librarian.client.messages import find_time, find_value, read_job_error, read_time
from librarian.client.progress import ProgressOption, follow
from librarian.client.records import JobError, to_json
from librarian.client.retries import Backoff
from librarian.client.sites import SiteCalls, SiteLink
from librarian.errors import NotReachableError, WaitTimedOutError
from librarian.v1 import jobs_pb2, jobs_pb2_grpc

_PAGE_SIZE = 1000
# A watch is asked for anew now and then, so that no call lasts for ever.
_WATCH_SECONDS = 300.0
# How long a site may be away, as for an upgrade, before waiting for its job is given up.
_AWAY_SECONDS = 180.0
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass
class Job:
    """A job as it was last heard of; `wait`, `refresh` and `cancel` bring it up to date."""

    id: int
    kind: str
    state: str
    owner: str
    destination: str
    search: str
    files_total: int
    files_done: int
    files_failed: int
    bytes_total: int
    bytes_done: int
    error: str
    cancel_requested: bool
    attempts: int
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    rate_bytes_per_second: float
    seconds_left: float | None
    # Of a staging: whether it is held to what a person was shown.
    as_shown: bool
    _link: SiteLink = field(repr=False, compare=False)

    @property
    def has_ended(self) -> bool:
        """Tell whether the job succeeded, failed, or was cancelled."""
        return self.state in _ENDED

    def refresh(self) -> "Job":
        """Ask how the job is now, and return it."""
        return self._take(_jobs(self._link).GetJob(jobs_pb2.GetJobRequest(id=self.id)))

    def cancel(self) -> "Job":
        """Ask the job to stop, and return it; what it has done so far stays."""
        return self._take(_jobs(self._link).CancelJob(jobs_pb2.CancelJobRequest(id=self.id)))

    def errors(self) -> Iterator[JobError]:
        """Yield the files that the job could not do, by name."""
        request = jobs_pb2.ListJobErrorsRequest(job_id=self.id, page_size=_PAGE_SIZE)
        while True:
            page = _jobs(self._link).ListJobErrors(request)
            yield from map(read_job_error, page.errors)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def wait(self, timeout_seconds: float | None = None, progress: ProgressOption = False) -> "Job":
        """Wait until the job has ended, however it did, and return it.

        `progress` is True for a bar, or a function that is called with the job at each change.
        Raises WaitTimedOutError when time is up, and NotReachableError when the site stays away;
        the job goes on, as it does when the wait is interrupted.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        backoff = Backoff(_AWAY_SECONDS)
        with follow(progress, f"job {self.id}") as report:
            while not self.has_ended:
                seconds = self._watch_seconds(deadline)
                try:
                    self._watch(seconds, report, backoff)
                except NotReachableError:
                    if not backoff.pause(self._watch_seconds(deadline)):
                        raise
            report(self)
        return self

    def to_json(self, with_errors: bool = False) -> dict[str, Any]:
        """Return the job as JSON's own types; `errors` are asked for, or None."""
        values = {item.name: to_json(getattr(self, item.name)) for item in _PUBLIC_FIELDS}
        errors = [error.to_json() for error in self.errors()] if with_errors else None
        return {"job": values.pop("id"), **values, "errors": errors}

    def _watch_seconds(self, deadline: float | None) -> float:
        """Return how long to watch next, or raise WaitTimedOutError."""
        left = _WATCH_SECONDS if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitTimedOutError(
                f"Job {self.id} has not ended in time; it goes on, and can be waited for again."
            )
        return min(left, _WATCH_SECONDS)

    def _watch(self, seconds: float, report: Callable[["Job"], object], backoff: Backoff) -> None:
        """Follow the job until it ends, or the server or time ends the watch."""
        stream = _jobs(self._link).WatchJob(jobs_pb2.WatchJobRequest(id=self.id), timeout=seconds)
        try:
            for message in stream:
                backoff.reset()
                report(self._take(message))
        except WaitTimedOutError:
            return  # The time that was given to this watch.
        finally:
            stream.cancel()
        if not self.has_ended:
            raise NotReachableError(f"The site ended the watch of job {self.id}: ask again.")

    def _take(self, message: jobs_pb2.Job) -> "Job":
        for name, value in _read_fields(message).items():
            setattr(self, name, value)
        return self


class JobPage(NamedTuple):
    """One page of jobs; the token of the next is empty on the last."""

    jobs: list[Job]
    next_page_token: str


class JobErrorPage(NamedTuple):
    """One page of a job's errors; the token of the next is empty on the last."""

    errors: list[JobError]
    next_page_token: str


class JobCalls(SiteCalls):
    """What one can ask about jobs."""

    def get_job(self, id: int) -> Job:
        """Return a job; raises UnknownJobError."""
        message = _jobs(self._link).GetJob(jobs_pb2.GetJobRequest(id=id))
        return read_job(message, self._link)

    def list_jobs(self, active_only: bool = False, owner: str | None = None) -> Iterator[Job]:
        """Yield jobs, newest first: all, those that have not ended, or those of an account.

        Of its search each has the first 1,000 characters; `get_job` has all of it.
        """
        request = jobs_pb2.ListJobsRequest(
            active_only=active_only, owner=owner or "", page_size=_PAGE_SIZE
        )
        while True:
            page = _jobs(self._link).ListJobs(request)
            yield from (read_job(message, self._link) for message in page.jobs)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def list_staging_page(
        self, owner: str | None = None, *, page_size: int = 100, page_token: str = ""
    ) -> JobPage:
        """Return one page of stagings, newest first, at most 1,000: all, or those of an account."""
        page = _jobs(self._link).ListJobs(
            jobs_pb2.ListJobsRequest(
                owner=owner or "",
                kind=jobs_pb2.Job.STAGING,
                page_size=page_size,
                page_token=page_token,
            )
        )
        return JobPage([read_job(one, self._link) for one in page.jobs], page.next_page_token)

    def list_job_error_page(
        self, id: int, *, page_size: int = 100, page_token: str = ""
    ) -> JobErrorPage:
        """Return one page of what `Job.errors` yields, at most 1,000 errors."""
        page = _jobs(self._link).ListJobErrors(
            jobs_pb2.ListJobErrorsRequest(job_id=id, page_size=page_size, page_token=page_token)
        )
        return JobErrorPage([read_job_error(one) for one in page.errors], page.next_page_token)

    def watch_job(self, id: int, seconds: float) -> Iterator[Job]:
        """Yield a job as it is and whenever it changes, until it ends or time is up.

        A busy site may end the watch sooner: ask again then.
        """
        request = jobs_pb2.WatchJobRequest(id=id)
        stream = _jobs(self._link).WatchJob(request, timeout=seconds)
        try:
            yield from (read_job(message, self._link) for message in stream)
        except WaitTimedOutError:
            return
        finally:
            stream.cancel()


def read_job(message: jobs_pb2.Job, link: SiteLink) -> Job:
    """Return a job as its message tells it."""
    return Job(**_read_fields(message), _link=link)


def _read_fields(message: jobs_pb2.Job) -> dict[str, Any]:
    plain = {name: getattr(message, name) for name in _PLAIN_FIELDS}
    return plain | {
        "kind": jobs_pb2.Job.Kind.Name(message.kind),
        "state": jobs_pb2.Job.State.Name(message.state),
        "create_time": read_time(message.create_time),
        "start_time": find_time(message, "start_time"),
        "end_time": find_time(message, "end_time"),
        "seconds_left": find_value(message, "seconds_left"),
    }


def _jobs(link: SiteLink) -> jobs_pb2_grpc.JobsStub:
    stub: jobs_pb2_grpc.JobsStub = link.catalog(jobs_pb2_grpc.JobsStub)
    return stub


_PUBLIC_FIELDS = [item for item in fields(Job) if not item.name.startswith("_")]
_READ_APART = {"kind", "state", "create_time", "start_time", "end_time", "seconds_left"}
_PLAIN_FIELDS = [item.name for item in _PUBLIC_FIELDS if item.name not in _READ_APART]
