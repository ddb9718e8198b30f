"""Uploads: what is started, and what becomes of it when the same call comes again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.metadata import MetadataValue
from catalog_service.observation_rules import ObservationFacts, check_facts
from catalog_service.tables import Agent, File, Store, Upload
from librarian.checksums import parse_checksum
from librarian.errors import (
    FileMismatchError,
    InvalidRequestError,
    StateError,
    UnknownUploadError,
)
from librarian.names import check_file_name, check_parent_dirs, show_name

LEASE = timedelta(hours=1)
MAX_SIZE_BYTES = 1 << 60

_MAX_KEY_CHARACTERS = 128
_UPLOADS = table_of(Upload)
_FILES = table_of(File)
OPEN_STATES = ("RECEIVING", "VERIFIED")


class KnownFile(NamedTuple):
    """A file on record, without its metadata: no row of the ORM, for thousands are looked up."""

    id: int
    name: str
    type: str
    size_bytes: int
    checksum: str
    obsid: int | None
    create_time: datetime
    source: str
    instance_count: int


_KNOWN_FILES = select(*(_FILES.c[column] for column in KnownFile._fields))


@dataclass(frozen=True)
class NewUpload:
    """What a caller asks to bring in."""

    file_name: str
    parent_dirs: str
    size_bytes: int
    request_id: str
    checksum: str = ""
    null_obsid: bool = False
    observation: ObservationFacts | None = None
    store_name: str = ""
    deletion_allowed: bool = False
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


def batch_of(upload_id: str) -> str:
    """Return the batch that an upload was started in: the subject of its write ticket."""
    return upload_id.rpartition("-")[0]


def find_files(db: Session, names: Sequence[str]) -> dict[str, KnownFile]:
    """Return those of the files that are on record, by name."""
    # No file has a name with a NUL in it, and PostgreSQL cannot even be asked for one.
    possible = [name for name in names if "\0" not in name]
    rows = db.execute(_KNOWN_FILES.where(is_one_of(db, _FILES.c.name, possible))).all()
    return {row.name: KnownFile(*row) for row in rows}


def check_new_upload(item: NewUpload) -> NewUpload:
    """Return a request with its checksum in our form, or raise InvalidRequestError."""
    check_file_name(item.file_name)
    check_parent_dirs(item.parent_dirs)
    if not 0 <= item.size_bytes <= MAX_SIZE_BYTES:
        raise InvalidRequestError(f"A file cannot have {item.size_bytes} bytes: correct its size.")
    if not 1 <= len(item.request_id) <= _MAX_KEY_CHARACTERS or not item.request_id.isprintable():
        raise InvalidRequestError("A request_id has 1 to 128 printable characters.")
    if item.observation is not None:
        check_facts(item.observation)
        if item.null_obsid:
            raise InvalidRequestError("Give either an observation or null_obsid, not both.")
    checksum = str(parse_checksum(item.checksum)) if item.checksum else ""
    return NewUpload(**{**vars(item), "checksum": checksum})


def refuse_other_contents(file: KnownFile, size_bytes: int, checksum: str) -> None:
    """Raise FileMismatchError when contents are surely not those of the file on record."""
    differs = size_bytes != file.size_bytes
    if checksum and algorithm_of(checksum) == algorithm_of(file.checksum):
        differs = differs or checksum != file.checksum
    if differs:
        raise other_contents(file)


def other_contents(file: KnownFile) -> FileMismatchError:
    """Return the error of contents that are not those on record."""
    return FileMismatchError(
        f"The file {show_name(file.name)} is on record with other contents ({file.size_bytes:,}"
        f" bytes, {file.checksum}), and stays as it is: choose another name."
    )


def algorithm_of(checksum: str) -> str:
    """Return the algorithm of a checksum that is in our form."""
    return checksum.partition(":")[0]


def get_upload(db: Session, account_name: str, upload_id: str, *, lock: bool = False) -> Upload:
    """Return an upload of the account's own, or raise UnknownUploadError."""
    statement = select(Upload).where(Upload.id.in_(possible_ids([upload_id])))
    if lock:
        statement = statement.with_for_update()
    upload = db.execute(statement).scalar_one_or_none()
    if upload is None or upload.account_name != account_name:
        raise unknown_upload(upload_id)
    return upload


def possible_ids(upload_ids: Iterable[str]) -> list[str]:
    """Return those ids that an upload can have: PostgreSQL cannot even be asked for others."""
    return [upload_id for upload_id in upload_ids if "\0" not in upload_id]


def unknown_upload(upload_id: str) -> UnknownUploadError:
    """Return the error of an upload that is not there, or is another account's."""
    return UnknownUploadError(f"You have no upload {show_name(upload_id)}: start it anew.")


def load_places(db: Session, store_ids: Iterable[int]) -> dict[int, tuple[Store, Agent]]:
    """Return stores with their agents, by the stores' keys."""
    statement = select(Store, Agent).join(Agent, Agent.id == Store.agent_id)
    rows = db.execute(statement.where(Store.id.in_(set(store_ids))))
    return {store.id: (store, agent) for store, agent in rows}


def renew_uploads(db: Session, account_name: str, upload_ids: Sequence[str]) -> int:
    """Give uploads that are still receiving another lease; return how many there were."""
    mine = select(_UPLOADS.c.id).where(
        _UPLOADS.c.id.in_(possible_ids(upload_ids)),
        _UPLOADS.c.account_name == account_name,
        _UPLOADS.c.state == "RECEIVING",
    )
    # Locked in the order in which others lock them, so that no two wait for each other.
    ids = db.execute(mine.order_by(_UPLOADS.c.id).with_for_update()).scalars().all()
    statement = update(_UPLOADS).where(_UPLOADS.c.id.in_(ids))
    db.connection().execute(statement.values(expire_time=database_time(db) + LEASE))
    return len(ids)


def cancel_upload(db: Session, account_name: str, upload_id: str) -> Upload:
    """Give an upload up; cancelling it again changes nothing. Raises StateError when too late."""
    upload = get_upload(db, account_name, upload_id, lock=True)
    if upload.state in ("VERIFIED", "DONE"):
        raise StateError(
            f"The upload of {show_name(upload.file_name)} is {upload.state.lower()} already, and"
            " can no longer be cancelled."
        )
    if upload.state == "RECEIVING":
        upload.state = "CANCELLED"
        upload.error = "It was cancelled."
        # A worker that is verifying it must not go on.
        upload.fence += 1
    return upload
