"""Transfers on their way and at their end: a whole batch moves by one statement a step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Update, exists, func, literal, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import driver_time, has_key_among, table_of, update_by_id
from catalog_service.clock import database_time
from catalog_service.link_hours import count_confirmed
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import FileEvent, Instance, StandingOrder, Transfer
from catalog_service.transfer_events import Copy, log_launches, log_successes
from catalog_service.verification import VERIFY_INSTANCE

ON_THE_WAY = ("OFFERED", "SENDING", "SENT")

_INSTANCES = table_of(Instance)
_TRANSFERS = table_of(Transfer)


class Step(NamedTuple):
    """That a transfer reached a state on the way; its upload's number when it was offered."""

    transfer_id: int
    state: str
    upload_id: str = ""


def move_on(db: Session, steps: Iterable[Step], not_begun: set[int]) -> None:
    """Move transfers on, step by step; or back, when the neighbour has lost what was there.

    They are locked, and have not ended. Of those that are `not_begun` it is told when their bytes
    begin to go.
    """
    now = database_time(db)
    for state, run in groupby(steps, lambda step: step.state):
        uploads: dict[int, str] = {}
        for key, _, upload_id in run:
            uploads[key] = upload_id or uploads.get(key, "")
        _move(db, state, uploads, now)
        if state == "SENDING":
            log_launches(db, not_begun & uploads.keys())
            not_begun = not_begun - uploads.keys()


def confirm_copies(db: Session, copies: Sequence[Copy]) -> None:
    """End transfers whose files have arrived; they are locked, and have not ended."""
    if not copies:
        return
    now = database_time(db)
    ended = {"state": "CONFIRMED", "claimed_file_id": None, "error": "", "fault": ""}
    statement = _update(db, [copy.transfer_id for copy in copies])
    db.connection().execute(statement.values(**ended, update_time=now, end_time=now))
    # In this order, as those who start batches lock them: the neighbour, then its orders.
    _believe(db, copies)
    _count(db, copies)
    for copy in copies:
        count_confirmed(db, copy.librarian_id, copy.size_bytes)
    _clear_suspicion(db, [copy.transfer_id for copy in copies if copy.start_time])
    log_successes(db, copies)


def _move(db: Session, state: str, uploads: Mapping[int, str], now: datetime) -> None:
    """Bring transfers to a state, each with its upload's number if it has a new one."""
    time = driver_time(db, now)
    named = [(key, state, upload_id, time) for key, upload_id in uploads.items() if upload_id]
    update_by_id(db, _TRANSFERS, ("state", "upload_id", "update_time"), named)
    if len(named) == len(uploads):
        return
    values: dict[str, Any] = {"state": state, "update_time": now}
    if state == "SENDING":
        start_time = _TRANSFERS.c.start_time
        values["start_time"] = func.coalesce(start_time, literal(now, start_time.type))
    rest = [key for key, upload_id in uploads.items() if not upload_id]
    db.connection().execute(_update(db, rest).values(values))


def _update(db: Session, transfer_ids: Iterable[int]) -> Update:
    return update(_TRANSFERS).where(has_key_among(db, _TRANSFERS.c.id, transfer_ids))


def _clear_suspicion(db: Session, transfer_ids: Sequence[int]) -> None:
    """Take what was found wrong with instances off the record: all of their bytes proved good.

    What was found since they began to be sent stands, for it is newer.
    """
    transfer = _TRANSFERS.c
    verified_since = exists().where(
        FileEvent.type == VERIFY_INSTANCE,
        FileEvent.file_id == transfer.file_id,
        FileEvent.time > transfer.start_time,
    )
    sent = select(transfer.instance_id).where(has_key_among(db, transfer.id, transfer_ids))
    sent = sent.where(~verified_since)
    suspect = update(_INSTANCES).where(_INSTANCES.c.problem != "", _INSTANCES.c.id.in_(sent))
    db.connection().execute(suspect.values(problem=""))


def _believe(db: Session, copies: Iterable[Copy]) -> None:
    files: dict[int, list[int]] = defaultdict(list)
    for copy in copies:
        files[copy.librarian_id].append(copy.file_id)
    for librarian_id in sorted(files):
        add_remote_instances(db, librarian_id, files[librarian_id])


def _count(db: Session, copies: Iterable[Copy]) -> None:
    """Let standing orders count what they have sent."""
    sent: dict[tuple[int, str], list[int]] = defaultdict(list)
    for copy in copies:
        if copy.order_name:
            sent[copy.lane, copy.order_name].append(copy.size_bytes)
    for (lane, name), sizes in sorted(sent.items()):
        statement = update(StandingOrder).where(
            StandingOrder.id == lane, StandingOrder.name == name
        )
        counts = {
            "sent_count": StandingOrder.sent_count + len(sizes),
            "sent_bytes": StandingOrder.sent_bytes + sum(sizes),
        }
        db.execute(statement.values(**counts))
