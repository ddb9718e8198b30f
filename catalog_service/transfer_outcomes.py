"""What became of transfers: each moves by the rules, ends once, and never changes after that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from catalog_service import links
from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import File, Librarian, StandingOrder, Transfer, TransferBatch
from catalog_service.transfer_claims import Hold, held_batch, lock_librarian
from catalog_service.transfer_events import (
    FailedCopy,
    log_failures,
    log_launches,
    log_successes,
)
from catalog_service.transfer_failures import (
    after_failures,
    end,
    fail_attempt,
    give_up_bad,
    mark_suspect,
    wait_again,
)
from catalog_service.transfer_queue import ACTIVE_STATES

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
    """What follows from reports, beside the rows of the transfers themselves."""

    now: datetime
    launched: list[int] = field(default_factory=list)
    confirmed: list[Transfer] = field(default_factory=list)
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
    rows = _lock(db, batch, [report.transfer_id for report in reports])
    checksums = _checksums(db, reports)
    changes = _Changes(database_time(db))
    for report in reports:
        row = rows.get(report.transfer_id)
        if row is not None and row.batch_id == batch.id and row.state in ACTIVE_STATES:
            _apply(row, report, checksums, changes)
    db.flush()
    _follow(db, changes)
    if any(report.state == "SENT" for report in reports):
        _note_contact(db, batch)
    return sorted(key for key, row in rows.items() if row.state == "CANCELLED")


def confirm(db: Session, transfer_ids: Iterable[int]) -> set[int]:
    """Record that files are at the neighbour, verified; return the transfers that this ended.

    What has ended stays as it is. The caller has made sure that checksums are those on record.
    """
    rows = [
        row
        for row in _locked(db, has_key_among(db, Transfer.id, transfer_ids))
        if row.state in ACTIVE_STATES
    ]
    _confirm(db, rows)
    return {row.id for row in rows}


def _confirm(db: Session, rows: Sequence[Transfer]) -> None:
    """End transfers that have not ended, which are locked, in the order of their numbers."""
    if not rows:
        return
    now = database_time(db)
    for row in rows:
        row.error = row.fault = ""
        end(row, "CONFIRMED", now)
    db.flush()
    # In this order, as those who start batches lock them: the neighbour, then its orders.
    _believe(db, rows)
    _count(db, rows)
    log_successes(db, [row.id for row in rows])


def _apply(row: Transfer, report: Report, checksums: dict[int, str], changes: _Changes) -> None:
    match report.state:
        case "OFFERED" | "SENDING" | "SENT":
            _advance(row, report, changes)
        case "CONFIRMED" if report.checksum == checksums[row.id]:
            changes.confirmed.append(row)
        case "CONFIRMED":
            _decline(row, _differs(report.checksum), "FILE", changes)
        case "DECLINED":
            _decline(row, _sentence(report), report.fault or "FILE", changes)
        case "FAILED":
            _fail(row, report, changes)
        case "QUEUED":
            wait_again(row, changes.now)
            changes.waiting.append(row)


def _advance(row: Transfer, report: Report, changes: _Changes) -> None:
    """Move a transfer on; or back, when the neighbour has lost what was there."""
    row.state, row.update_time = report.state, changes.now
    if report.state == "OFFERED":
        row.upload_id = report.upload_id or row.upload_id
    if report.state == "SENDING" and row.start_time is None:
        row.start_time = changes.now
        changes.launched.append(row.id)


def _decline(row: Transfer, error: str, fault: str, changes: _Changes) -> None:
    _note_launched(row, error, changes)
    row.error, row.fault = error, fault
    end(row, "DECLINED", changes.now)


def _fail(row: Transfer, report: Report, changes: _Changes) -> None:
    error = _sentence(report)
    _note_launched(row, error, changes)
    if report.fault == "SOURCE" and row.instance_id is not None:
        changes.problems[row.instance_id] = error
    fail_attempt(row, error, report.fault or "LINK", changes.now)
    changes.waiting.append(row)


def _note_launched(row: Transfer, error: str, changes: _Changes) -> None:
    if row.start_time is not None:
        changes.failures[row.id] = FailedCopy(error, row.start_time)


def _follow(db: Session, changes: _Changes) -> None:
    log_launches(db, changes.launched)
    log_failures(db, changes.failures)
    mark_suspect(db, changes.problems)
    # One may have been reported twice, or otherwise after that.
    confirmed = {row.id: row for row in changes.confirmed if row.state in ACTIVE_STATES}
    _confirm(db, [confirmed[key] for key in sorted(confirmed)])
    give_up_bad(db, changes.waiting)
    if changes.waiting:
        after_failures(db, changes.waiting)


def _sentence(report: Report) -> str:
    # PostgreSQL's text has no NUL.
    text = report.error.replace("\0", "")[:_MAX_ERROR_CHARACTERS]
    return text or "It failed, and nothing was told of why."


def _differs(checksum: str) -> str:
    return (
        f"The neighbour has other contents by that name, with the checksum {checksum!r:.140}: find"
        " out which are right."
    )


def _lock(db: Session, batch: TransferBatch, ids: Iterable[int]) -> dict[int, Transfer]:
    mine = (Transfer.batch_id == batch.id) & has_key_among(db, Transfer.id, ids)
    return {row.id: row for row in _locked(db, mine)}


def _locked(db: Session, condition: ColumnElement[bool]) -> Sequence[Transfer]:
    statement = select(Transfer).where(condition).order_by(Transfer.id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(locked).all()


def _checksums(db: Session, reports: Iterable[Report]) -> dict[int, str]:
    """Return the checksums on record of what is said to be confirmed."""
    ids = [report.transfer_id for report in reports if report.state == "CONFIRMED"]
    statement = select(Transfer.id, File.checksum).join(File, File.id == Transfer.file_id)
    if not ids:
        return {}
    rows = db.execute(statement.where(has_key_among(db, Transfer.id, ids)))
    return {row.id: row.checksum for row in rows}


def _believe(db: Session, rows: Iterable[Transfer]) -> None:
    files: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        files[row.librarian_id].append(row.file_id)
    for librarian_id in sorted(files):
        add_remote_instances(db, librarian_id, files[librarian_id])


def _count(db: Session, rows: Iterable[Transfer]) -> None:
    """Let standing orders count what they have sent."""
    sent: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        if row.order_name:
            sent[row.lane, row.order_name].append(row.size_bytes)
    for (lane, name), sizes in sorted(sent.items()):
        statement = update(StandingOrder).where(
            StandingOrder.id == lane, StandingOrder.name == name
        )
        counts = {
            "sent_count": StandingOrder.sent_count + len(sizes),
            "sent_bytes": StandingOrder.sent_bytes + sum(sizes),
        }
        db.execute(statement.values(**counts))


def _note_contact(db: Session, batch: TransferBatch) -> None:
    """Close the breaker as soon as bytes have come through: a batch may take hours."""
    seen = db.scalar(select(Librarian.link_state).where(Librarian.id == batch.librarian_id))
    if seen != links.HALF_OPEN:
        return
    librarian = lock_librarian(db, batch.librarian_id)
    if librarian is not None and librarian.link_state == links.HALF_OPEN:
        links.note_success(db, librarian)
