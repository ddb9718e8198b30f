"""Bringing a database's schema to the newest step."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, OperationalError

from catalog_service.database import Database, open_database
from librarian.service.config import ConfigError

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent


def upgrade(database_url: str) -> None:
    """Bring a database to the newest step; one that is newer than this software stays as it is.

    Steps that are missing run in one transaction, and another process that migrates is waited for.
    """
    database = open_database(database_url)
    try:
        newer = _is_newer(database)
    except OperationalError as error:
        first_line = str(error.orig).strip().partition("\n")[0]
        shown = database.engine.url.render_as_string()
        raise ConfigError(f"The database {shown} cannot be used: {first_line}.") from error
    finally:
        database.dispose()
    if not newer:
        _upgrade(database_url)


def _upgrade(database_url: str) -> None:
    try:
        command.upgrade(alembic_config(database_url), "head")
    except DBAPIError as error:
        if "CREATE EXTENSION" not in (error.statement or ""):
            raise
        first_line = str(error.orig).strip().partition("\n")[0]
        raise ConfigError(
            f"The database needs PostgreSQL's extension pg_trgm, and {first_line}: have its"
            " administrator run `CREATE EXTENSION pg_trgm` in it, and try again."
        ) from error


def check_schema(database: Database) -> None:
    """Raise ConfigError when the schema is older than this software; a newer one will do."""
    newest = ScriptDirectory.from_config(alembic_config()).get_heads()
    if _is_newer(database):
        logger.warning("The database has been made ready for a newer version of the catalogue.")
    elif _steps(database) != set(newest):
        raise ConfigError(
            "The database is not ready for this version of the catalogue:"
            " run `python -m catalog_service setup` with the same --config first."
        )


def _is_newer(database: Database) -> bool:
    script = ScriptDirectory.from_config(alembic_config())
    return not _steps(database) <= {step.revision for step in script.walk_revisions()}


def _steps(database: Database) -> set[str]:
    with database.readings() as db:
        return set(MigrationContext.configure(db.connection()).get_current_heads())


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
