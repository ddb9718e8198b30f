"""Reconciliations: what is believed to be at a neighbour, compared with what is, and mended.

Both sides are walked by the bytes of the files' names, in pages: the neighbour's come with each
call, this site's are read up to the same name. A page takes one transaction and the same memory
whatever the catalogues' sizes, and what was done stays done if the walk breaks off.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog_service import jobs
from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.remote_instances import add_remote_instances, remove_remote_instances
from catalog_service.tables import (
    File,
    Job,
    Librarian,
    Reconciliation,
    RemoteInstance,
    Transfer,
)
from catalog_service.transfer_queue import queue_transfers
from librarian.errors import InvalidRequestError, UnknownJobError
from librarian.names import MAX_NAME_BYTES

KIND = "RECONCILIATION"
# Priority of transfers that a reconciliation queues again: that of transfers by hand.
_PRIORITY = 10
_PAGE_FILES = 5000
_MAX_EXAMPLES = 100


@dataclass(frozen=True)
class HeldFile:
    """A file on a neighbour's record."""

    name: str
    checksum: str
    available: bool


@dataclass(frozen=True)
class Compared:
    """Where a reconciliation goes on, and whether it has ended."""

    after_name: str
    done: bool
    # Whether transfers were queued.
    queued: bool = False


def start_reconciliation(
    db: Session, librarian: Librarian, *, owner: str, queue_missing: bool
) -> Job:
    """Put a reconciliation on record, or return the one that is at it already."""
    claimed = f"reconciliation/{librarian.id}"
    # Locked as by who compares a page: what this begins anew would be gone on with.
    mine = select(Job).where(Job.claimed_destination == claimed).with_for_update()
    job = db.scalars(mine).one_or_none()
    if job is not None:
        found = get_reconciliation(db, job.id)
        if queue_missing and not found.queue_missing:
            _walk_anew(found, database_time(db))
        return job
    now = database_time(db)
    job = Job(
        kind=KIND,
        state="QUEUED",
        owner=owner,
        request_id=uuid.uuid4().hex,
        destination=librarian.name,
        claimed_destination=claimed,
        search="",
        run_time=now,
        create_time=now,
    )
    db.add(job)
    db.flush()
    row = Reconciliation(
        job_id=job.id, librarian_id=librarian.id, queue_missing=queue_missing, page_time=now
    )
    db.add(row)
    db.flush()
    return job


def _walk_anew(found: Reconciliation, now: datetime) -> None:
    """Begin again, and queue what is missing: the pages before have passed it by."""
    found.queue_missing, found.after_name, found.page_time, found.examples = True, "", now, "[]"
    found.compared_count = found.missing_count = found.found_count = 0
    found.conflicting_count = found.foreign_count = found.queued_count = 0


def get_reconciliation(db: Session, job_id: int) -> Reconciliation:
    """Return what a reconciliation has found, or raise UnknownJobError."""
    found = db.get(Reconciliation, job_id, populate_existing=True)
    if found is None:
        raise UnknownJobError(f"There is no reconciliation with the number {job_id}.")
    return found


def claim_reconciliation(db: Session, worker: str) -> tuple[Job, Reconciliation] | None:
    """Take a reconciliation up under a lease; None when there is none to do."""
    job = jobs.claim_job(db, KIND, worker)
    if job is None:
        return None
    found = get_reconciliation(db, job.id)
    found.page_time = database_time(db)
    return job, found


def compare_page(
    db: Session, claim: jobs.Claim, after_name: str, held: Sequence[HeldFile], *, last: bool
) -> Compared:
    """Compare all that the neighbour has from a name on to the last of `held`, and mend belief.

    Returns the name after which to go on: before the last of `held` when this site has more files
    up to it than a page takes. Raises LostClaimError when another worker is at it, and
    InvalidRequestError for a page that is not in order: it would not tell what is missing.
    """
    _check_order(after_name, held)
    asked_to_stop = jobs.renew_job(db, claim)
    found = get_reconciliation(db, claim.job_id)
    if found.after_name != after_name:
        # A page that was repeated, its answer lost on the way.
        return Compared(found.after_name, asked_to_stop and _stop(db, claim))
    if asked_to_stop:
        return Compared(after_name, _stop(db, claim))
    here, is_rest = _files_here(db, found, None if last else held[-1].name)
    end = None if is_rest else here[-1].name
    there = [file for file in held if end is None or file.name <= end]
    queued = _mend(db, found, here, there)
    if is_rest and last:
        _finish(db, claim, found)
        return Compared(found.after_name, True, queued)
    found.after_name = end if end is not None else held[-1].name
    found.page_time = database_time(db)
    jobs.renew_job(db, claim, files_done=found.compared_count, attempts=0)
    return Compared(found.after_name, False, queued)


def _check_order(after_name: str, held: Sequence[HeldFile]) -> None:
    names = [after_name, *(file.name for file in held)]
    # PostgreSQL's text has no NUL, and no name on record is longer.
    if any("\0" in name or len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise InvalidRequestError("The neighbour lists a file by a name that no file can have.")
    if any(one >= other for one, other in pairwise(names)):
        raise InvalidRequestError(
            "The neighbour does not list its files in the order of their names, after the one that"
            " was asked for: it is of another release."
        )


def due_librarians(db: Session, interval: timedelta) -> Sequence[Librarian]:
    """Return the neighbours whose last reconciliation is that long ago, and none is at it."""
    before = database_time(db) - interval
    statement = select(Librarian).where(
        Librarian.transfers_enabled,
        Librarian.create_time <= before,
        or_(Librarian.reconcile_time.is_(None), Librarian.reconcile_time <= before),
        # A try that failed counts as well: the next comes after the interval.
        ~select(Reconciliation.job_id)
        .join(Job, Job.id == Reconciliation.job_id)
        .where(Reconciliation.librarian_id == Librarian.id, Job.create_time > before)
        .exists(),
    )
    return db.scalars(statement.order_by(Librarian.id)).all()


def _files_here(
    db: Session, found: Reconciliation, up_to: str | None
) -> tuple[Sequence[Any], bool]:
    """Return files on record here with when they were confirmed, and whether these are all."""
    statement = (
        select(File.id, File.name, File.checksum, RemoteInstance.confirm_time)
        .outerjoin(
            RemoteInstance,
            (RemoteInstance.file_id == File.id)
            & (RemoteInstance.librarian_id == found.librarian_id),
        )
        .where(File.name > found.after_name)
        .order_by(File.name)
        .limit(_PAGE_FILES + 1)
    )
    if up_to is not None:
        statement = statement.where(File.name <= up_to)
    rows = db.execute(statement).all()
    return rows[:_PAGE_FILES], len(rows) <= _PAGE_FILES


def _mend(
    db: Session,
    found: Reconciliation,
    here: Sequence[Any],
    there: Sequence[HeldFile],
) -> bool:
    """Let belief be what is there, and say whether transfers were queued."""
    held = {file.name: file for file in there}
    missing, absent, arrived, conflicting = [], [], [], []
    for file in here:
        other = held.pop(file.name, None)
        if other is not None and _differ(other.checksum, file.checksum):
            conflicting.append(file)
        elif other is None or not other.available:
            # What was confirmed since the page was asked for need not be on it.
            missing += [file] if _is_older(file.confirm_time, found.page_time) else []
            absent += [file.id] if file.confirm_time is None else []
        elif file.confirm_time is None and other.checksum == file.checksum:
            arrived.append(file.id)
    librarian_id = found.librarian_id
    found.found_count += add_remote_instances(db, librarian_id, arrived)
    found.missing_count += remove_remote_instances(db, librarian_id, [f.id for f in missing])
    remove_remote_instances(db, librarian_id, [file.id for file in conflicting])
    found.conflicting_count += len(conflicting)
    found.compared_count += len(here)
    found.foreign_count += len(held)
    _note_examples(found, [file.name for file in missing + conflicting])
    if not found.queue_missing:
        return False
    lost = [file.id for file in missing] + _lost_before(db, librarian_id, absent)
    return bool(lost) and _queue_again(db, found, lost)


def _is_older(time: datetime | None, other: datetime) -> bool:
    return time is not None and time <= other


def _differ(one: str, other: str) -> bool:
    """Tell whether checksums are surely those of different contents."""
    same_kind = one.partition(":")[0] == other.partition(":")[0]
    return same_kind and one != other


def _note_examples(found: Reconciliation, names: Iterable[str]) -> None:
    known = json.loads(found.examples)
    found.examples = json.dumps([*known, *names][:_MAX_EXAMPLES])


def _lost_before(db: Session, librarian_id: int, absent_ids: Iterable[int]) -> list[int]:
    """Return those that were sent, and of which an earlier look has found that they are gone."""
    statement = (
        select(Transfer.file_id, Transfer.state)
        .where(
            has_key_among(db, Transfer.file_id, absent_ids), Transfer.librarian_id == librarian_id
        )
        .order_by(Transfer.id)
    )
    newest = {row.file_id: row.state for row in db.execute(statement)}
    return [file_id for file_id, state in newest.items() if state == "CONFIRMED"]


def _queue_again(db: Session, found: Reconciliation, file_ids: Sequence[int]) -> bool:
    librarian = db.get_one(Librarian, found.librarian_id)
    owner = jobs.get_job(db, found.job_id).owner
    queued = queue_transfers(db, librarian, file_ids, owner=owner, priority=_PRIORITY)
    found.queued_count += queued.queued_count
    return queued.queued_count > 0


def _stop(db: Session, claim: jobs.Claim) -> bool:
    jobs.finish_job(db, claim, "CANCELLED", "It was cancelled.")
    return True


def _finish(db: Session, claim: jobs.Claim, found: Reconciliation) -> None:
    librarian = db.get_one(Librarian, found.librarian_id)
    librarian.reconcile_time = database_time(db)
    jobs.renew_job(db, claim, files_done=found.compared_count, files_total=found.compared_count)
    jobs.finish_job(db, claim, "SUCCEEDED")
