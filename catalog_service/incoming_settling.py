"""What of incoming batches is to be completed, cleared away, and forgotten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, select, true
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.clock import database_time
from catalog_service.incoming import RSYNC
from catalog_service.tables import Agent, IncomingBatch, Store, Upload
from catalog_service.upload_claims import has_live_worker
from catalog_service.upload_sweeping import BATCH, KEPT
from catalog_service.uploads import OPEN_STATES

_BATCHES = table_of(IncomingBatch)
_UPLOADS = table_of(Upload)

# Read one after the other, so many bytes keep nobody waiting for long.
_PART_BYTES = 1 << 30
_PART_FILES = 1000


@dataclass(frozen=True)
class BatchPlace:
    """Where a batch comes in."""

    batch_id: str
    account_name: str
    store_name: str
    agent: Agent


class ArrivedUpload(NamedTuple):
    """A file that was sent, and what tells where it is and whether anybody completes it."""

    id: str
    file_name: str
    parent_dirs: str
    size_bytes: int
    store_id: int
    worker: str | None
    worker_until: datetime | None


@dataclass(frozen=True)
class Passed:
    """Uploads and stores that are passed over now, and how often others were tried in vain."""

    upload_ids: Collection[str]
    store_ids: Collection[int]
    tries: Mapping[str, int]

    def has(self, upload: ArrivedUpload) -> bool:
        """Tell whether an upload is passed over."""
        return upload.id in self.upload_ids or upload.store_id in self.store_ids


_ARRIVED = select(*(_UPLOADS.c[column] for column in ArrivedUpload._fields))


@dataclass(frozen=True)
class ArrivedPart:
    """Some files of a batch that were sent, to be completed together."""

    place: BatchPlace
    # Those that rsync brought are still where it put them.
    by_rsync: bool
    uploads: Sequence[ArrivedUpload]

    @property
    def store_id(self) -> int:
        """Return the store that all of it is on."""
        return self.uploads[0].store_id

    @property
    def is_large(self) -> bool:
        """Tell whether reading it takes long."""
        return sum(upload.size_bytes for upload in self.uploads) > _PART_BYTES


def find_arrived_batches(db: Session) -> list[str]:
    """Return the batches of which files were sent and are not settled."""
    statement = select(Upload.incoming_batch_id).distinct()
    found = db.scalars(
        statement.where(
            Upload.state.in_(OPEN_STATES), Upload.sent, Upload.incoming_batch_id.is_not(None)
        )
    )
    return sorted(batch_id for batch_id in found if batch_id is not None)


def find_arrived_part(
    db: Session, batch_id: str, passed: Passed, *, large: bool
) -> ArrivedPart | None:
    """Return files of a batch that nobody is completing: small ones together, a large one alone.

    Large ones only when told so. What was tried in vain comes last, and with its like.
    """
    statement = _ARRIVED.where(
        _UPLOADS.c.incoming_batch_id == batch_id, _UPLOADS.c.state.in_(OPEN_STATES), _UPLOADS.c.sent
    )
    if not large:
        statement = statement.where(_UPLOADS.c.size_bytes <= _PART_BYTES)
    time = database_time(db)
    rows = db.execute(statement.order_by(_UPLOADS.c.size_bytes, _UPLOADS.c.id)).all()
    sent = (ArrivedUpload(*row) for row in rows)
    free = [one for one in sent if not passed.has(one) and not has_live_worker(one, time)]
    if not free:
        return None
    least = min(passed.tries.get(one.id, 0) for one in free)
    free = [one for one in free if passed.tries.get(one.id, 0) == least]
    store_id = free[0].store_id
    uploads = _first_part([upload for upload in free if upload.store_id == store_id])
    row = db.execute(_places().where(IncomingBatch.id == batch_id, Store.id == store_id))
    batch, store, agent = row.one()
    place = BatchPlace(batch.id, batch.account_name, store.name, agent)
    return ArrivedPart(place, batch.way == RSYNC, uploads)


def _first_part(uploads: Sequence[ArrivedUpload]) -> list[ArrivedUpload]:
    part: list[ArrivedUpload] = []
    size_bytes = 0
    for upload in uploads[:_PART_FILES]:
        size_bytes += upload.size_bytes
        if part and size_bytes > _PART_BYTES:
            break
        part.append(upload)
    return part


def _places() -> Select[IncomingBatch, Store, Agent]:
    # Of any store: the caller says which.
    batches = select(IncomingBatch, Store, Agent).select_from(IncomingBatch)
    return batches.join(Store, true()).join(Agent, Agent.id == Store.agent_id)


def find_ended_batches(db: Session) -> list[list[BatchPlace]]:
    """Return the places of some batches of which nothing is expected any more.

    A batch has several when it moved from a store that could not be used any more.
    """
    ended = select(IncomingBatch.id).where(
        IncomingBatch.store_id.is_not(None), ~_has_open_uploads()
    )
    ids = db.scalars(ended.order_by(IncomingBatch.id).limit(BATCH)).all()
    stores = select(Upload.store_id).where(Upload.incoming_batch_id == IncomingBatch.id)
    own = Store.id.in_(stores.correlate(IncomingBatch)) | (Store.id == IncomingBatch.store_id)
    rows = db.execute(_places().where(IncomingBatch.id.in_(ids), own)) if ids else ()
    places: dict[str, list[BatchPlace]] = {}
    for batch, store, agent in rows:
        place = BatchPlace(batch.id, batch.account_name, store.name, agent)
        places.setdefault(batch.id, []).append(place)
    return list(places.values())


def _has_open_uploads() -> ColumnElement[bool]:
    open_ones = Upload.state.in_(OPEN_STATES)
    return exists().where(Upload.incoming_batch_id == IncomingBatch.id, open_ones)


def leave_store(db: Session, batch_ids: Collection[str]) -> None:
    """Note that nothing is left of batches on their stores; some may have begun anew meanwhile."""
    statement = select(IncomingBatch).where(IncomingBatch.id.in_(batch_ids))
    locked = statement.order_by(IncomingBatch.id).with_for_update(of=IncomingBatch)
    ids = [batch.id for batch in db.scalars(locked)]
    # Looked at under the lock, as an offer does.
    ended = select(IncomingBatch).where(IncomingBatch.id.in_(ids), ~_has_open_uploads())
    for batch in db.scalars(ended):
        batch.store_id = None


def has_old_batches(db: Session) -> bool:
    """Tell whether `forget_batches` would find any."""
    return db.execute(_old(db).limit(1)).first() is not None


def forget_batches(db: Session) -> None:
    """Delete some rows of batches of which nothing is left."""
    ids = _old(db).limit(BATCH)
    db.connection().execute(delete(_BATCHES).where(_BATCHES.c.id.in_(ids)))


def _old(db: Session) -> Select[str]:
    return select(IncomingBatch.id).where(
        IncomingBatch.store_id.is_(None),
        IncomingBatch.create_time < database_time(db) - KEPT,
        ~exists().where(Upload.incoming_batch_id == IncomingBatch.id),
    )
