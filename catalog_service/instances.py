"""Instances: where each copy of a file lies."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.files import get_file
from catalog_service.store_choice import SILENCE_LIMIT
from catalog_service.tables import Agent, File, Instance, Store
from librarian.errors import NoInstanceError
from librarian.names import show_name


@dataclass(frozen=True)
class LocatedInstance:
    """An instance and the place where it lies."""

    file_name: str
    instance: Instance
    store: Store
    agent: Agent

    @property
    def relative_path(self) -> str:
        """Return where it lies under its store's root."""
        return "/".join(filter(None, (self.instance.parent_dirs, self.file_name)))

    @property
    def path(self) -> str:
        """Return where it lies on its host."""
        return f"{self.store.root.rstrip('/')}/{self.relative_path}"


def list_instances(db: Session, file_name: str) -> list[LocatedInstance]:
    """Return all instances of a file by store and directory; raise UnknownFileError."""
    return _located(db, get_file(db, file_name))


def open_file(db: Session, file_name: str) -> tuple[File, list[LocatedInstance]]:
    """Return a file and its instances that can be read, the best first.

    Those on stores that seem to be down come later, for what an agent last said may be out of date,
    and those with something wrong with them last.
    Raises UnknownFileError, and NoInstanceError when there is nothing to read.
    """
    file = get_file(db, file_name)
    located = [item for item in _located(db, file) if item.instance.available]
    if not located:
        raise NoInstanceError(f"No copy of {show_name(file_name)} is available at this site.")
    usable = [item for item in located if item.store.enabled]
    if not usable:
        stores = ", ".join(sorted({item.store.name for item in located}))
        raise NoInstanceError(
            f"All copies of {show_name(file_name)} are on disabled stores ({stores}): have one"
            " enabled."
        )
    oldest = database_time(db) - SILENCE_LIMIT

    def rank(item: LocatedInstance) -> tuple[bool, bool]:
        return bool(item.instance.problem), not is_reachable(item.store, item.agent, oldest)

    return file, sorted(usable, key=rank)


def list_suspect(db: Session, after_id: int, limit: int) -> list[LocatedInstance]:
    """Return instances with something wrong with them, in the order of their keys."""
    rows = db.execute(
        select(Instance, Store, Agent)
        .join(Store, Store.id == Instance.store_id)
        .join(Agent, Agent.id == Store.agent_id)
        # Not a parameter: what is written so has an index of its own.
        .where(Instance.problem != literal_column("''"), Instance.id > after_id)
        .order_by(Instance.id)
        .limit(limit)
    )
    return [LocatedInstance(row[0].file_name, *row) for row in rows]


def is_reachable(store: Store, agent: Agent, oldest: datetime) -> bool:
    """Tell whether a store's agent was heard after a time, and finds the store in order."""
    return not store.problem and store.report_time is not None and agent.report_time >= oldest


def _located(db: Session, file: File) -> list[LocatedInstance]:
    statement = (
        select(Instance, Store, Agent)
        .join(Store, Store.id == Instance.store_id)
        .join(Agent, Agent.id == Store.agent_id)
        .where(Instance.file_id == file.id)
        .order_by(Store.name, Instance.parent_dirs)
    )
    rows = db.execute(statement)
    return [LocatedInstance(file.name, *row) for row in rows]
