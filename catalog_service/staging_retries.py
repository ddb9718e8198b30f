"""Letting a staging that failed or was cancelled go on with what is not done."""

from sqlalchemy import and_, case, or_, update
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.clock import database_time
from catalog_service.jobs import ACTIVE_STATES, get_job
from catalog_service.search.time_limits import limited_time
from catalog_service.staging import NO_INSTANCE, choose_agent, refuse_destination_in_use
from catalog_service.staging_files import (
    agents_reaching,
    best_instance,
    read_totals,
    usable_instances,
)
from catalog_service.tables import Job, StagingFile
from librarian.errors import NotAllowedError, StateError

_FILES = table_of(StagingFile)


def retry_staging(db: Session, job_id: int, *, by: str, is_administrator: bool) -> Job:
    """Queue a staging again with the files that are not done, and return it.

    Raises NotAllowedError for who neither owns it nor administers the site, StateError when it has
    not ended or nothing is left to do, ConflictError when another job fills its directory.
    """
    job = _held(db, job_id)
    if job.owner != by and not is_administrator:
        raise NotAllowedError(
            f"Job {job_id} is {job.owner}'s: only they or an administrator may retry it."
        )
    _check_state(job)
    refuse_destination_in_use(db, job.destination)
    job.agent_id = choose_agent(db, job.destination).id
    job.claimed_destination = job.destination
    db.flush()
    with limited_time(db):
        _choose_instances(db, job)
        totals = read_totals(db, job.id)
    _queue(db, job)
    job.files_done, job.bytes_done = totals.files_done, totals.bytes_done
    job.files_failed = totals.files_failed
    db.flush()
    return job


def _held(db: Session, job_id: int) -> Job:
    # Of two who retry at once, the second then sees what the first has done.
    return db.get(Job, job_id, populate_existing=True, with_for_update=True) or get_job(db, job_id)


def _check_state(job: Job) -> None:
    if job.kind != "STAGING":
        raise StateError(f"Job {job.id} is no staging: start it anew.")
    if job.state in ACTIVE_STATES:
        raise StateError(f"Job {job.id} has not ended: wait for it, or cancel it first.")
    if job.state == "SUCCEEDED":
        raise StateError(f"Job {job.id} succeeded: nothing is left to do.")


def _queue(db: Session, job: Job) -> None:
    # The fence goes on: what the last worker may still write is of the past.
    job.state, job.error, job.attempts, job.cancel_requested = "QUEUED", "", 0, False
    job.run_time, job.end_time = database_time(db), None
    job.worker = job.lease_until = None


def _choose_instances(db: Session, job: Job) -> None:
    """Let all that is not done wait, with the instance that is best by now."""
    agent_ids = agents_reaching(db, job.destination)
    columns = _FILES.c
    mine = columns.job_id == job.id
    at_hand = usable_instances(agent_ids, columns.instance_id).exists()
    lost = and_(columns.state == "WAITING", ~at_hand)
    left = and_(mine, or_(columns.state == "FAILED", lost))
    best = best_instance(agent_ids, columns.file_id)
    db.execute(update(_FILES).where(left).values(instance_id=best, state="FAILED"))
    missing = columns.instance_id.is_(None)
    db.execute(
        update(_FILES)
        .where(mine, columns.state == "FAILED")
        .values(
            state=case((missing, "FAILED"), else_="WAITING"),
            error=case((missing, NO_INSTANCE), else_=""),
        )
    )
