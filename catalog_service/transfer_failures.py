"""Attempts that failed: each transfer is tried again later, until it failed too often."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.link_hours import count_failure
from catalog_service.tables import Instance, Store, Transfer
from catalog_service.transfer_lanes import leave_lost_lanes
from catalog_service.wakeups import TRANSFERS, tell

# Attempts after which a transfer fails, and a person must look.
MAX_ATTEMPTS = 20
# The same, when each copy here is known to be bad: all of its bytes go there each time.
MAX_BAD_ATTEMPTS = 3
_FIRST_BACK_OFF_SECONDS = 5.0
_LONGEST_BACK_OFF_SECONDS = 3600.0
# Until a neighbour may have room again.
_ROOM_SECONDS = (30.0, 300.0)


def fail_attempts(db: Session, transfer_ids: Sequence[int], error: str, fault: str) -> None:
    """Record that an attempt of each failed, all for the same reason."""
    if not transfer_ids:
        return
    statement = select(Transfer).where(has_key_among(db, Transfer.id, transfer_ids))
    rows = db.scalars(statement.execution_options(populate_existing=True)).all()
    now = database_time(db)
    for row in rows:
        fail_attempt(db, row, error, fault, now)
    after_failures(db, rows)


def fail_attempt(db: Session, row: Transfer, error: str, fault: str, now: datetime) -> None:
    """Let a transfer wait for its next attempt, or end it when that was the last."""
    count_failure(db, row.librarian_id, fault)
    row.error, row.fault = error, fault
    # That a neighbour has no room says nothing of the file: it waits for as long as that takes.
    if fault != "DESTINATION":
        row.attempts += 1
    if row.attempts >= MAX_ATTEMPTS:
        end(row, "FAILED", now)
        return
    wait_again(row, now)
    row.run_time = now + timedelta(seconds=_back_off_seconds(row.attempts, fault))


def wait_again(row: Transfer, now: datetime) -> None:
    """Let a transfer wait for its turn, outside any batch."""
    row.state, row.batch_id, row.upload_id = "QUEUED", None, ""
    row.start_time, row.update_time = None, now


def end(row: Transfer, state: str, now: datetime) -> None:
    """End a transfer in a state that it never leaves; its file may be queued anew."""
    row.state, row.claimed_file_id = state, None
    row.update_time = row.end_time = now


def after_failures(db: Session, rows: Iterable[Transfer]) -> None:
    """Write what `fail_attempt` and `wait_again` did, and tell those who wait for work of it."""
    db.flush()
    leave_lost_lanes(db, [row.id for row in rows if row.state == "QUEUED"])
    tell(db, TRANSFERS)


def mark_suspect(db: Session, problems: dict[int, str]) -> None:
    """Mark instances as suspect, by what was found wrong with them: others are sent first."""
    if problems:
        statement = select(Instance).where(has_key_among(db, Instance.id, problems))
        for instance in db.scalars(statement.order_by(Instance.id)):
            instance.problem = problems[instance.id]
        db.flush()


def give_up_bad(db: Session, rows: Sequence[Transfer]) -> None:
    """End transfers that failed for the copy here, when no other is there to be sent instead."""
    tried = [row for row in rows if row.fault == "SOURCE" and row.attempts >= MAX_BAD_ATTEMPTS]
    rest = [row for row in tried if row.state == "QUEUED"]
    if not rest:
        return
    instances = select(Instance.file_id).join(Store, Store.id == Instance.store_id)
    good = instances.where(
        has_key_among(db, Instance.file_id, [row.file_id for row in rest]),
        Instance.available,
        Instance.problem == "",
        Store.enabled,
    )
    with_good = set(db.scalars(good))
    for row in rest:
        if row.file_id not in with_good:
            row.error = f"{row.error} No copy here is known to be good: mend one, then retry."
            end(row, "FAILED", database_time(db))


def _back_off_seconds(attempts: int, fault: str) -> float:
    if fault == "DESTINATION":
        return random.uniform(*_ROOM_SECONDS)  # noqa: S311 - it spreads load, it keeps no secret.
    longest = min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2 ** min(attempts, 16))
    return random.uniform(longest / 2, longest)  # noqa: S311 - as above.
