"""Which store takes a new file: the one with the most room left after reservations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from catalog_service.bulk import is_sqlite
from catalog_service.clock import database_time
from catalog_service.tables import Agent, Store, Upload
from librarian.errors import LibrarianError, StoreFullError, StoreUnusableError, UnknownStoreError
from librarian.names import show_name

# Agents announce themselves every few seconds; one that was silent for so long is down.
SILENCE_LIMIT = timedelta(seconds=30)

# Number of the PostgreSQL lock under which room is given away.
_ROOM_LOCK = 0x4C696274


@dataclass(slots=True)
class Candidate:
    """A store as it stands, with the room that this call has not given away yet."""

    id: int
    name: str
    agent_id: int
    room_bytes: int
    problem: str


def keep_room(db: Session) -> None:
    """Keep others from giving the same room away until this transaction ends."""
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_ROOM_LOCK)))


def select_stores() -> Select[Store, Agent, int | None]:
    """Select all stores by name, with their agents and the bytes reserved for open uploads."""
    reserved = (
        select(Upload.store_id, func.sum(Upload.size_bytes).label("bytes"))
        .where(Upload.state.in_(("RECEIVING", "VERIFIED")))
        .group_by(Upload.store_id)
        .subquery()
    )
    return (
        select(Store, Agent, reserved.c.bytes)
        .join(Agent, Agent.id == Store.agent_id)
        .outerjoin(reserved, reserved.c.store_id == Store.id)
        .order_by(Store.name)
    )


def load_candidates(db: Session) -> list[Candidate]:
    """Return all stores, each with what forbids its use, by name."""
    oldest = database_time(db) - SILENCE_LIMIT
    return [
        Candidate(
            store.id,
            store.name,
            store.agent_id,
            store.free_bytes - int(reserved_bytes or 0),
            _problem(store, silent=_is_silent(store, agent, oldest)),
        )
        for store, agent, reserved_bytes in db.execute(select_stores())
    ]


def _is_silent(store: Store, agent: Agent, oldest: datetime) -> bool:
    # An agent may be heard and yet say nothing of a store: then its room is not known any more.
    said = store.report_time
    return said is None or said < oldest or agent.report_time < oldest


def _problem(store: Store, *, silent: bool) -> str:
    if not store.enabled:
        return "is disabled"
    if not store.ingestible:
        return "takes no new files"
    if silent:
        return "cannot be reached, for its agent is silent"
    return f"is not in order ({store.problem})" if store.problem else ""


def choose_store(candidates: Sequence[Candidate], size_bytes: int, store_name: str) -> Candidate:
    """Return the store for a file, and take the file's room from it.

    Raises UnknownStoreError, StoreUnusableError or StoreFullError, naming stores and sizes.
    """
    if store_name:
        candidates = [store for store in candidates if store.name == store_name]
        if not candidates:
            raise UnknownStoreError(f"There is no store {show_name(store_name)}: correct the name.")
    usable = [store for store in candidates if not store.problem]
    if not usable:
        raise StoreUnusableError(_no_usable_store(candidates))
    best = max(usable, key=lambda store: store.room_bytes)
    if best.room_bytes < size_bytes:
        raise _full(usable, size_bytes)
    best.room_bytes -= size_bytes
    return best


def _no_usable_store(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "There is no store yet: add one with `librarian add-store`."
    reasons = "; ".join(f"{store.name} {store.problem}" for store in candidates)
    return f"No store can take the file: {reasons}. Change the store, or choose another."


def _full(usable: Sequence[Candidate], size_bytes: int) -> LibrarianError:
    rooms = "; ".join(f"{store.name} has {max(0, store.room_bytes):,}" for store in usable)
    return StoreFullError(
        f"No store has room for {size_bytes:,} bytes: {rooms} left after reservations."
        " Wait, free space, or add a store."
    )
