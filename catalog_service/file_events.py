"""Events of files: what happened, only ever added to."""

import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.file_news import note_files
from catalog_service.files import get_file
from catalog_service.tables import FileEvent
from librarian.errors import ConflictError, InvalidRequestError

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100

_MAX_PAYLOAD_BYTES = 64 * 1024
_MAX_TYPE_CHARACTERS = 255
_MAX_REQUEST_ID_CHARACTERS = 128


def list_file_events(
    db: Session, file_name: str, after: int, page_size: int
) -> tuple[Sequence[FileEvent], int]:
    """Return a page of a file's events, oldest first, and the key to go on after, or 0.

    Raises UnknownFileError.
    """
    file = get_file(db, file_name)
    statement = select(FileEvent).where(FileEvent.file_id == file.id, FileEvent.id > after)
    rows = db.execute(statement.order_by(FileEvent.id).limit(page_size + 1)).scalars().all()
    return rows[:page_size], rows[page_size - 1].id if len(rows) > page_size else 0


def create_file_event(
    db: Session, file_name: str, event_type: str, payload_json: str, request_key: str | None
) -> FileEvent:
    """Log an event with a file; the same key again returns the event already logged.

    Raises UnknownFileError, InvalidRequestError, and ConflictError for a key used otherwise.
    """
    check_event(event_type, payload_json, request_key)
    file = get_file(db, file_name)
    if request_key is not None and (earlier := _find_event(db, request_key)):
        if (earlier.file_id, earlier.type, earlier.payload) != (file.id, event_type, payload_json):
            raise ConflictError("The request_id was used for another event: use a new one.")
        return earlier
    event = FileEvent(
        file_id=file.id,
        time=database_time(db),
        type=event_type,
        payload=payload_json,
        request_id=request_key,
    )
    db.add(event)
    db.flush()
    note_files(db, [file.id])
    return event


def check_event(event_type: str, payload_json: str, request_key: str | None) -> None:
    """Raise InvalidRequestError for an event that cannot be logged."""
    if not 1 <= len(event_type) <= _MAX_TYPE_CHARACTERS or not event_type.isprintable():
        raise InvalidRequestError("The type of an event has 1 to 255 printable characters.")
    if len(payload_json.encode()) > _MAX_PAYLOAD_BYTES:
        raise InvalidRequestError("The details of an event have at most 64 KiB: say less.")
    if not isinstance(_parse(payload_json), dict):
        raise InvalidRequestError("The details of an event must be a JSON object, such as {}.")


def _parse(payload_json: str) -> object:
    try:
        return json.loads(payload_json, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"The details of the event are not JSON: {error}.") from error


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not a JSON number")


def _find_event(db: Session, request_key: str) -> FileEvent | None:
    return db.execute(
        select(FileEvent).where(FileEvent.request_id == request_key)
    ).scalar_one_or_none()
