"""The audit log: who changed what, written in the very transaction that makes the change.

A call that is to be audited sets a `Change` around its work. The first of its transactions that
writes something and commits takes the entry along; one that is rolled back takes it back, and one
that is run again writes it again. A call that is refused has changed nothing, and leaves none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, insert
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.tables import AuditEntry

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# In a connection's `info`: it has written since its transaction began.
_WROTE = "audit_wrote"
# In a transaction's `info`: the change whose entry it carries.
_CARRIED = "audit_carried"
_SUBJECT_CHARACTERS = 255


@dataclass
class Change:
    """What a call is about to change."""

    account_name: str
    action: str
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    # Public part of the token that was used.
    token_id: str = ""
    # Whether its entry is on record by now.
    written: bool = False


_change: ContextVar[Change | None] = ContextVar("catalog_change", default=None)


@contextmanager
def auditing(change: Change) -> Iterator[None]:
    """Put a change on record with the first transaction of this thread that makes some of it."""
    _change.set(change)
    try:
        yield
    finally:
        # The stream of a caller who left may end while its thread serves another call already.
        if _change.get() is change:
            _change.set(None)


@contextmanager
def unaudited() -> Iterator[None]:
    """Leave out what is only counted before it is known whether a call may change anything."""
    change = _change.get()
    _change.set(None)
    try:
        yield
    finally:
        _change.set(change)


def record(db: Session, change: Change) -> None:
    """Put a change on record."""
    # PostgreSQL keeps no NUL in a text; JSON writes it, and whatever else is odd, as an escape.
    row = {
        "time": database_time(db),
        "account_name": change.account_name,
        "action": change.action,
        "subject": change.subject.replace("\0", "\ufffd")[:_SUBJECT_CHARACTERS],
        "details": json.dumps(dict(change.details)),
        "address": change.address,
        "token_id": change.token_id,
    }
    db.execute(insert(table_of(AuditEntry)), row)


def watch(database: Database) -> None:
    """Have a database's transactions carry the entries of the changes that they make."""
    event.listen(database.engine, "begin", _begin)
    event.listen(database.engine, "before_cursor_execute", _note_write)
    event.listen(database.transactions, "before_commit", _carry)
    event.listen(database.transactions, "after_commit", _settle)


def _begin(connection: Connection) -> None:
    connection.info.pop(_WROTE, None)


def _note_write(
    connection: Connection, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
) -> None:
    if _change.get() is None:
        return
    # A statement that begins with its sub-queries says only here what it is.
    writes = context is not None and (context.isinsert or context.isupdate or context.isdelete)
    if writes or _WRITES.match(statement):
        connection.info[_WROTE] = True


def _carry(db: Session) -> None:
    change = _change.get()
    if change is None or change.written or db.in_nested_transaction():
        return
    db.flush()
    if db.connection().info.get(_WROTE):
        record(db, change)
        db.info[_CARRIED] = change


def _settle(db: Session) -> None:
    change = db.info.pop(_CARRIED, None)
    if change is not None:
        change.written = True
