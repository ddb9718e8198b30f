"""Reading and writing many rows with few statements, alike on SQLite and PostgreSQL."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    String,
    Table,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

Row = dict[str, Any]

_PAGE_ROWS = 1000


def is_sqlite(db: Session) -> bool:
    """Tell whether this is SQLite; else it is PostgreSQL."""
    return db.get_bind().dialect.name == "sqlite"


def table_of(noun: type[DeclarativeBase]) -> Table:
    """Return the table of a class: statements on it skip what the ORM adds to each row."""
    found: FromClause = noun.__table__
    assert isinstance(found, Table)  # noqa: S101 - no class of ours maps a join.
    return found


def insert_or(db: Session, table: Table) -> Any:
    """Return an insert that knows ON CONFLICT."""
    dialect = sqlite if is_sqlite(db) else postgresql
    return dialect.insert(table)


def execute_many(db: Session, statement: Any, rows: list[Row]) -> None:
    """Run a statement once for each row, in as few round trips as the driver can."""
    if rows:
        db.connection().execute(statement, rows)


def insert_rows(
    db: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows by the driver alone: 100,000 files cost half of what SQLAlchemy adds to them.

    Values are as the driver takes them: times from `driver_time`.
    """
    if not rows:
        return
    into = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - our own names.
    if is_sqlite(db):
        marks = ", ".join("?" * len(columns))
        db.connection().exec_driver_sql(f"{into}({marks})", list(rows))
        return
    _execute_values(db, f"{into}%s", rows)


def _execute_values(db: Session, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement of PostgreSQL's with many rows of values at a time."""
    # PostgreSQL's driver is an extra: a site on SQLite does without it.
    import psycopg2
    from psycopg2.extras import execute_values

    driver: Any = db.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor:
            execute_values(cursor, statement, rows, page_size=_PAGE_ROWS)
    except psycopg2.Error as error:
        # As SQLAlchemy raises it: a transaction that lost a race is run again.
        raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


def insert_dicts(db: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns in the same order, by the driver alone."""
    if not rows:
        return

    @cache
    def driven(time: datetime) -> Any:
        return driver_time(db, time)

    values = [
        tuple(driven(value) if isinstance(value, datetime) else value for value in row.values())
        for row in rows
    ]
    insert_rows(db, table, tuple(rows[0]), values)


def update_rows(
    db: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set columns, the first of which is the key, of one row after the other by the driver alone.

    In the order given, for unique columns let others wait: where none is unique, and the caller
    has locked the rows, `update_by_id` is quicker on PostgreSQL. Values as for `insert_rows`.
    """
    if not rows:
        return
    mark = "?" if is_sqlite(db) else "%s"
    values = ", ".join(f"{column} = {mark}" for column in columns[1:])
    statement = f"UPDATE {table.name} SET {values} WHERE {columns[0]} = {mark}"  # noqa: S608 - our own names.
    db.connection().exec_driver_sql(statement, [(*row[1:], row[0]) for row in rows])


def update_by_id(
    db: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set columns of rows, each given by its `id` and then its values, in whatever order.

    On PostgreSQL a thousand a round trip: see `update_rows` for where the order counts.
    """
    if not rows:
        return
    if is_sqlite(db):
        update_rows(db, table, ("id", *columns), rows)
        return
    changes = ", ".join(f"{column} = new.{column}" for column in columns)
    statement = (
        f"UPDATE {table.name} SET {changes}"  # noqa: S608 - our own names.
        f" FROM (VALUES %s) AS new (id, {', '.join(columns)}) WHERE {table.name}.id = new.id"
    )
    _execute_values(db, statement, rows)


def driver_time(db: Session, time: datetime) -> Any:
    """Return a time as the driver takes it: SQLite's has text, as SQLAlchemy writes it there."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite(db) else time


def is_one_of(db: Session, column: Any, names: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a text column has one of many values, with one parameter."""
    return _is_among(db, column, list(names), String)


def has_key_among(db: Session, column: Any, keys: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition that a column of numbers has one of many, with one parameter."""
    return _is_among(db, column, sorted(set(keys)), BigInteger)


def _is_among(db: Session, column: Any, values: list[Any], kind: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool]
    if is_sqlite(db):
        each = func.json_each(json.dumps(values)).table_valued("value")
        condition = column.in_(select(each.c.value))
        return condition
    condition = column == any_(bindparam(None, values, type_=postgresql.ARRAY(kind)))
    return condition


def new_keys(db: Session, table: Table, count: int) -> Sequence[int]:
    """Return so many unused values for a table's `id`, for rows that refer to one another.

    SQLite's only writer is this transaction, so the next numbers are free.
    """
    if is_sqlite(db):
        first = 1 + (db.execute(select(func.max(table.c.id))).scalar_one() or 0)
        return range(first, first + count)
    sequence = text("SELECT nextval(:sequence) FROM generate_series(1, :count)")
    return list(
        db.execute(sequence, {"sequence": f"{table.name}_id_seq", "count": count}).scalars()
    )
