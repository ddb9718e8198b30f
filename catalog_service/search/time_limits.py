"""The time that a search may take: whatever a person typed, nobody waits for it for ever."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from catalog_service.bulk import is_sqlite
from catalog_service.database import SEARCH_TIMEOUT
from librarian.errors import InvalidRequestError

_QUERY_CANCELED = "57014"
# What PostgreSQL says of values: that one is no regular expression, or that it is too complex.
_OF_THE_VALUES = ("22", "54")
# SQLite's own steps between two looks at the clock: less than a millisecond.
_STEPS = 20_000
# The key in a connection's `info` of what looks at the clock.
_LOOK = "search_deadline"


@contextmanager
def limited_time(db: Session) -> Iterator[None]:
    """Let the database give up a statement of this transaction that takes too long.

    Raises InvalidRequestError then, and for a value that the database cannot work with.
    """
    seconds = float(db.info[SEARCH_TIMEOUT])
    limited = _limited_sqlite if is_sqlite(db) else _limited_postgresql
    try:
        with limited(db, seconds):
            yield
    except DBAPIError as error:
        raise _explained(error, seconds) from error


@contextmanager
def _limited_postgresql(db: Session, seconds: float) -> Iterator[None]:
    db.execute(text(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}"))
    yield


@contextmanager
def _limited_sqlite(db: Session, seconds: float) -> Iterator[None]:
    connection = db.connection()
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    connection.info[_LOOK] = lambda: time.monotonic() > deadline
    driver.set_progress_handler(connection.info[_LOOK], _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def limited_steps(connection: Connection, steps: int) -> Iterator[None]:
    """Let SQLite break off, within `limited_time`, a statement that takes so many of its steps.

    Raises the driver's error then: `is_broken_off` knows it.
    """
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: True, steps)
    try:
        yield
    finally:
        driver.set_progress_handler(connection.info[_LOOK], _STEPS)


def is_broken_off(error: DBAPIError) -> bool:
    """Tell whether it is SQLite's error of a statement that was broken off."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def _explained(error: DBAPIError, seconds: float) -> Exception:
    code = str(getattr(error.orig, "pgcode", None) or "")
    if is_broken_off(error) or code == _QUERY_CANCELED:
        return InvalidRequestError(
            f"The search took longer than {seconds:g} s: narrow it, for instance by a pattern that"
            " begins with plain text."
        )
    if code.startswith(_OF_THE_VALUES):
        return InvalidRequestError(
            "The database cannot look for one of the search's values: make its patterns and"
            " regular expressions simpler."
        )
    return error
