"""Indexes of metadata keys: each key gets its own, soon after its first value, while all work on.

Until then searches by the key are right, and slow.
"""

from sqlalchemy import Connection, Row, select, text, update

from catalog_service.bulk import table_of
from catalog_service.database import Database
from catalog_service.metadata_values import MetadataType, value_column
from catalog_service.tables import MetadataKey

_KEYS = table_of(MetadataKey)
_Key = Row[int, str, str]

# Number of the PostgreSQL lock of whoever makes indexes.
_INDEXES_LOCK = 0x4C696978
# Of ten million values a hundred say too little.
_VALUES_KNOWN = 1000


def ensure_metadata_indexes(database: Database) -> bool:
    """Make one index that is missing; say whether there was one, and nobody else was at it."""
    key = _next_key(database)
    if key is None:
        return False
    if not database.is_sqlite:
        return _index_on_postgresql(database)
    _index_on_sqlite(database, key)
    _mark_indexed(database, key)
    return True


def _next_key(database: Database) -> _Key | None:
    missing = select(_KEYS.c.id, _KEYS.c.name, _KEYS.c.type).where(~_KEYS.c.indexed)
    with database.readings.begin() as db:
        return db.execute(missing.order_by(_KEYS.c.id).limit(1)).one_or_none()


def _mark_indexed(database: Database, key: _Key) -> None:
    with database.transactions.begin() as db:
        db.execute(update(_KEYS).where(_KEYS.c.id == key.id).values(indexed=True))


def _index_on_sqlite(database: Database, key: _Key) -> None:
    with database.engine.begin() as connection:
        definition = _definition(_value(connection, key))
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {_index_of(key)} {definition}")


def _index_on_postgresql(database: Database) -> bool:
    """Make an index beside what others write; say no when another catalogue makes one."""
    autocommit = {"isolation_level": "AUTOCOMMIT"}
    with database.engine.connect().execution_options(**autocommit) as connection:
        lock = {"number": _INDEXES_LOCK}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), lock):
            return False
        try:
            # Asked again: whoever had the lock may have made the index that was missing.
            if (key := _next_key(database)) is None:
                return False
            index, value = _index_of(key), _value(connection, key)
            # One that was broken off is there, and of no use.
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            connection.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {index} {_definition(value)}")
            _learn_values(connection, index, value)
            _mark_indexed(database, key)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), lock)
    return True


def _learn_values(connection: Connection, index: str, value: str) -> None:
    """Have PostgreSQL's planner learn how a key's values are spread.

    It takes that from no index that leaves rows out.
    """
    statistics = f"{index}_values"
    connection.exec_driver_sql(
        f"CREATE STATISTICS IF NOT EXISTS {statistics} ON ({value}) FROM file"
    )
    connection.exec_driver_sql(f"ALTER STATISTICS {statistics} SET STATISTICS {_VALUES_KNOWN}")
    connection.exec_driver_sql("ANALYZE file")


def _index_of(key: _Key) -> str:
    return f"ix_file_metadata_{key.id}"


def _definition(value: str) -> str:
    """Return what an index holds: values in order, of the files that have one, and their names."""
    return f"ON file (({value}), name) WHERE ({value}) IS NOT NULL"


def _value(connection: Connection, key: _Key) -> str:
    column = value_column(key.name, MetadataType(key.type))
    return str(column.compile(dialect=connection.dialect)).replace("file.metadata", "metadata")
