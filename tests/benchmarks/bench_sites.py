"""Where a case runs: a site of its own, and a bare database of the same kind beside it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg2
from psycopg2.extras import execute_values
from sqlalchemy.engine import make_url

from tests.postgres_cluster import PostgresCluster
from tests.system.site import SERVICES, Environments, Service, Site

DATABASES = ("sqlite", "postgresql")


class BareDatabase(Protocol):
    """A database through its driver alone, as a yardstick uses it: one transaction at a time."""

    def execute(self, statement: str, row: Sequence[Any] = ()) -> None:
        """Execute a statement whose values are marked by `?`."""
        ...

    def fetch(self, statement: str, row: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Insert rows in the quickest way that the driver has."""
        ...

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def commit(self) -> None:
        """Commit, durably."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True)
class Bench:
    """What a case may use; `directory` lies on the disk of the site's store."""

    site: Site
    database: str
    directory: Path
    site_url: str
    yardstick_url: str

    def open_yardstick(self) -> BareDatabase:
        """Open the bare database, which is empty at first."""
        return open_bare(self.yardstick_url)

    def open_catalog(self) -> BareDatabase:
        """Open the catalogue's own database, to read what it holds."""
        return open_bare(self.site_url)


@contextmanager
def bench_site(
    root: Path,
    case: str,
    cluster: PostgresCluster | None,
    *,
    services: tuple[Service, ...] = SERVICES,
    environment: Environments | None = None,
) -> Iterator[Bench]:
    """Run a new site on SQLite, or on the cluster.

    What it leaves lies beneath `root` for the caller to remove when all is measured: ext4 is slow
    to make files for a minute after many were removed.
    """
    database = "sqlite" if cluster is None else "postgresql"
    directory = root / f"{case}-{database}"
    directory.mkdir()
    urls = [new_database(directory, name, cluster) for name in ("site", "yardstick")]
    with Site(directory / "site", urls[0], services=services, environment=environment) as site:
        yield Bench(site, database, directory, urls[0], urls[1])


def new_database(directory: Path, name: str, cluster: PostgresCluster | None) -> str:
    """Return the address of a new database in a directory, or of that name on the cluster."""
    if cluster is None:
        return f"sqlite:///{directory / name}.sqlite"
    cluster.create_database(f"{directory.name}-{name}")
    return cluster.url(f"{directory.name}-{name}")


def open_bare(database_url: str) -> BareDatabase:
    """Open a database by its driver, as durable as the catalogue keeps it."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return BareSqlite(str(url.database))
    return BarePostgres(str(url.query["host"]), str(url.username), str(url.database))


class BareSqlite:
    """SQLite through `sqlite3`."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")

    def execute(self, statement: str, row: Sequence[Any] = ()) -> None:
        """Execute a statement."""
        self._db.execute(statement, row)

    def fetch(self, statement: str, row: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._db.execute(statement, row).fetchall()

    def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Insert rows by `executemany`."""
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        self._db.executemany(statement, rows)

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        return [str(row[1]) for row in self.fetch(f"PRAGMA table_info({table})")]

    def begin(self) -> None:
        """Begin a transaction that writes."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit."""
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


class BarePostgres:
    """PostgreSQL through `psycopg2`."""

    def __init__(self, host: str, user: str, database: str) -> None:
        self._db = psycopg2.connect(host=host, user=user, dbname=database)
        self._cursor = self._db.cursor()

    def execute(self, statement: str, row: Sequence[Any] = ()) -> None:
        """Execute a statement."""
        self._cursor.execute(statement.replace("?", "%s"), row)

    def fetch(self, statement: str, row: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        self.execute(statement, row)
        return self._cursor.fetchall()

    def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Insert rows by `execute_values`."""
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES %s"  # noqa: S608
        execute_values(self._cursor, statement, rows, page_size=1000)

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        self.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608
        return [str(column.name) for column in self._cursor.description or ()]

    def begin(self) -> None:
        """Do nothing: the driver begins a transaction with its first statement."""

    def commit(self) -> None:
        """Commit."""
        self._db.commit()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


@contextmanager
def opened(database: BareDatabase) -> Iterator[BareDatabase]:
    """Close a bare database in the end."""
    with closing(database):
        yield database
