"""Indexes of metadata keys: each key gets its own, soon after its first value, while all work on.

Until then searches by the key are right, and slow.
"""

from sqlalchemy import Connection, select, text, update

from catalog_service.bulk import table_of
from catalog_service.database import Database
from catalog_service.metadata_values import MetadataType, value_column
from catalog_service.tables import MetadataKey

_KEYS = table_of(MetadataKey)
# Number of the PostgreSQL lock of whoever makes indexes.
_INDEXES_LOCK = 0x4C696978
# Of ten million values a hundred say too little.
_VALUES_KNOWN = 1000


def ensure_metadata_indexes(database: Database) -> bool:
    """Make one index that is missing; say whether there was one."""
    with database.readings.begin() as db:
        missing = select(_KEYS.c.id, _KEYS.c.name, _KEYS.c.type).where(~_KEYS.c.indexed)
        key = db.execute(missing.order_by(_KEYS.c.id).limit(1)).one_or_none()
    if key is None:
        return False
    index = f"ix_file_metadata_{key.id}"
    if database.is_sqlite:
        _index_on_sqlite(database, index, key.name, MetadataType(key.type))
    elif not _index_on_postgresql(database, index, key.name, MetadataType(key.type)):
        return False
    with database.transactions.begin() as db:
        db.execute(update(_KEYS).where(_KEYS.c.id == key.id).values(indexed=True))
    return True


def _definition(connection: Connection, name: str, type: MetadataType) -> str:
    """Return what an index holds: values in order, of the files that have one, and their names."""
    value = _value(connection, name, type)
    return f"ON file (({value}), name) WHERE ({value}) IS NOT NULL"


def _learn_values(connection: Connection, index: str, name: str, type: MetadataType) -> None:
    """Have PostgreSQL's planner learn how a key's values are spread.

    It takes that from no index that leaves rows out.
    """
    value = _value(connection, name, type)
    statistics = f"{index}_values"
    connection.exec_driver_sql(
        f"CREATE STATISTICS IF NOT EXISTS {statistics} ON ({value}) FROM file"
    )
    connection.exec_driver_sql(f"ALTER STATISTICS {statistics} SET STATISTICS {_VALUES_KNOWN}")
    connection.exec_driver_sql("ANALYZE file")


def _value(connection: Connection, name: str, type: MetadataType) -> str:
    value = str(value_column(name, type).compile(dialect=connection.dialect))
    return value.replace("file.metadata", "metadata")


def _index_on_sqlite(database: Database, index: str, name: str, type: MetadataType) -> None:
    with database.engine.begin() as connection:
        definition = _definition(connection, name, type)
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index} {definition}")


def _index_on_postgresql(database: Database, index: str, name: str, type: MetadataType) -> bool:
    """Make an index beside what others write; say no when another catalogue makes one."""
    autocommit = {"isolation_level": "AUTOCOMMIT"}
    with database.engine.connect().execution_options(**autocommit) as connection:
        lock = {"number": _INDEXES_LOCK}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), lock):
            return False
        try:
            # One that was broken off is there, and of no use.
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            definition = _definition(connection, name, type)
            connection.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {index} {definition}")
            _learn_values(connection, index, name, type)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), lock)
    return True
