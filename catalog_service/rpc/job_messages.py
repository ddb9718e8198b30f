"""Rows of jobs as messages."""

from datetime import datetime

from catalog_service.tables import Job
from librarian.v1 import jobs_pb2


def job_message(job: Job, now: datetime) -> jobs_pb2.Job:
    """Return a job as a message; its rate is that of the time until now."""
    rate = _rate(job, now)
    left = max(0, job.bytes_total - job.bytes_done)
    return jobs_pb2.Job(
        id=job.id,
        kind=job.kind,
        state=job.state,
        owner=job.owner,
        destination=job.destination,
        search=job.search,
        files_total=job.files_total,
        files_done=job.files_done,
        files_failed=job.files_failed,
        bytes_total=job.bytes_total,
        bytes_done=job.bytes_done,
        error=job.error,
        cancel_requested=job.cancel_requested,
        attempts=job.attempts,
        create_time=job.create_time,
        start_time=job.start_time,
        end_time=job.end_time,
        rate_bytes_per_second=rate,
        seconds_left=left / rate if rate > 0 else None,
        as_shown=job.snapshot is not None,
    )


def _rate(job: Job, now: datetime) -> float:
    if job.state != "RUNNING" or job.claim_time is None:
        return 0.0
    seconds = (now - job.claim_time).total_seconds()
    copied = max(0, job.bytes_done - job.bytes_at_claim)
    return copied / seconds if seconds > 0 else 0.0
