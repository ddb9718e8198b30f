"""Arrivals that the neighbours they came from are told of: they would ask anyway, but later."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.incoming_records import checksum_at_origin
from catalog_service.librarians import find_librarian_by_site
from catalog_service.tables import IncomingBatch, Librarian, Upload
from catalog_service.uploads import possible_ids

_UPLOADS = table_of(Upload)
_MOST_AT_ONCE = 1000
_MOST_TRIES = 5


@dataclass(frozen=True)
class Arrival:
    """A file that arrived from a neighbour."""

    upload_id: str
    transfer_id: int
    file_name: str
    checksum: str


def note_arrivals(db: Session, batch_id: str, upload_ids: Collection[str]) -> bool:
    """Note that the neighbour is to be told of uploads that are done, if this site knows it.

    Returns whether there is any.
    """
    batch = db.get(IncomingBatch, batch_id)
    if batch is None or find_librarian_by_site(db, batch.site_id) is None:
        return False
    mine = _UPLOADS.c.id.in_(sorted(upload_ids)) & (_UPLOADS.c.state == "DONE")
    done = db.connection().execute(update(_UPLOADS).where(mine).values(untold_tries=0))
    return done.rowcount > 0


def find_untold(db: Session) -> tuple[Librarian | None, Sequence[Arrival]]:
    """Return a neighbour, and arrivals from it that it was not told of yet."""
    statement = (
        select(Upload, IncomingBatch.site_id)
        .join(IncomingBatch, IncomingBatch.id == Upload.incoming_batch_id)
        .where(
            Upload.untold_tries.is_not(None),
            # It may have been removed meanwhile.
            IncomingBatch.site_id.in_(select(Librarian.site_id)),
        )
        # Those that were tried least, so that one that cannot be told holds nobody up.
        .order_by(Upload.untold_tries, Upload.id)
        .limit(_MOST_AT_ONCE)
    )
    rows = db.execute(statement).all()
    for site_id in dict.fromkeys(row[1] for row in rows):
        librarian = find_librarian_by_site(db, site_id)
        if librarian is not None:
            return librarian, [_arrival(upload) for upload, site in rows if site == site_id]
    return None, []


def _arrival(upload: Upload) -> Arrival:
    checksum = checksum_at_origin(upload.origin) if upload.origin else upload.checksum
    return Arrival(upload.id, upload.transfer_id or 0, upload.file_name, checksum)


def record_told(db: Session, upload_ids: Sequence[str], *, told: bool) -> None:
    """Note which arrivals were told; those that were not are tried a few times."""
    tries = _UPLOADS.c.untold_tries
    mine = select(_UPLOADS.c.id).where(
        _UPLOADS.c.id.in_(possible_ids(upload_ids)), tries.is_not(None)
    )
    ids = db.scalars(mine.order_by(_UPLOADS.c.id).with_for_update()).all()
    again = case((tries + 1 < _MOST_TRIES, tries + 1), else_=None)
    statement = update(_UPLOADS).where(_UPLOADS.c.id.in_(ids))
    db.connection().execute(statement.values(untold_tries=None if told else again))
