"""What a standing order would send, counted without queueing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from catalog_service.database import Database
from catalog_service.retrying import translated_errors
from catalog_service.search.compiler import compile_search
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File, Librarian, RemoteInstance, Transfer

_MOST_EXAMPLES = 10


@dataclass(frozen=True)
class Preview:
    """What would be sent, and how long that takes; None when no rate is known."""

    file_count: int
    total_bytes: int
    there_count: int
    ended_count: int
    without_instance_count: int
    seconds: float | None
    bytes_per_second: float
    examples: Sequence[str]


def preview_order(
    database: Database, search: str, librarian: Librarian, bandwidth: int, *, owner: str
) -> Preview:
    """Count what an order would send if it were enabled now; hours are not counted in.

    Raises InvalidRequestError for a search that is wrong, or takes too long.
    """
    matching = compile_search(database, search, account_name=owner).condition
    there, sent = _there(librarian.id), _sent(librarian.id)
    known = or_(there, sent)
    available: Any = File.instance_count > 0
    wanted = and_(matching, not_(known), available)
    # An offset keeps the database from asking of each file several times what is known of it.
    columns = (
        File.size_bytes,
        available.label("available"),
        there.label("there"),
        sent.label("sent"),
    )
    found = select(*columns).where(matching).offset(0).subquery().c
    new = not_(or_(found.there, found.sent))
    counts = select(
        func.count().filter(new, found.available),
        func.coalesce(func.sum(found.size_bytes).filter(new, found.available), 0),
        func.count().filter(found.there),
        func.count().filter(found.sent, not_(found.there)),
        func.count().filter(new, not_(found.available)),
    )
    with translated_errors(), database.readings.begin() as db, limited_time(db):
        files, size_bytes, there_count, ended_count, without = db.execute(counts).one()
        named = select(File.name).where(wanted).limit(_MOST_EXAMPLES)
        examples = db.scalars(named).all() if files else []
    rate = _rate(librarian.rate_bytes_per_second, bandwidth)
    seconds = int(size_bytes) / rate if rate else None
    return Preview(
        file_count=files,
        total_bytes=int(size_bytes),
        there_count=there_count,
        ended_count=ended_count,
        without_instance_count=without,
        seconds=seconds,
        bytes_per_second=rate,
        examples=sorted(examples),
    )


def _sent(librarian_id: int) -> ColumnElement[bool]:
    """Return the condition that a file was ever queued for the neighbour."""
    sent = select(Transfer.id).where(
        Transfer.file_id == File.id, Transfer.librarian_id == librarian_id
    )
    return sent.exists()


def _there(librarian_id: int) -> ColumnElement[bool]:
    """Return the condition that a file is believed to be at the neighbour, or is on its way."""
    going = select(Transfer.id).where(
        Transfer.claimed_file_id == File.id, Transfer.librarian_id == librarian_id
    )
    there = select(RemoteInstance.file_id).where(
        RemoteInstance.file_id == File.id, RemoteInstance.librarian_id == librarian_id
    )
    return or_(going.exists(), there.exists())


def _rate(lately: float, limit: int) -> float:
    return min(lately, limit) if lately and limit else lately or float(limit)
