"""Jobs: claimed under a lease, with a fencing number that every write of the worker must carry.

A worker that dies loses its lease, and another takes the job up; should the first one only have
slept, its number is old by then and its writes are refused. All times are the database's.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Update, and_, func, or_, select, update
from sqlalchemy.orm import Session, defer
from sqlalchemy.orm.attributes import set_committed_value

from catalog_service.clock import database_time
from catalog_service.tables import Job
from librarian.errors import NotAllowedError, UnknownJobError

LEASE_SECONDS = 30.0
# Attempts in a row that came to nothing, after which a job fails.
MAX_ATTEMPTS = 30
_FIRST_BACK_OFF_SECONDS = 1.0
_LONGEST_BACK_OFF_SECONDS = 60.0

ACTIVE_STATES = ("QUEUED", "RUNNING")
# A search by names has megabytes, and a page of such jobs would be more than a message may be.
LISTED_SEARCH_CHARACTERS = 1000


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a job."""

    job_id: int
    fence: int


class LostClaimError(Exception):
    """Another worker has the job by now: leave it at once. No caller ever sees this error."""


def claim_job(
    db: Session,
    kind: str,
    worker: str,
    *,
    lease_seconds: float = LEASE_SECONDS,
    is_gone: Callable[[str], bool] = lambda _worker: False,
) -> Job | None:
    """Take the job that has waited longest, or one whose worker lost its lease or is gone."""
    now = database_time(db)
    _expire_leases(db, kind, is_gone)
    waiting = or_(
        Job.state == "QUEUED",
        and_(Job.state == "RUNNING", func.coalesce(Job.lease_until, now) <= now),
    )
    oldest = (
        select(Job.id)
        .where(Job.kind == kind, Job.run_time <= now, waiting)
        .order_by(Job.run_time, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        _update()
        .where(Job.id == oldest)
        .values(
            state="RUNNING",
            worker=worker,
            fence=Job.fence + 1,
            attempts=Job.attempts + 1,
            lease_until=now + timedelta(seconds=lease_seconds),
            claim_time=now,
            start_time=func.coalesce(Job.start_time, now),
        )
    )
    return db.scalars(statement.returning(Job)).one_or_none()


def _expire_leases(db: Session, kind: str, is_gone: Callable[[str], bool]) -> None:
    """End the leases of workers that are known to be gone: no need to wait for them."""
    running = select(Job).where(
        Job.kind == kind, Job.state == "RUNNING", Job.lease_until.is_not(None)
    )
    for job in db.scalars(running).all():
        if job.worker and is_gone(job.worker):
            hold = Claim(job.id, job.fence)
            db.execute(_held(hold).values(lease_until=None))


def renew_job(
    db: Session, claim: Claim, *, lease_seconds: float = LEASE_SECONDS, **changes: Any
) -> bool:
    """Renew the lease, write the changes, and say whether the job was asked to stop.

    Raises LostClaimError when another worker has the job by now.
    """
    until = database_time(db) + timedelta(seconds=lease_seconds)
    statement = _held(claim).values(lease_until=until, **changes)
    asked_to_stop = db.execute(statement.returning(Job.cancel_requested)).scalar_one_or_none()
    if asked_to_stop is None:
        _refuse(claim)
    return bool(asked_to_stop)


def finish_job(db: Session, claim: Claim, state: str, error: str = "") -> None:
    """End a job in a state that is final; raise LostClaimError when it is another worker's."""
    _write(
        db,
        claim,
        state=state,
        error=error,
        end_time=database_time(db),
        claimed_destination=None,
        worker=None,
        lease_until=None,
    )


def postpone_job(db: Session, claim: Claim, error: str) -> bool:
    """Give a job back after an error, to be tried again later, and say whether it will be.

    The waits grow, with jitter. It will not be once `MAX_ATTEMPTS` in a row came to nothing: the
    caller then ends it.
    """
    attempts = get_job(db, claim.job_id).attempts
    if attempts >= MAX_ATTEMPTS:
        return False
    run_time = database_time(db) + timedelta(seconds=_back_off_seconds(attempts))
    _write(db, claim, state="QUEUED", error=error, run_time=run_time, worker=None, lease_until=None)
    return True


def release_job(db: Session, claim: Claim) -> None:
    """Give a job back at once, for a worker that is told to end: it counts as no attempt."""
    _write(db, claim, state="QUEUED", attempts=Job.attempts - 1, worker=None, lease_until=None)


def get_job(db: Session, job_id: int) -> Job:
    """Return a job, or raise UnknownJobError."""
    job = db.get(Job, job_id, populate_existing=True)
    if job is None:
        raise UnknownJobError(
            f"There is no job {job_id}; 'librarian list-jobs' shows those there are."
        )
    return job


def list_jobs(
    db: Session, *, active_only: bool, owner: str, kind: str, before_id: int | None, limit: int
) -> Sequence[Job]:
    """Return jobs, newest first: of one owner and kind or, when they are empty, of all.

    Each has only the beginning of its search.
    """
    beginning = func.substr(Job.search, 1, LISTED_SEARCH_CHARACTERS)
    query = select(Job, beginning).options(defer(Job.search)).order_by(Job.id.desc()).limit(limit)
    if active_only:
        query = query.where(Job.state.in_(ACTIVE_STATES))
    if owner:
        query = query.where(Job.owner == owner)
    if kind:
        query = query.where(Job.kind == kind)
    if before_id is not None:
        query = query.where(Job.id < before_id)
    listed = []
    for job, search in db.execute(query):
        set_committed_value(job, "search", search)
        listed.append(job)
    return listed


def request_cancel(db: Session, job_id: int, *, by: str, is_administrator: bool) -> Job:
    """Ask a job to stop and return it; one that no worker has touched ends at once.

    Raises NotAllowedError when someone asks who neither owns the job nor administers the site.
    """
    job = db.get(Job, job_id, populate_existing=True, with_for_update=True) or get_job(db, job_id)
    if job.owner != by and not is_administrator:
        raise NotAllowedError(
            f"Job {job_id} is {job.owner}'s: only they or an administrator may cancel it."
        )
    if job.state not in ACTIVE_STATES:
        return job
    now = database_time(db)
    job.cancel_requested = True
    if job.state == "QUEUED":
        job.run_time = now
    if job.start_time is None:
        job.state, job.end_time, job.claimed_destination = "CANCELLED", now, None
    db.flush()
    return job


def _write(db: Session, claim: Claim, **changes: Any) -> None:
    written = db.execute(_held(claim).values(**changes).returning(Job.id)).scalar_one_or_none()
    if written is None:
        _refuse(claim)


def _held(claim: Claim) -> Update:
    return _update().where(Job.id == claim.job_id, Job.fence == claim.fence, Job.state == "RUNNING")


def _update() -> Update:
    return update(Job).execution_options(synchronize_session=False)


def _refuse(claim: Claim) -> None:
    raise LostClaimError(f"Job {claim.job_id} was taken over by another worker.")


def _back_off_seconds(attempts: int) -> float:
    longest = min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2 ** min(attempts, 10))
    return random.uniform(0, longest)  # noqa: S311 - it spreads load, it keeps no secret.
