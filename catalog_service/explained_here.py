"""What holds of a file at this site: its copies, and what of it is on its way in."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.tables import File, IncomingBatch, Instance, Store, Upload

# More is not told of: a name that fails to arrive every minute has thousands.
_MOST_UPLOADS = 5


def copies_here(db: Session, file: File) -> list[str]:
    """Say which copies of a file are here, and which are of no use."""
    query = (
        select(Instance, Store)
        .join(Store, Store.id == Instance.store_id)
        .where(Instance.file_id == file.id)
        .order_by(Instance.problem != "", Store.name, Instance.parent_dirs)
    )
    rows = [(instance, store) for instance, store in db.execute(query)]
    good = [_place(*row) for row in rows if row[0].available and not row[0].problem]
    suspect = [row for row in rows if row[0].available and row[0].problem]
    gone = [_place(*row) for row in rows if not row[0].available]
    sentences = [f"A copy is on {place}." for place in good]
    if not good and not suspect:
        sentences.append("No available copy of it is here.")
    sentences += [
        f"The copy on {_place(*row)} is suspect: {row[0].problem.rstrip('.')}." for row in suspect
    ]
    return sentences + [f"The copy on {place} is gone, and only on record." for place in gone]


def _place(instance: Instance, store: Store) -> str:
    place = f"{store.name} in {instance.parent_dirs}" if instance.parent_dirs else store.name
    if not store.enabled:
        return f"{place} (the store is disabled)"
    return f"{place} (the store has a problem: {store.problem})" if store.problem else place


def uploads_here(db: Session, file_name: str) -> list[str]:
    """Say what of a file is on its way in."""
    query = (
        select(Upload, IncomingBatch.site_name)
        .outerjoin(IncomingBatch, IncomingBatch.id == Upload.incoming_batch_id)
        .where(Upload.file_name == file_name, Upload.state.in_(["RECEIVING", "VERIFIED"]))
        .order_by(Upload.create_time)
        .limit(_MOST_UPLOADS)
    )
    return [_upload_sentence(upload, site_name) for upload, site_name in db.execute(query)]


def _upload_sentence(upload: Upload, site_name: str | None) -> str:
    whence = f"pushed by {site_name}" if site_name else f"uploaded by {upload.account_name}"
    if upload.state == "VERIFIED":
        return f"It is being {whence}: its bytes are here and verified, and are being put in place."
    if upload.sent:
        return f"It is being {whence}: its bytes are here, to be verified."
    return f"It is being {whence}: its bytes are on their way."
