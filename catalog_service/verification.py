"""Verifying a file: what reading its instances found is written down."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.file_news import note_files
from catalog_service.files import get_file
from catalog_service.instances import LocatedInstance, list_instances
from catalog_service.tables import File, FileEvent, Instance
from librarian.errors import NoInstanceError
from librarian.names import show_name

VERIFY_INSTANCE = "verify_instance"


def available_instances(db: Session, file_name: str) -> tuple[File, list[LocatedInstance]]:
    """Return a file and its available instances; raise UnknownFileError or NoInstanceError."""
    file = get_file(db, file_name)
    located = [item for item in list_instances(db, file_name) if item.instance.available]
    if not located:
        raise NoInstanceError(f"No copy of {show_name(file_name)} is available at this site.")
    return file, located


def record_verification(
    db: Session, file: File, located: Sequence[LocatedInstance], problems: Mapping[int, str]
) -> list[LocatedInstance]:
    """Write down what was found wrong with instances, by key; nothing with those that are good.

    What was not read is not among the problems, and stays as it was. Returns all, as they are now.
    """
    now = database_time(db)
    held = select(Instance).where(Instance.id.in_(problems)).order_by(Instance.id)
    rows = db.scalars(held.with_for_update().execution_options(populate_existing=True)).all()
    events = {item.instance.id: item for item in located}
    for instance in rows:
        instance.problem = problem = problems[instance.id]
        if not problem:
            instance.verify_time = now
        details = {
            "store_name": events[instance.id].store.name,
            "parent_dirs": instance.parent_dirs,
            "good": not problem,
            "error": problem,
        }
        payload = json.dumps(details, ensure_ascii=False)
        db.add(FileEvent(file_id=file.id, time=now, type=VERIFY_INSTANCE, payload=payload))
    db.flush()
    if rows:
        note_files(db, [file.id])
    return list_instances(db, file.name)
