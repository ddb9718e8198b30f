"""Events of files on their way to neighbours, as pipelines have known them for long."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import driver_time, has_key_among, insert_rows, table_of
from catalog_service.clock import database_time
from catalog_service.file_news import note_files
from catalog_service.tables import File, FileEvent, Instance, Librarian, Transfer

LAUNCH_COPY = "launch_copy"
COPY_FINISHED = "copy_finished"
STANDING_ORDER_SUCCEEDED = "standing_order_succeeded:"

_EVENTS = table_of(FileEvent)
_COLUMNS = ("file_id", "time", "type", "payload")
_NOTHING: Mapping[str, Any] = {}


class FailedCopy(NamedTuple):
    """Why a copy failed, and when its bytes began to go."""

    error: str
    start_time: datetime | None


class Copy(NamedTuple):
    """What is told of a transfer, and counted when it has gone well."""

    transfer_id: int
    file_id: int
    file_name: str
    size_bytes: int
    checksum: str
    librarian_id: int
    librarian_name: str
    lane: int
    parent_dirs: str | None
    order_name: str
    start_time: datetime | None

    @property
    def place(self) -> dict[str, Any]:
        """Return where it goes, as each event says it."""
        path = "/".join(filter(None, (self.parent_dirs, self.file_name)))
        return {"connection_name": self.librarian_name, "remote_store_path": path}


def load_copies(db: Session, transfer_ids: Collection[int]) -> list[Copy]:
    """Return what is told of transfers, in the order of their numbers."""
    if not transfer_ids:
        return []
    columns = (
        Transfer.id,
        Transfer.file_id,
        File.name,
        File.size_bytes,
        File.checksum,
        Transfer.librarian_id,
        Librarian.name,
        Transfer.lane,
        Instance.parent_dirs,
        Transfer.order_name,
        Transfer.start_time,
    )
    statement = (
        select(*columns)
        .join(File, File.id == Transfer.file_id)
        .join(Librarian, Librarian.id == Transfer.librarian_id)
        .join(Instance, Instance.id == Transfer.instance_id, isouter=True)
        .where(has_key_among(db, Transfer.id, transfer_ids))
        .order_by(Transfer.id)
    )
    return [Copy(*row) for row in db.execute(statement)]


def log_launches(db: Session, transfer_ids: Collection[int]) -> None:
    """Log that the bytes of files are on their way."""
    copies = load_copies(db, transfer_ids)
    _log(db, [(copy.file_id, LAUNCH_COPY, copy.place) for copy in copies])


def log_successes(db: Session, copies: Sequence[Copy]) -> None:
    """Log that files have arrived, and whose standing order that was."""
    now = database_time(db)
    finished = [(copy.file_id, COPY_FINISHED, _result(copy, now, "")) for copy in copies]
    ordered = [
        (copy.file_id, f"{STANDING_ORDER_SUCCEEDED}{copy.order_name}", _NOTHING)
        for copy in copies
        if copy.order_name
    ]
    _log(db, [*finished, *ordered])


def log_failures(db: Session, failed: Mapping[int, FailedCopy]) -> None:
    """Log that the bytes of files went for nothing, by transfers."""
    copies, now = load_copies(db, failed), database_time(db)
    events = []
    for copy in copies:
        error, start_time = failed[copy.transfer_id]
        begun = copy._replace(start_time=start_time)
        events.append((copy.file_id, COPY_FINISHED, _result(begun, now, error)))
    _log(db, events)


def _result(copy: Copy, now: datetime, error: str) -> dict[str, Any]:
    # What was there already was never sent.
    seconds = (now - copy.start_time).total_seconds() if copy.start_time else 0.0
    kilobytes = 0.0 if error else copy.size_bytes / 1000
    return {
        **copy.place,
        "error_code": int(bool(error)),
        "error_message": error,
        "duration": round(seconds, 3),
        "average_rate": round(kilobytes / seconds, 3) if seconds > 0 else 0.0,
    }


def _log(db: Session, events: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    if not events:
        return
    time = driver_time(db, database_time(db))
    rows = [(file_id, time, type, json.dumps(payload)) for file_id, type, payload in events]
    insert_rows(db, _EVENTS, _COLUMNS, rows)
    note_files(db, [row[0] for row in rows])
