"""Refusing to serve on a database that could lose what it acknowledged."""

import ctypes
import fcntl
import logging
import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from catalog_service.database import Database
from catalog_service.migrate import check_schema
from librarian.service.config import ConfigError

logger = logging.getLogger(__name__)

# Kinds of network file systems, by the magic number of statfs(2).
NETWORK_FILE_SYSTEMS = {
    0x0000517B: "SMB",
    0x00006969: "NFS",
    0x00C36400: "Ceph",
    0x0BD00BD0: "Lustre",
    0x47504653: "GPFS",
    0x5346414F: "AFS",
    0xFE534D42: "SMB",
    0xFF534D42: "CIFS",
}
_STATFS_BYTES = 256

# Settings of PostgreSQL, and the values under which it keeps what it acknowledged.
_SAFE_SETTINGS = {
    "fsync": ["on"],
    "full_page_writes": ["on"],
    "synchronous_commit": ["on", "local", "remote_write", "remote_apply"],
}


def check_database(database: Database, *, allow_unsafe: bool) -> None:
    """Raise ConfigError unless the database keeps what it commits, and its schema is this one's."""
    try:
        if database.is_sqlite:
            _check_sqlite(database)
        elif not allow_unsafe:
            _check_postgres(database)
        check_schema(database)
    except OperationalError as error:
        raise ConfigError(_explain(database, error)) from error


def _explain(database: Database, error: OperationalError) -> str:
    first_line = str(error.orig).strip().partition("\n")[0]
    return f"The database {database.engine.url.render_as_string()} cannot be used: {first_line}."


def lock_sqlite(database: Database) -> int:
    """Return a descriptor that keeps other catalogues off the same SQLite file while it is open."""
    path = f"{database.engine.url.database}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(
            f"Another catalogue serves {database.engine.url.database}: SQLite has one at a time."
        ) from None
    return descriptor


def _check_sqlite(database: Database) -> None:
    path = Path(database.engine.url.database or "")
    kind = NETWORK_FILE_SYSTEMS.get(file_system_of(path.parent))
    if kind is not None:
        raise ConfigError(
            f"{path} lies on {kind}: SQLite needs a local disk. Move it, or use PostgreSQL."
        )


def file_system_of(path: Path) -> int:
    """Return the kind of the file system that a directory is on, as statfs(2) numbers them."""
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    if ctypes.CDLL(None).statfs(os.fsencode(path), buffer) != 0:
        raise ConfigError(f"The database's directory {path} cannot be reached.")
    # The field is signed on some machines.
    return int(ctypes.c_long.from_buffer(buffer).value) & 0xFFFFFFFF


def _check_postgres(database: Database) -> None:
    with database.engine.connect() as connection:
        for setting, values in _SAFE_SETTINGS.items():
            value = connection.execute(text(f"SHOW {setting}")).scalar_one()
            if value not in values:
                raise ConfigError(
                    f"PostgreSQL has {setting} = {value}, and could lose what it acknowledged:"
                    f" set it to {values[0]}."
                )
        if connection.execute(text("SHOW data_checksums")).scalar_one() != "on":
            logger.warning("PostgreSQL has data_checksums = off: damage on its disk goes unseen.")
