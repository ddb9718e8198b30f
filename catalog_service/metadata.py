"""Custom metadata: keys, which have one type at a site, and the values that files have for them."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import execute_many, insert_or, is_sqlite, table_of
from catalog_service.clock import database_time
from catalog_service.file_news import note_files
from catalog_service.files import get_file
from catalog_service.metadata_values import MetadataType, is_key_name
from catalog_service.tables import File, FileEvent, MetadataKey
from librarian.errors import InvalidRequestError

MetadataValue = str | int | float | bool | datetime

MAX_KEYS_PER_SITE = 200
MAX_KEYS_PER_FILE = 64
MAX_FILE_BYTES = 16 * 1024
MAX_TEXT_BYTES = 1024

UPDATE_METADATA = "update_metadata"

_KEYS = table_of(MetadataKey)
# Number of the PostgreSQL lock under which keys are made, so that a site never gets too many.
_KEYS_LOCK = 0x4C696B79
_ARTICLES = {
    MetadataType.TEXT: "a text",
    MetadataType.NUMBER: "a number",
    MetadataType.BOOLEAN: "true or false",
    MetadataType.TIME: "a time",
}


def load_keys(db: Session) -> dict[str, MetadataType]:
    """Return the type of each metadata key of the site, by name."""
    rows = db.execute(select(_KEYS.c.name, _KEYS.c.type).order_by(_KEYS.c.name))
    return {name: MetadataType(type) for name, type in rows}


def find_time_keys(db: Session | Connection) -> set[str]:
    """Return the names of the keys whose values are times."""
    time = MetadataType.TIME.value
    return set(db.execute(select(_KEYS.c.name).where(_KEYS.c.type == time)).scalars())


def check_metadata(values: Mapping[str, MetadataValue]) -> None:
    """Raise InvalidRequestError for metadata that no file may have."""
    if len(values) > MAX_KEYS_PER_FILE:
        raise InvalidRequestError(f"A file has at most {MAX_KEYS_PER_FILE} metadata keys.")
    for key, value in values.items():
        _check_key(key)
        _check_value(key, value)
    if len(to_json(values).encode()) > MAX_FILE_BYTES:
        raise InvalidRequestError(f"A file's metadata have at most {MAX_FILE_BYTES:,} bytes.")


def to_json(values: Mapping[str, MetadataValue]) -> str:
    """Return metadata as the text that is kept."""
    if not values:
        return "{}"
    return json.dumps({key: _kept(value) for key, value in values.items()}, ensure_ascii=False)


class MetadataKeys:
    """The keys of the site, as one transaction sees and makes them."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._known: dict[str, MetadataType] = {}

    def check(self, values: Mapping[str, MetadataValue]) -> None:
        """Raise InvalidRequestError for metadata that no file may have, or not of their types."""
        check_metadata(values)
        if values.keys() - self._known.keys():
            self._known = load_keys(self._db)
        self._check_types(values)

    def settle(self, values: Mapping[str, MetadataValue]) -> None:
        """Check metadata, and make the keys that are new, each with the type of its value."""
        self.check(values)
        if missing := values.keys() - self._known.keys():
            self._known = _make_keys(self._db, {key: type_of(values[key]) for key in missing})
            # Another may have made one of them first.
            self._check_types(values)

    def _check_types(self, values: Mapping[str, MetadataValue]) -> None:
        for key, value in values.items():
            kind = type_of(value)
            if self._known.get(key, kind) is not kind:
                raise InvalidRequestError(
                    f"The metadata key {key!r} takes {_ARTICLES[self._known[key]]} at this site,"
                    f" not {_kept(value)!r}."
                )


def update_metadata(
    db: Session, file_name: str, new: Mapping[str, MetadataValue], remove: Iterable[str]
) -> File:
    """Set and remove metadata of a file, and log what that changed.

    Raises UnknownFileError and InvalidRequestError.
    """
    removed = set(remove)
    for key in removed:
        _check_key(key)
    if both := removed & new.keys():
        raise InvalidRequestError(f"{min(both)!r} is both set and removed: say one of them.")
    MetadataKeys(db).settle(new)
    file = get_file(db, file_name)
    # Who changes it at the same time goes first, or waits.
    db.refresh(file, with_for_update=True)
    kept = {key: value for key, value in file.custom.items() if key not in removed}
    kept |= {key: _kept(value) for key, value in new.items()}
    if kept != file.custom:
        _check_whole(kept)
        _log_change(db, file, kept)
        db.execute(update(File).where(File.id == file.id).values(custom=kept))
        note_files(db, [file.id])
        db.refresh(file)
    return file


def type_of(value: MetadataValue) -> MetadataType:
    """Return the type that a value has."""
    # To Python, true and false are numbers as well.
    if isinstance(value, bool):
        return MetadataType.BOOLEAN
    if isinstance(value, int | float):
        return MetadataType.NUMBER
    return MetadataType.TEXT if isinstance(value, str) else MetadataType.TIME


def kept_time(time: datetime) -> str:
    """Return a time as metadata keep it: the order of such texts is that of time."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _kept(value: MetadataValue) -> Any:
    if isinstance(value, datetime):
        return kept_time(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _make_keys(db: Session, types: Mapping[str, MetadataType]) -> dict[str, MetadataType]:
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_KEYS_LOCK)))
    known = load_keys(db)
    if len(known.keys() | types.keys()) > MAX_KEYS_PER_SITE:
        raise InvalidRequestError(
            f"A site has at most {MAX_KEYS_PER_SITE} metadata keys: use one of those that are"
            " there."
        )
    statement = insert_or(db, _KEYS).on_conflict_do_nothing(index_elements=[_KEYS.c.name])
    rows = [{"name": key, "type": types[key].value} for key in sorted(types)]
    execute_many(db, statement, rows)
    return load_keys(db)


def _check_key(key: str) -> None:
    if not is_key_name(key):
        raise InvalidRequestError(
            "The name of a metadata key is a letter and at most 63 letters, digits or '_' after"
            f" it, not {key[:80]!r}."
        )


def _check_value(key: str, value: MetadataValue | None) -> None:
    if value is None:
        raise InvalidRequestError(f"The metadata {key!r} has no value, or a time of no calendar.")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequestError(f"The metadata {key!r} is not a finite number.")
    if isinstance(value, str) and ("\0" in value or len(value.encode()) > MAX_TEXT_BYTES):
        raise InvalidRequestError(
            f"The metadata {key!r} is a text of more than {MAX_TEXT_BYTES:,} bytes, or has a NUL"
            " in it."
        )


def _check_whole(kept: Mapping[str, Any]) -> None:
    if len(kept) > MAX_KEYS_PER_FILE or len(json.dumps(kept).encode()) > MAX_FILE_BYTES:
        raise InvalidRequestError(
            f"A file's metadata have at most {MAX_KEYS_PER_FILE} keys and {MAX_FILE_BYTES:,}"
            " bytes: remove some."
        )


def _log_change(db: Session, file: File, kept: Mapping[str, Any]) -> None:
    before = {key: value for key, value in file.custom.items() if kept.get(key) != value}
    payload = {
        "set": {key: value for key, value in kept.items() if file.custom.get(key) != value},
        "removed": sorted(file.custom.keys() - kept.keys()),
        "before": before,
    }
    db.add(
        FileEvent(
            file_id=file.id,
            time=database_time(db),
            type=UPDATE_METADATA,
            payload=json.dumps(payload, ensure_ascii=False),
        )
    )
    db.flush()
