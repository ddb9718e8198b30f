"""Files on record."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.tables import File
from librarian.errors import UnknownFileError
from librarian.names import show_name

_FILES = table_of(File)
# Asked more often than anything else: built once, and without the ORM.
_BY_NAME = select(_FILES).where(_FILES.c.name == bindparam("name"))


def get_file(db: Session, name: str) -> File:
    """Return a file, or raise UnknownFileError."""
    file = db.execute(select(File).where(File.name == _printable(name))).scalar_one_or_none()
    if file is None:
        raise unknown_file(name)
    return file


def get_file_row(connection: Connection, name: str) -> Row[Any]:
    """Return a file's row, or raise UnknownFileError; faster than `get_file`."""
    row = connection.execute(_BY_NAME, {"name": _printable(name)}).one_or_none()
    if row is None:
        raise unknown_file(name)
    return row


def unknown_file(name: str) -> UnknownFileError:
    """Return the error of a name that no file has."""
    return UnknownFileError(f"There is no file {show_name(name)} on record: correct the name.")


def _printable(name: str) -> str:
    # PostgreSQL cannot even be asked for this one.
    if "\0" in name:
        raise unknown_file(name)
    return name
