"""Queueing transfers: a file is on its way to a neighbour only once, whoever asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Select, literal, select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among, insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.tables import File, Librarian, RemoteInstance, Transfer
from catalog_service.tables.base import UtcTime

# Files that one transaction queues at most: it shall be short, for others write too.
CHUNK_FILES = 5000
DEFAULT_PRIORITY = 10
# States that a transfer does not leave any more.
ENDED_STATES = ("CONFIRMED", "FAILED", "CANCELLED", "DECLINED")
ACTIVE_STATES = ("QUEUED", "OFFERED", "SENDING", "SENT")

_TRANSFERS = table_of(Transfer)


@dataclass(frozen=True)
class Queued:
    """What became of files that were to be queued; each is counted once."""

    queued_count: int = 0
    queued_bytes: int = 0
    # Believed to be there.
    there_count: int = 0
    # On their way already.
    active_count: int = 0
    # Without an available instance here.
    without_instance_count: int = 0
    # Left out because an earlier transfer of them has ended.
    known_count: int = 0
    # Numbers of the first and the last transfer queued: others' may lie between. 0 for none.
    first_id: int = field(default=0, compare=False)
    last_id: int = field(default=0, compare=False)

    def __add__(self, other: "Queued") -> "Queued":
        sums = {name: value + getattr(other, name) for name, value in vars(self).items()}
        first_id = min(filter(None, (self.first_id, other.first_id)), default=0)
        last_id = max(self.last_id, other.last_id)
        return Queued(**{**sums, "first_id": first_id, "last_id": last_id})


def queue_transfers(  # noqa: PLR0913 - what a transfer is queued with, one by one
    db: Session,
    librarian: Librarian,
    file_ids: Select[Any] | Sequence[int],
    *,
    owner: str,
    priority: int,
    lane: int = 0,
    order_name: str = "",
    skip_known: bool = False,
) -> Queued:
    """Queue a transfer for each of at most `CHUNK_FILES` files, and count what became of them.

    Left are files that are believed to be there, on their way, or without an available instance;
    with `skip_known` also those of which any transfer to that neighbour is on record. The caller
    tells news of `TRANSFERS`.
    """
    ids = set(db.scalars(file_ids) if isinstance(file_ids, Select) else file_ids)
    there = _there(db, librarian, ids)
    active = _active(db, librarian, ids - there)
    known = _known(db, librarian, ids - there - active) if skip_known else set()
    wanted = ids - there - active - known
    without = _without_instance(db, wanted)
    lanes = {"lane": lane, "order_name": order_name, "owner": owner, "priority": priority}
    rows = _insert(db, librarian, sorted(wanted - without), lanes)
    # The others were queued meanwhile.
    late = len(wanted) - len(without) - len(rows)
    return Queued(
        len(rows),
        sum(rows.values()),
        len(there),
        len(active) + late,
        len(without),
        len(known),
        first_id=min(rows, default=0),
        last_id=max(rows, default=0),
    )


def _there(db: Session, librarian: Librarian, ids: set[int]) -> set[int]:
    column = RemoteInstance.file_id
    return _found(db, column, ids, RemoteInstance.librarian_id == librarian.id)


def _active(db: Session, librarian: Librarian, ids: set[int]) -> set[int]:
    column: Any = Transfer.claimed_file_id
    return _found(db, column, ids, Transfer.librarian_id == librarian.id)


def _known(db: Session, librarian: Librarian, ids: set[int]) -> set[int]:
    return _found(db, Transfer.file_id, ids, Transfer.librarian_id == librarian.id)


def _without_instance(db: Session, ids: set[int]) -> set[int]:
    return _found(db, File.id, ids, File.instance_count == 0)


def _found(db: Session, column: Any, ids: set[int], condition: Any) -> set[int]:
    """Return which of the keys are in a column; asked for by key, so each takes one look-up."""
    if not ids:
        return set()
    return set(db.scalars(select(column).where(has_key_among(db, column, ids), condition)))


def _insert(
    db: Session, librarian: Librarian, ids: Sequence[int], lanes: dict[str, Any]
) -> dict[int, int]:
    """Insert a transfer for each file, and return the sizes of those that were by number."""
    if not ids:
        return {}
    now = literal(database_time(db), UtcTime())
    columns: dict[str, Any] = {
        "file_id": File.id,
        "librarian_id": literal(librarian.id, BigInteger),
        "claimed_file_id": File.id,
        "size_bytes": File.size_bytes,
        "state": literal("QUEUED"),
        **{name: literal(value) for name, value in lanes.items()},
        **dict.fromkeys(("run_time", "create_time", "update_time"), now),
    }
    # In the order of keys, so that two at once wait for each other in one direction only.
    rows = select(*columns.values()).where(has_key_among(db, File.id, ids)).order_by(File.id)
    statement = insert_or(db, _TRANSFERS).from_select(list(columns), rows)
    statement = statement.on_conflict_do_nothing(index_elements=["librarian_id", "claimed_file_id"])
    queued = db.execute(statement.returning(_TRANSFERS.c.id, _TRANSFERS.c.size_bytes))
    return {number: size_bytes for number, size_bytes in queued}
