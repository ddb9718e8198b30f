"""Where else files are believed to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, literal, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among, insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.files import get_file
from catalog_service.tables import File, Librarian, RemoteInstance

_REMOTE_INSTANCES = table_of(RemoteInstance)


@dataclass(frozen=True)
class RemotePlace:
    """A neighbour that is believed to have a file."""

    librarian_name: str
    confirm_time: datetime


def add_remote_instances(db: Session, librarian_id: int, file_ids: Iterable[int]) -> int:
    """Record that a neighbour has files, verified, as of now; return how many were news."""
    ids, now = set(file_ids), database_time(db)
    if not ids:
        return 0
    # In one order, so that two who record the same do not lock each other out.
    time = literal(now, _REMOTE_INSTANCES.c.confirm_time.type)
    rows = (
        select(File.id, File.name, literal(librarian_id), time)
        .where(has_key_among(db, File.id, ids))
        .order_by(File.id)
    )
    statement = insert_or(db, _REMOTE_INSTANCES).from_select(
        ["file_id", "file_name", "librarian_id", "confirm_time"], rows
    )
    added = int(db.connection().execute(statement.on_conflict_do_nothing()).rowcount)
    if added < len(ids):
        db.execute(
            update(_REMOTE_INSTANCES).where(*_of(db, librarian_id, ids)).values(confirm_time=now)
        )
    _count(db, librarian_id, added)
    return added


def remove_remote_instances(db: Session, librarian_id: int, file_ids: Iterable[int]) -> int:
    """Believe no more that a neighbour has files; return how many were believed to be there."""
    ids = set(file_ids)
    if not ids:
        return 0
    statement = delete(_REMOTE_INSTANCES).where(*_of(db, librarian_id, ids))
    removed = int(db.connection().execute(statement).rowcount)
    _count(db, librarian_id, -removed)
    return removed


def list_remote_instances(db: Session, file_name: str) -> Sequence[RemotePlace]:
    """Return where else a file is believed to be; raise UnknownFileError when there is none."""
    file = get_file(db, file_name)
    rows = db.execute(
        select(Librarian.name, RemoteInstance.confirm_time)
        .join(RemoteInstance, RemoteInstance.librarian_id == Librarian.id)
        .where(RemoteInstance.file_id == file.id)
        .order_by(Librarian.name)
    )
    return [RemotePlace(name, time) for name, time in rows]


def _of(
    db: Session, librarian_id: int, ids: set[int]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    columns = _REMOTE_INSTANCES.c
    return columns.librarian_id == librarian_id, has_key_among(db, columns.file_id, ids)


def _count(db: Session, librarian_id: int, change: int) -> None:
    if change:
        db.execute(
            update(Librarian)
            .where(Librarian.id == librarian_id)
            .values(remote_instance_count=Librarian.remote_instance_count + change)
        )
