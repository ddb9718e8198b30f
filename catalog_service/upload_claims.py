"""Claims on uploads: one worker at a time completes one, and a dead one's work is taken over."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.database import Transactions
from catalog_service.retrying import run_transaction
from catalog_service.tables import Agent, Store, Upload
from catalog_service.uploads import (
    LEASE,
    OPEN_STATES,
    KnownFile,
    find_files,
    load_places,
    possible_ids,
)
from librarian.service.workers import is_gone, this_worker

logger = logging.getLogger(__name__)

CLAIM = timedelta(seconds=15)

_RENEW_SECONDS = 5.0
_UPLOADS = table_of(Upload)


class Worked(Protocol):
    """What of an upload tells whether somebody completes it."""

    @property
    def worker(self) -> str | None:
        """The worker that had it last."""
        ...

    @property
    def worker_until(self) -> datetime | None:
        """When the worker's claim ends."""
        ...


@dataclass(slots=True, eq=False)
class ClaimedUpload:
    """What completing an upload takes of its row: no row of the ORM, for thousands are claimed."""

    id: str
    account_name: str
    file_name: str
    parent_dirs: str
    size_bytes: int
    null_obsid: bool
    observation: str | None
    store_id: int
    state: str
    checksum: str
    inode: int | None
    worker: str | None
    worker_until: datetime | None
    fence: int
    error: str
    error_reason: str
    incoming_batch_id: str | None
    origin: str | None


_CLAIMED = select(*(_UPLOADS.c[column.name] for column in fields(ClaimedUpload)))


@dataclass(frozen=True, eq=False)
class Claim:
    """An upload that this worker may complete, as it was when it was claimed."""

    upload: ClaimedUpload
    fence: int
    store: Store
    agent: Agent
    # The file of that name, if it was on record then.
    file: KnownFile | None


@dataclass(frozen=True)
class ClaimRound:
    """What one attempt to claim came to: claims, uploads that are over, ids of busy ones."""

    claims: list[Claim]
    over: list[ClaimedUpload]
    busy: list[str]


def claim_uploads(db: Session, upload_ids: Sequence[str], account_name: str | None) -> ClaimRound:
    """Claim uploads of an account's own, or of anyone's for the catalogue itself.

    What is not in the answer is not there, or is another account's.
    """
    wanted = _CLAIMED.where(is_one_of(db, _UPLOADS.c.id, possible_ids(upload_ids)))
    rows = db.execute(wanted.order_by(_UPLOADS.c.id).with_for_update()).all()
    uploads = (ClaimedUpload(*row) for row in rows)
    found = [upload for upload in uploads if account_name in (None, upload.account_name)]
    time = database_time(db)
    waiting = [upload for upload in found if upload.state in OPEN_STATES]
    busy = {upload.id for upload in waiting if has_live_worker(upload, time)}
    claims = _claims_on(db, [upload for upload in waiting if upload.id not in busy])
    _write_claims(db, [claim.upload.id for claim in claims], time)
    over = [upload for upload in found if upload.state not in OPEN_STATES]
    return ClaimRound(claims, over, sorted(busy))


def _claims_on(db: Session, uploads: Sequence[ClaimedUpload]) -> list[Claim]:
    files = find_files(db, [upload.file_name for upload in uploads])
    places = load_places(db, {upload.store_id for upload in uploads})
    return [
        Claim(upload, upload.fence + 1, *places[upload.store_id], files.get(upload.file_name))
        for upload in uploads
    ]


def has_live_worker(upload: Worked, time: datetime) -> bool:
    """Tell whether someone who may still be alive is completing an upload."""
    if upload.worker is None or upload.worker_until is None:
        return False
    # A claim cannot last longer than it was given: then the clock was set back since.
    if not time <= upload.worker_until <= time + 2 * CLAIM:
        return False
    return not is_gone(upload.worker)


def _write_claims(db: Session, upload_ids: list[str], time: datetime) -> None:
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, upload_ids))
    values = {"worker": this_worker(), "worker_until": time + CLAIM, "fence": _UPLOADS.c.fence + 1}
    if upload_ids:
        db.connection().execute(statement.values(**values, expire_time=_another_lease(time)))


def _another_lease(time: datetime) -> ColumnElement[datetime]:
    """Return when an upload expires that is worked on: incoming ones have a longer lease."""
    expires = _UPLOADS.c.expire_time
    return case((expires > time + LEASE, expires), else_=time + LEASE)


def lock_claimed(db: Session, claims: Sequence[Claim]) -> set[str]:
    """Lock the uploads that are still this worker's, and return their ids."""
    fences = {claim.upload.id: claim.fence for claim in claims}
    columns = select(_UPLOADS.c.id, _UPLOADS.c.fence).where(is_one_of(db, _UPLOADS.c.id, fences))
    rows = db.execute(columns.order_by(_UPLOADS.c.id).with_for_update()).all()
    return {upload_id for upload_id, fence in rows if fence == fences[upload_id]}


def release_claims(db: Session, claims: Sequence[Claim]) -> None:
    """Let others complete uploads that this worker could not."""
    if not claims:
        return
    mine = lock_claimed(db, claims)
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, mine))
    db.connection().execute(statement.values(worker=None, worker_until=None))


class ClaimKeeper:
    """Renews claims in the background for as long as the work on them takes."""

    def __init__(self, transactions: Transactions, claims: Sequence[Claim]) -> None:
        self._transactions = transactions
        self._claims = claims
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="claim-keeper", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._done.wait(_RENEW_SECONDS):
            try:
                run_transaction(self._transactions, self._renew)
            except Exception as error:
                # The next time may still be early enough; if not, the fence keeps harm away.
                logger.warning("Claims on uploads could not be renewed: %s", error)

    def _renew(self, db: Session) -> None:
        mine = lock_claimed(db, self._claims)
        time = database_time(db)
        statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, mine))
        values = {"worker_until": time + CLAIM, "expire_time": _another_lease(time)}
        db.connection().execute(statement.values(**values))
