"""Run by Alembic: connects, keeps other migrations away, and runs them in one transaction.

A migration that is killed leaves the schema as it was: both databases have transactional DDL,
SQLite because the driver is kept from committing by itself.
"""

import logging
import os

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import Connection, text

from catalog_service.database import open_database
from catalog_service.tables import Base
from librarian.service.killpoints import reach

logger = logging.getLogger("catalog_service.migrations")

# Any number that nobody else locks in this database; it must never change.
_LOCK_NUMBER = 0x11B4A41A


def run_migrations() -> None:
    """Migrate the database that the caller or LIBRARIAN_DATABASE_URL names."""
    database = open_database(_database_url())
    try:
        with database.engine.begin() as connection:
            if not database.is_sqlite:
                _lock(connection)
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                on_version_apply=lambda **applied: _say_applied(applied["step"]),
            )
            context.run_migrations()
    finally:
        database.dispose()


def _database_url() -> str:
    given: str | None = context.config.attributes.get("database_url")
    url = given or os.environ.get("LIBRARIAN_DATABASE_URL")
    if not url:
        raise SystemExit("Set LIBRARIAN_DATABASE_URL to the address of the database to migrate.")
    return url


def _lock(connection: Connection) -> None:
    """Wait for other migrations: on SQLite the transaction, which begins IMMEDIATE, does so."""
    connection.execute(text("SET LOCAL lock_timeout = '10min'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    # Whoever migrates a catalogue that serves must not make its calls queue for long.
    connection.execute(text("SET LOCAL lock_timeout = '30s'"))


def _say_applied(step: MigrationInfo) -> None:
    logger.info("Migrated the database to step %s.", step.up_revision_id)
    reach(f"migrations.{step.up_revision_id}")


if context.is_offline_mode():
    raise SystemExit("Migrations look at the database: run them without --sql.")
run_migrations()
