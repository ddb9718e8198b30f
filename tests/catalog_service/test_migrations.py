"""The migrations give the tables, on both databases, whoever else migrates and whenever killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from catalog_service.database import normalise_url
from catalog_service.migrate import migrations_folder, upgrade
from catalog_service.tables import Base
from librarian.service.config import ConfigError
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster

HEAD = ScriptDirectory(str(migrations_folder())).get_current_head()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database that holds nothing."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    cluster = request.getfixturevalue("postgres_cluster")
    cluster.create_database("empty")
    yield cluster.url("empty")
    cluster.drop_database("empty")


def _inspect(url: str, look: Callable[[Connection], Any]) -> Any:
    engine = create_engine(normalise_url(url))
    try:
        with engine.connect() as connection:
            return look(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _differences(connection: Connection) -> list[Any]:
    # SQLite gives defaults back as text in which an empty one cannot be told from none.
    on_postgresql = connection.dialect.name == "postgresql"
    options: dict[str, Any] = {"compare_server_default": on_postgresql}
    if not on_postgresql:
        options["include_object"] = lambda item, *_: not item.dialect_kwargs.get("postgresql_using")
    context = MigrationContext.configure(connection, opts=options)
    differences: list[Any] = compare_metadata(context, Base.metadata)
    return differences


def test_migrating_an_empty_database_gives_the_tables(empty_url: str) -> None:
    upgrade(empty_url)
    assert _inspect(empty_url, _revision) == HEAD
    assert _inspect(empty_url, _differences) == []


def test_the_comparison_sees_what_differs(empty_url: str) -> None:
    upgrade(empty_url)

    def drop_an_index(connection: Connection) -> list[Any]:
        connection.exec_driver_sql("DROP INDEX ix_file_obsid_id")
        return _differences(connection)

    assert len(_inspect(empty_url, drop_an_index)) == 1


def test_names_are_compared_by_bytes_on_postgresql(postgres_url: str) -> None:
    def collations(connection: Connection) -> dict[str, str | None]:
        columns = inspect(connection).get_columns("file")
        return {column["name"]: getattr(column["type"], "collation", None) for column in columns}

    assert _inspect(postgres_url, collations)["name"] == "C"


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)
    assert _inspect(empty_url, _revision) == HEAD


def test_several_that_migrate_at_once_take_turns(empty_url: str) -> None:
    failures: list[str] = []

    def migrate() -> None:
        command = [
            sys.executable,
            "-c",
            f"from catalog_service.migrate import upgrade; upgrade({empty_url!r})",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            failures.append(done.stderr)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert _inspect(empty_url, _revision) == HEAD


_MIGRATE_AND_STOP = """
import os, signal, sys
from sqlalchemy import Engine, event
from catalog_service.migrate import upgrade

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE job" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(sys.argv[1])
"""


def test_one_that_is_killed_leaves_no_half_schema(empty_url: str) -> None:
    killed = subprocess.run([sys.executable, "-c", _MIGRATE_AND_STOP, empty_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    # PostgreSQL notices a little later that its client is gone.
    wait_until(lambda: _inspect(empty_url, _tables) == set(), what="nothing left behind")
    upgrade(empty_url)
    assert _inspect(empty_url, _differences) == []


@pytest.fixture
def humble_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """Return the URL of an empty database in which its account may make tables only."""
    postgres_cluster.create_database("humble")
    url = postgres_cluster.url("humble")
    _run(url, "CREATE ROLE humble LOGIN", "GRANT CREATE ON SCHEMA public TO humble")
    yield url.replace("//librarian@", "//humble@")
    postgres_cluster.drop_database("humble")
    _run(postgres_cluster.url("postgres"), "DROP ROLE humble")


def _run(url: str, *statements: str) -> None:
    def run(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()

    _inspect(url, run)


def test_who_may_not_extend_the_database_is_told_what_to_ask_for(humble_url: str) -> None:
    with pytest.raises(ConfigError, match="administrator run `CREATE EXTENSION pg_trgm`"):
        upgrade(humble_url)
    assert _inspect(humble_url, _tables) == set()
    _run(humble_url.replace("//humble@", "//librarian@"), "CREATE EXTENSION pg_trgm")
    upgrade(humble_url)
    assert _inspect(humble_url, _revision) == HEAD


def test_the_command_alembic_works_in_the_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'by_command.sqlite'}"
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=migrations_folder(),
        env={**os.environ, "LIBRARIAN_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _inspect(url, _revision) == HEAD
