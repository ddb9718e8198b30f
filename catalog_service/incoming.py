"""Batches that neighbours push here: whose they are, what was sent, what became of it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, Select, cast, func, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import insert_or, is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.incoming_records import checksum_at_origin
from catalog_service.tables import File, IncomingBatch, Upload
from catalog_service.uploads import OPEN_STATES, possible_ids
from librarian.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    LibrarianError,
    StateError,
    TakenOverError,
    UnknownUploadError,
)
from librarian.failures import error_from
from librarian.names import show_name

_BATCH_ID = re.compile(r"[0-9a-f]{16,32}")
_UPLOADS = table_of(Upload)
_BATCHES = table_of(IncomingBatch)
_OVER = ("DONE", "FAILED", "CANCELLED")

_PROGRESS = select(_UPLOADS.c.id, _UPLOADS.c.state, _UPLOADS.c.sent)
# What tells how an upload ended.
_ENDS = select(
    *(_UPLOADS.c.id, _UPLOADS.c.transfer_id, _UPLOADS.c.state),
    *(_UPLOADS.c.checksum, _UPLOADS.c.origin, _UPLOADS.c.error, _UPLOADS.c.error_reason),
)

RSYNC = "RSYNC"


@dataclass(frozen=True)
class SettledUpload:
    """A file of a batch that is on record here, or why not."""

    upload_id: str
    transfer_id: int
    checksum: str = ""
    error: LibrarianError | None = None


def check_batch_id(batch_id: str) -> str:
    """Return the identifier of a batch unchanged, or raise InvalidRequestError."""
    if not _BATCH_ID.fullmatch(batch_id):
        raise InvalidRequestError("The identifier of a batch is 16 to 32 hexadecimal digits.")
    return batch_id


def take_batch(
    db: Session, batch_id: str, account_name: str, fence: int, site_id: str, site_name: str
) -> IncomingBatch:
    """Return a batch of the account's own, locked; put it on record when it is new.

    Raises ConflictError when another account has it, TakenOverError when a newer worker does.
    """
    row = {
        "id": batch_id,
        "account_name": account_name,
        "site_id": site_id,
        "site_name": site_name,
        "fence": fence,
        "create_time": database_time(db),
    }
    statement = insert_or(db, _BATCHES).values(row)
    db.execute(statement.on_conflict_do_nothing(index_elements=[_BATCHES.c.id]))
    batch = db.scalars(_locked_batch(batch_id)).one_or_none()
    if batch is None:
        raise BusyError("This batch was just forgotten: repeat the call.")
    if batch.account_name != account_name:
        raise ConflictError("Another account has a batch of that identifier: choose another one.")
    _keep_fence(batch, fence)
    return batch


def lock_batch(db: Session, account_name: str, batch_id: str, fence: int) -> IncomingBatch:
    """Return a batch of the account's own, locked.

    Raises UnknownUploadError, or TakenOverError when a newer worker has the batch.
    """
    batch = db.scalars(_locked_batch(check_batch_id(batch_id))).one_or_none()
    if batch is None or batch.account_name != account_name:
        raise _unknown_batch(batch_id)
    _keep_fence(batch, fence)
    return batch


def _locked_batch(batch_id: str) -> Select[IncomingBatch]:
    return (
        select(IncomingBatch)
        .where(IncomingBatch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _unknown_batch(batch_id: str) -> UnknownUploadError:
    return UnknownUploadError(f"You have no batch {show_name(batch_id)} here: offer it anew.")


def _keep_fence(batch: IncomingBatch, fence: int) -> None:
    if fence < batch.fence:
        raise TakenOverError("Another worker has taken this batch over: leave it to that one.")
    batch.fence = fence


def next_number(db: Session, batch: IncomingBatch) -> int:
    """Return the number of the next upload of a batch: above all that were, whatever is left."""
    number = cast(func.substr(_UPLOADS.c.id, len(batch.id) + 2), BigInteger)
    last = db.scalar(select(func.max(number)).where(_UPLOADS.c.incoming_batch_id == batch.id))
    return 0 if last is None else last + 1


def finish_files(
    db: Session, batch: IncomingBatch, upload_ids: Sequence[str], way: str, lease: timedelta
) -> int:
    """Note that files of a batch were sent; return how many are being verified, or settled.

    Raises UnknownUploadError, and StateError when one of them was given up.
    """
    states = {row.id: row.state for row in _lock_uploads(db, batch, upload_ids)}
    if missing := set(upload_ids) - states.keys():
        raise UnknownUploadError(
            f"The batch has no upload {show_name(min(missing))} here: offer it anew."
        )
    if given_up := [upload_id for upload_id, state in states.items() if state == "CANCELLED"]:
        raise _given_up(db, given_up[0])
    # Once rsync was at work, files may lie where it put them, whichever way the others came.
    batch.way = way if batch.way != RSYNC else RSYNC
    open_ids = [upload_id for upload_id, state in states.items() if state in OPEN_STATES]
    values = {"sent": True, "expire_time": database_time(db) + lease}
    db.flush()
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, open_ids))
    db.connection().execute(statement.values(**values))
    return len(states)


def _given_up(db: Session, upload_id: str) -> StateError:
    columns = select(_UPLOADS.c.file_name, _UPLOADS.c.error).where(_UPLOADS.c.id == upload_id)
    name, error = db.execute(columns).one()
    return StateError(f"{show_name(name)} was given up ({error}): offer the batch anew.")


def renew_batch(db: Session, batch: IncomingBatch, lease: timedelta) -> int:
    """Give the uploads of a batch another lease; return how many are still expected."""
    uploads = [upload for upload in _lock_uploads(db, batch) if upload.state in OPEN_STATES]
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, [row.id for row in uploads]))
    db.connection().execute(statement.values(expire_time=database_time(db) + lease))
    return sum(upload.state == "RECEIVING" and not upload.sent for upload in uploads)


def withdraw_files(db: Session, batch: IncomingBatch, upload_ids: Collection[str]) -> int:
    """Give up files that are not verified yet, all when none is named; return how many."""
    given_up = [
        upload.id
        for upload in _lock_uploads(db, batch, upload_ids or None)
        if upload.state == "RECEIVING"
    ]
    # A worker that is verifying one must not go on.
    values = {"error": "The neighbour withdrew it.", "fence": _UPLOADS.c.fence + 1}
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, given_up))
    db.connection().execute(statement.values(state="CANCELLED", **values))
    return len(given_up)


def _lock_uploads(
    db: Session, batch: IncomingBatch, upload_ids: Collection[str] | None = None
) -> Sequence[Row[str, str, bool]]:
    """Lock uploads of a batch, or all, in the order in which others do; return how far each is."""
    statement = _PROGRESS.where(_UPLOADS.c.incoming_batch_id == batch.id).order_by(_UPLOADS.c.id)
    if upload_ids is not None:
        statement = statement.where(is_one_of(db, _UPLOADS.c.id, possible_ids(upload_ids)))
    return db.execute(statement.with_for_update()).all()


def find_settled(
    db: Session, account_name: str, batch_id: str, told: Collection[str]
) -> tuple[list[SettledUpload], bool]:
    """Return what of a batch is settled and not told yet, and whether all that was sent is.

    Raises UnknownUploadError for a batch that is not the account's own.
    """
    batch = db.get(IncomingBatch, check_batch_id(batch_id))
    if batch is None or batch.account_name != account_name:
        raise _unknown_batch(batch_id)
    rows = db.execute(_PROGRESS.where(_UPLOADS.c.incoming_batch_id == batch_id)).all()
    new = [row.id for row in rows if row.state in _OVER and row.sent and row.id not in told]
    done = not any(row.sent and row.state in OPEN_STATES for row in rows)
    ends = _ENDS.where(is_one_of(db, _UPLOADS.c.id, new)).order_by(_UPLOADS.c.id)
    uploads = db.execute(ends).all() if new else []
    return [_settled(upload) for upload in uploads], done


def _settled(upload: Row[*tuple[Any, ...]]) -> SettledUpload:
    number = upload.transfer_id or 0
    if upload.state == "DONE":
        checksum = checksum_at_origin(upload.origin) if upload.origin else upload.checksum
        return SettledUpload(upload.id, number, checksum)
    if upload.state == "FAILED":
        return SettledUpload(upload.id, number, error=error_from(upload.error_reason, upload.error))
    return SettledUpload(upload.id, number, error=StateError(upload.error))


def list_held_files(db: Session, after_name: str, limit: int) -> list[tuple[str, str, bool]]:
    """Return name, checksum and availability of files on record, by the bytes of their names."""
    if "\0" in after_name:
        raise InvalidRequestError("No file has such a name: correct after_name.")
    columns = select(File.name, File.checksum, File.instance_count > 0)
    rows = db.execute(columns.where(File.name > after_name).order_by(File.name).limit(limit))
    return [(name, checksum, bool(available)) for name, checksum, available in rows]
