"""Bringing a database's schema to the newest step."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalog_service.database import Database
from librarian.service.config import ConfigError

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent


def upgrade(database_url: str) -> None:
    """Bring a database to the newest step; one that is newer than this software stays as it is.

    Steps that are missing run in one transaction, and another process that migrates is waited for.
    """
    config = alembic_config(database_url)
    command.upgrade(config, "head")


def check_schema(database: Database) -> None:
    """Raise ConfigError when the schema is older than this software; a newer one will do."""
    script = ScriptDirectory.from_config(alembic_config())
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    known = {revision.revision for revision in script.walk_revisions()}
    if set(found) == set(script.get_heads()):
        return
    if not found or set(found) <= known:
        raise ConfigError(
            "The database is not ready for this version of the catalogue:"
            " run `python -m catalog_service setup` with the same --config first."
        )
    logger.warning("The database has been made ready for a newer version of the catalogue.")


def alembic_config(database_url: str | None = None) -> Config:
    """Return the configuration by which Alembic finds the migrations and the database."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def migrations_folder() -> Path:
    """Return the folder of the migrations: an installed wheel carries it in this package."""
    installed = _HERE / "migrations"
    return installed if installed.is_dir() else _HERE.parent / "migrations"
