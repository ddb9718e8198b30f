"""What became of transfers: each moves by the rules, ends once, and never changes after that."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog_service import links
from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.link_hours import count_failure
from catalog_service.tables import Librarian, Transfer, TransferBatch
from catalog_service.transfer_claims import Hold, held_batch, lock_librarian
from catalog_service.transfer_events import FailedCopy, load_copies, log_failures
from catalog_service.transfer_failures import (
    after_failures,
    end,
    fail_attempt,
    give_up_bad,
    mark_suspect,
    wait_again,
)
from catalog_service.transfer_progress import ON_THE_WAY, Step, confirm_copies, move_on
from catalog_service.transfer_queue import ACTIVE_STATES

# Reports after which a transfer has ended, or is in the batch no more.
_ENDS = ("CONFIRMED", "DECLINED", "FAILED", "QUEUED")
_MAX_ERROR_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says of a transfer: the state that it reached, and what goes with that."""

    transfer_id: int
    state: str
    upload_id: str = ""
    checksum: str = ""
    error: str = ""
    fault: str = ""


@dataclass
class _Changes:
    """What follows when transfers did not go well, beside the rows of the transfers themselves."""

    now: datetime
    # By transfer, of those whose bytes were on their way.
    failures: dict[int, FailedCopy] = field(default_factory=dict)
    # Sentences by instance.
    problems: dict[int, str] = field(default_factory=dict)
    waiting: list[Transfer] = field(default_factory=list)


def record(db: Session, hold: Hold, reports: Sequence[Report], way: str = "") -> list[int]:
    """Record what became of transfers of a batch; return those that were cancelled meanwhile.

    Reported twice, it happens once. Raises TakenOverError when another worker has the batch.
    """
    batch = held_batch(db, hold)
    batch.way = way or batch.way
    db.flush()
    mine = Transfer.batch_id == batch.id
    rows = _lock(db, mine & has_key_among(db, Transfer.id, (r.transfer_id for r in reports)))
    steps, ends = _sort(reports, {row.id for row in rows if row.state in ACTIVE_STATES})
    move_on(db, steps, {row.id for row in rows if row.not_begun})
    _end(db, ends)
    if any(report.state == "SENT" for report in reports):
        _note_contact(db, batch)
    return [row.id for row in rows if row.state == "CANCELLED"]


def confirm(db: Session, transfer_ids: Iterable[int]) -> set[int]:
    """Record that files are at the neighbour, verified; return the transfers that this ended.

    What has ended stays as it is. The caller has made sure that checksums are those on record.
    """
    rows = _lock(db, has_key_among(db, Transfer.id, transfer_ids))
    active = {row.id for row in rows if row.state in ACTIVE_STATES}
    confirm_copies(db, load_copies(db, active))
    return active


def _lock(db: Session, condition: ColumnElement[bool]) -> Sequence[Any]:
    """Lock transfers in the order of their numbers; return of each what decides on its reports."""
    columns = (Transfer.id, Transfer.state, Transfer.start_time.is_(None).label("not_begun"))
    return db.execute(
        select(*columns).where(condition).order_by(Transfer.id).with_for_update()
    ).all()


def _sort(
    reports: Iterable[Report], active: Container[int]
) -> tuple[list[Step], dict[int, Report]]:
    """Return the steps of those that are active, in their order, and what each ends with."""
    steps: list[Step] = []
    ends: dict[int, Report] = {}
    for report in reports:
        key = report.transfer_id
        # What leaves the batch, or has ended, takes no more reports.
        if key not in active or key in ends:
            continue
        if report.state in ON_THE_WAY:
            is_offered = report.state == "OFFERED"
            steps.append(Step(key, report.state, report.upload_id if is_offered else ""))
        elif report.state in _ENDS:
            ends[key] = report
    return steps, ends


def _end(db: Session, ends: Mapping[int, Report]) -> None:
    """Let transfers end, or wait for another attempt: well what arrived, the others one by one."""
    said = {key: report.checksum for key, report in ends.items() if report.state == "CONFIRMED"}
    arrived = [c for c in load_copies(db, said) if c.checksum == said[c.transfer_id]]
    failed = ends.keys() - {copy.transfer_id for copy in arrived}
    changes = _Changes(database_time(db))
    for row in _load(db, failed):
        _apply(db, row, ends[row.id], changes)
    db.flush()
    log_failures(db, changes.failures)
    mark_suspect(db, changes.problems)
    confirm_copies(db, arrived)
    give_up_bad(db, changes.waiting)
    if changes.waiting:
        after_failures(db, changes.waiting)


def _load(db: Session, transfer_ids: Collection[int]) -> Sequence[Transfer]:
    if not transfer_ids:
        return []
    statement = select(Transfer).where(has_key_among(db, Transfer.id, transfer_ids))
    fresh = statement.order_by(Transfer.id).execution_options(populate_existing=True)
    return db.scalars(fresh).all()


def _apply(db: Session, row: Transfer, report: Report, changes: _Changes) -> None:
    match report.state:
        case "CONFIRMED":
            _decline(db, row, _differs(report.checksum), "FILE", changes)
        case "DECLINED":
            _decline(db, row, _sentence(report), report.fault or "FILE", changes)
        case "FAILED":
            _fail(db, row, report, changes)
        case "QUEUED":
            wait_again(row, changes.now)
            changes.waiting.append(row)


def _decline(db: Session, row: Transfer, error: str, fault: str, changes: _Changes) -> None:
    count_failure(db, row.librarian_id, fault)
    _note_launched(row, error, changes)
    row.error, row.fault = error, fault
    end(row, "DECLINED", changes.now)


def _fail(db: Session, row: Transfer, report: Report, changes: _Changes) -> None:
    error = _sentence(report)
    _note_launched(row, error, changes)
    if report.fault == "SOURCE" and row.instance_id is not None:
        changes.problems[row.instance_id] = error
    fail_attempt(db, row, error, report.fault or "LINK", changes.now)
    changes.waiting.append(row)


def _note_launched(row: Transfer, error: str, changes: _Changes) -> None:
    if row.start_time is not None:
        changes.failures[row.id] = FailedCopy(error, row.start_time)


def _sentence(report: Report) -> str:
    # PostgreSQL's text has no NUL.
    text = report.error.replace("\0", "")[:_MAX_ERROR_CHARACTERS]
    return text or "It failed, and nothing was told of why."


def _differs(checksum: str) -> str:
    return (
        f"The neighbour has other contents by that name, with the checksum {checksum!r:.140}: find"
        " out which are right."
    )


def _note_contact(db: Session, batch: TransferBatch) -> None:
    """Close the breaker as soon as bytes have come through: a batch may take hours."""
    seen = db.scalar(select(Librarian.link_state).where(Librarian.id == batch.librarian_id))
    if seen != links.HALF_OPEN:
        return
    librarian = lock_librarian(db, batch.librarian_id)
    if librarian is not None and librarian.link_state == links.HALF_OPEN:
        links.note_success(db, librarian)
