"""Which uploads no one finishes any more."""

from datetime import timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.clock import database_time
from catalog_service.tables import Agent, Store, Upload
from catalog_service.upload_agents import StagingPlace
from catalog_service.upload_claims import has_live_worker
from catalog_service.uploads import OPEN_STATES

BATCH = 500
# How long what became of an upload can still be asked for.
KEPT = timedelta(days=7)

_UPLOADS = table_of(Upload)


def find_abandoned(db: Session) -> list[str]:
    """Return the ids of some verified uploads whose worker is dead, those longest waiting first.

    Those that neighbours sent have a loop of their own.
    """
    statement = select(Upload).where(Upload.state == "VERIFIED", Upload.sent.is_(False))
    statement = statement.order_by(Upload.expire_time)
    time = database_time(db)
    rows = db.execute(statement.limit(BATCH)).scalars()
    return [upload.id for upload in rows if not has_live_worker(upload, time)]


def has_expired_uploads(db: Session) -> bool:
    """Tell whether `expire_uploads` would find any: an idle site writes nothing."""
    return db.execute(_expired(db).limit(1)).first() is not None


def expire_uploads(db: Session) -> int:
    """Give up uploads whose bytes did not come in time; return how many."""
    time = database_time(db)
    rows = db.execute(_expired(db).limit(BATCH).with_for_update(skip_locked=True)).scalars()
    idle = [upload for upload in rows if not has_live_worker(upload, time)]
    for upload in idle:
        upload.state = "CANCELLED"
        upload.error = "Its bytes did not come in time."
        upload.fence += 1
    return len(idle)


def _expired(db: Session) -> Select[Upload]:
    time = database_time(db)
    return select(Upload).where(Upload.state == "RECEIVING", Upload.expire_time < time)


def find_leftovers(db: Session) -> list[StagingPlace]:
    """Return staging places of uploads that are over, some of each store's."""
    places: list[StagingPlace] = []
    stores = select(Store, Agent).join(Agent, Agent.id == Store.agent_id).order_by(Store.id)
    for store, agent in db.execute(stores).all():
        statement = (
            select(Upload)
            .where(
                Upload.store_id == store.id,
                Upload.discarded.is_(False),
                Upload.state.not_in(OPEN_STATES),
            )
            .order_by(Upload.id)
            .limit(BATCH)
        )
        time = database_time(db)
        places += [
            StagingPlace(agent, upload.id, store.name)
            for upload in db.execute(statement).scalars()
            if not has_live_worker(upload, time)
        ]
    return places


def has_old_uploads(db: Session) -> bool:
    """Tell whether `forget_uploads` would find any."""
    return db.execute(_old(db).limit(1)).first() is not None


def forget_uploads(db: Session) -> None:
    """Delete some rows of uploads that have long been over."""
    db.connection().execute(delete(_UPLOADS).where(_UPLOADS.c.id.in_(_old(db).limit(BATCH))))


def _old(db: Session) -> Select[str]:
    return select(_UPLOADS.c.id).where(
        _UPLOADS.c.state.not_in(OPEN_STATES),
        _UPLOADS.c.discarded,
        _UPLOADS.c.expire_time < database_time(db) - KEPT,
    )
