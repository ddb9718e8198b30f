"""Writing many rows with few statements, alike on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import FromClause, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

Row = dict[str, Any]


def table_of(noun: type[DeclarativeBase]) -> Table:
    """Return the table of a class: statements on it skip what the ORM adds to each row."""
    found: FromClause = noun.__table__
    assert isinstance(found, Table)  # noqa: S101 - no class of ours maps a join.
    return found


def insert_or(db: Session, table: Table) -> Any:
    """Return an insert that knows ON CONFLICT."""
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def execute_many(db: Session, statement: Any, rows: list[Row]) -> None:
    """Run a statement once for each row, in as few round trips as the driver can."""
    if rows:
        db.connection().execute(statement, rows)


def new_keys(db: Session, table: Table, count: int) -> range | list[int]:
    """Return so many unused values for a table's `id`, for rows that refer to one another.

    SQLite's only writer is this transaction, so the next numbers are free.
    """
    if db.get_bind().dialect.name == "sqlite":
        first = 1 + (db.execute(select(func.max(table.c.id))).scalar_one() or 0)
        return range(first, first + count)
    sequence = text("SELECT nextval(:sequence) FROM generate_series(1, :count)")
    return list(
        db.execute(sequence, {"sequence": f"{table.name}_id_seq", "count": count}).scalars()
    )
