"""Reading the audit log, newest first: each page by an index, however long the log is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from catalog_service.tables import AuditEntry


@dataclass(frozen=True)
class EntryFilter:
    """Which entries are asked for; what is empty asks for all."""

    account_name: str = ""
    # Whole names of actions; none for all.
    actions: tuple[str, ...] | None = None
    subject: str = ""


def list_entries(
    db: Session, wanted: EntryFilter, *, before: int | None, limit: int
) -> Sequence[AuditEntry]:
    """Return the newest entries, or those before one."""
    if "\0" in wanted.account_name + wanted.subject:
        return []
    ids = [_ids(wanted, action, before, limit) for action in _each(wanted.actions)]
    if not ids:
        return []
    # One short walk for each action: an index gives those of one in the order of their ids, not
    # those of several.
    found = union_all(*(select(one.subquery().c.id) for one in ids)).subquery()
    statement = select(AuditEntry).join(found, AuditEntry.id == found.c.id)
    return db.scalars(statement.order_by(AuditEntry.id.desc()).limit(limit)).all()


def _each(actions: tuple[str, ...] | None) -> Iterable[str | None]:
    return [None] if actions is None else actions


def _ids(wanted: EntryFilter, action: str | None, before: int | None, limit: int) -> Select[Any]:
    statement = select(AuditEntry.id)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    if wanted.account_name:
        statement = statement.where(AuditEntry.account_name == wanted.account_name)
    if wanted.subject:
        statement = statement.where(AuditEntry.subject == wanted.subject)
    if action is not None:
        statement = statement.where(AuditEntry.action == action)
    return statement.order_by(AuditEntry.id.desc()).limit(limit)
