"""Stores, and what their agents report of them."""

import posixpath
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.store_choice import SILENCE_LIMIT, select_stores
from catalog_service.tables import Agent, Site, Store
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    StateError,
    UnknownStoreError,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# PostgreSQL's indexes hold no longer text.
_MAX_ROOT_BYTES = 2048


@dataclass(frozen=True)
class StoreStatus:
    """A store with what is computed of it at the moment."""

    store: Store
    agent: Agent
    reserved_bytes: int
    # What forbids its use, in a sentence; empty when its agent reported lately that all is well.
    problem: str


@dataclass(frozen=True)
class NewStore:
    """A store that somebody asks for."""

    name: str
    agent_name: str
    root: str
    ingestible: bool


@dataclass(frozen=True)
class StoreSpace:
    """What an agent says of one store; without a problem it is in order."""

    capacity_bytes: int
    free_bytes: int
    problem: str


def plan_store(db: Session, new: NewStore) -> tuple[Store, Agent]:
    """Return the store that is to be, not on record yet, and its agent; or the one that is.

    Raises ConflictError when the name is another store's, or the directory lies in its root.
    """
    _check(new)
    agent = _choose_agent(db, new.agent_name)
    # Read once: between two looks another call may have put this very store on record.
    stores = db.scalars(select(Store)).all()
    for store in stores:
        if store.name == new.name:
            return _same_store(store, agent, new), agent
    for other in stores:
        overlaps = posixpath.commonpath((other.root, new.root)) in (other.root, new.root)
        if other.agent_id == agent.id and overlaps:
            raise ConflictError(
                f"The store {other.name} has the root {other.root}, and stores may not overlap:"
                " choose another directory."
            )
    return _new_row(db, new, agent), agent


def _same_store(store: Store, agent: Agent, new: NewStore) -> Store:
    if (store.agent_id, store.root) != (agent.id, new.root):
        raise ConflictError(
            f"There is a store {new.name!r} already, elsewhere: choose another name."
        )
    return store


def record_store(db: Session, new: NewStore, space: StoreSpace) -> StoreStatus:
    """Put a store on record, now that its agent has opened it.

    Planned again: of two calls at once the other may have been faster.
    """
    store, _ = plan_store(db, new)
    if store.id is None:
        record_space(store, space, database_time(db))
        db.add(store)
        db.flush()
    return get_store(db, new.name)


def record_space(store: Store, space: StoreSpace, now: datetime) -> None:
    """Write down what a store's agent says of it."""
    store.capacity_bytes, store.free_bytes = space.capacity_bytes, space.free_bytes
    store.problem, store.report_time = space.problem, now


def list_stores(db: Session, name: str | None = None) -> list[StoreStatus]:
    """Return all stores by name, or the one of a name."""
    statement = select_stores()
    if name is not None:
        statement = statement.where(Store.name == name)
    oldest = database_time(db) - SILENCE_LIMIT
    return [
        StoreStatus(store, agent, int(reserved_bytes or 0), _problem(store, agent, oldest))
        for store, agent, reserved_bytes in db.execute(statement)
    ]


def get_store(db: Session, name: str) -> StoreStatus:
    """Return one store; raise UnknownStoreError when there is none."""
    found = list_stores(db, name) if _NAME.fullmatch(name) else []
    if not found:
        raise UnknownStoreError(
            f"There is no store {name!r:.80}: `librarian get-store-list` lists them."
        )
    return found[0]


def update_store(
    db: Session, name: str, *, enabled: bool | None, ingestible: bool | None
) -> StoreStatus:
    """Change a store's settings; what is None stays."""
    status = get_store(db, name)
    if enabled is not None:
        status.store.enabled = enabled
    if ingestible is not None:
        status.store.ingestible = ingestible
    db.flush()
    return status


def _problem(store: Store, agent: Agent, oldest: datetime) -> str:
    if store.report_time is None or store.report_time < oldest:
        return f"The store agent {agent.name} is silent: start it, or see what its log says."
    return store.problem


def _check(new: NewStore) -> None:
    if not _NAME.fullmatch(new.name):
        raise InvalidRequestError(
            "A store's name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a"
            f" letter or a digit: {new.name!r:.80} does not."
        )
    root = new.root
    parts = root.split("/")[1:]
    clean = root.startswith("/") and all(part not in ("", ".", "..") for part in parts)
    if not (clean and root.isprintable() and len(root.encode()) <= _MAX_ROOT_BYTES):
        raise InvalidRequestError(
            f"A store's root is an absolute path without '.', '..' or '//': {root!r:.120} is not."
        )


def _choose_agent(db: Session, name: str) -> Agent:
    agents: Sequence[Agent] = db.scalars(select(Agent).order_by(Agent.name)).all()
    if not agents:
        raise StateError("No store agent has announced itself yet: start one first.")
    if not name and len(agents) == 1:
        return agents[0]
    known = ", ".join(agent.name for agent in agents)
    if not name:
        raise InvalidRequestError(f"Say which agent shall serve the store: {known}.")
    for agent in agents:
        if agent.name == name:
            return agent
    raise NotFoundError(f"There is no agent {name!r:.80}; there are {known}.")


def _new_row(db: Session, new: NewStore, agent: Agent) -> Store:
    # The id follows from what was asked for: who asks again after a crash finds the directory
    # marked as this very store's.
    site_id = uuid.UUID(db.execute(select(Site.site_id)).scalar_one())
    return Store(
        name=new.name,
        store_id=str(uuid.uuid5(site_id, f"{agent.name}\n{new.root}\n{new.name}")),
        agent_id=agent.id,
        root=new.root,
        enabled=True,
        ingestible=new.ingestible,
    )
