"""News of files: what is new or has changed, for standing orders to look at."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among, insert_rows, is_sqlite, table_of
from catalog_service.tables import FileNews, StandingOrder
from catalog_service.wakeups import FILE_NEWS, tell

_NEWS = table_of(FileNews)
# Number of the PostgreSQL lock that says who is about to note files, or not to.
_NOTES_LOCK = 0x4C696E77


def note_files(db: Session, file_ids: Iterable[int]) -> None:
    """Have standing orders look at files that are new or have changed, if there are any orders.

    The news are rows: the keys of files do not come into view in their order.
    """
    ids = sorted(set(file_ids))
    if not ids or not _has_readers(db):
        return
    insert_rows(db, _NEWS, ("file_id",), [(one,) for one in ids])
    tell(db, FILE_NEWS)


def await_notes(db: Session) -> None:
    """Wait for those who noted nothing because they saw no standing order that is in view by now.

    What they write is then in view of whoever looks at all files. It is a transaction of its own,
    for whoever waits here must have nothing that they wait for.
    """
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_NOTES_LOCK)))


def read_news(db: Session, limit: int) -> Sequence[tuple[int, int]]:
    """Return the oldest news: the key of each, and its file's."""
    rows = db.execute(select(_NEWS.c.id, _NEWS.c.file_id).order_by(_NEWS.c.id).limit(limit))
    return [(row.id, row.file_id) for row in rows]


def drop_news(db: Session, keys: Sequence[int]) -> None:
    """Take news off the record that were looked at."""
    db.connection().execute(delete(_NEWS).where(has_key_among(db, _NEWS.c.id, keys)))


def _has_readers(db: Session) -> bool:
    if not is_sqlite(db):
        # In a statement of its own: what was there before the lock is not what counts.
        db.execute(select(func.pg_advisory_xact_lock_shared(_NOTES_LOCK)))
    enabled = select(StandingOrder.id).where(StandingOrder.enabled)
    return bool(db.execute(select(enabled.exists())).scalar_one())
