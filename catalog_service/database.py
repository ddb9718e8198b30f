"""Engines and transactions: the settings that were tested to lose nothing.

SQLite runs in WAL mode with `synchronous=FULL` (NORMAL loses acknowledged commits), and each
write transaction begins IMMEDIATE: a deferred one fails with "database is locked" when it comes
to write. Reads have an engine of their own there, so that they never wait for a writer.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker

from catalog_service.sqlite_functions import add_functions

Transactions = sessionmaker[Session]

# The key in a transaction's `info` of the seconds that a search in it may take.
SEARCH_TIMEOUT = "search_timeout_seconds"


@dataclass(frozen=True)
class Database:
    """A catalogue's database: `transactions` that may write, `readings` that may not."""

    engine: Engine
    transactions: Transactions
    readings: Transactions

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is SQLite, which has one process and one writer."""
        return self.engine.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close all connections."""
        for maker in (self.transactions, self.readings):
            maker.kw["bind"].dispose()


def normalise_url(database_url: str) -> URL:
    """Return the URL with its driver said: SQLAlchemy 2.1 takes `postgresql://` for psycopg 3."""
    url = make_url(database_url)
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg2")
    return url


def open_database(
    database_url: str, pool_size: int = 16, *, search_timeout_seconds: float = 60.0
) -> Database:
    """Connect lazily to a migrated database, SQLite or PostgreSQL."""
    url = normalise_url(database_url)
    # What each of the transactions knows, wherever in them a search is made.
    info = {SEARCH_TIMEOUT: search_timeout_seconds}
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, pool_size, info)
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        isolation_level="READ COMMITTED",
        # Many updates travel together; one after the other each would cost a round trip.
        executemany_mode="values_plus_batch",
        connect_args={
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "options": "-c timezone=UTC -c lock_timeout=30s"
            " -c idle_in_transaction_session_timeout=60s",
        },
    )
    transactions = sessionmaker(engine, expire_on_commit=False, info=info)
    return Database(engine, transactions, transactions)


def _open_sqlite(url: URL, pool_size: int, info: dict[str, Any]) -> Database:
    writer = create_engine(url, pool_size=pool_size, max_overflow=pool_size)
    reader = create_engine(url, pool_size=pool_size, max_overflow=pool_size)
    _configure_sqlite(writer, begin="BEGIN IMMEDIATE", query_only=False)
    _configure_sqlite(reader, begin="BEGIN", query_only=True)
    return Database(
        writer,
        sessionmaker(writer, expire_on_commit=False, info=info),
        sessionmaker(reader, expire_on_commit=False, info=info),
    )


def _configure_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        # The driver's own transaction control begins transactions too late for IMMEDIATE.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        add_functions(connection)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)
