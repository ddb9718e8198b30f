"""Rows that staging works on, as plain functions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalog_service.database import Database, open_database
from catalog_service.tables import Agent, File, Instance, Job, Site, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITE_ID = "5c4d7a52-7b1f-4f0e-9a51-3f4a5a1e0001"


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """Open a database with a site in it."""
    database = open_database(database_url)
    with database.transactions.begin() as db:
        db.add(Site(id=1, site_id=SITE_ID, name="here"))
    yield database
    database.dispose()


def add_agent(db: Session, name: str = "node1", **changes: Any) -> Agent:
    """Put an agent on record."""
    row: dict[str, Any] = {
        "host": "node1",
        "address": "127.0.0.1:1",
        "tls": False,
        "staging_prefix": "/stage",
        "ticket_key": b"key",
        "version": "1",
        "report_time": NOW,
    }
    agent = Agent(name=name, **{**row, **changes})
    db.add(agent)
    db.flush()
    return agent


def add_store(db: Session, agent: Agent, name: str = "pot1", **changes: Any) -> Store:
    """Put a store on record."""
    row: dict[str, Any] = {
        "store_id": f"id-of-{name}",
        "root": f"/data/{name}",
        "enabled": True,
        "ingestible": True,
    }
    store = Store(name=name, agent_id=agent.id, **{**row, **changes})
    db.add(store)
    db.flush()
    return store


def add_file(db: Session, name: str, size_bytes: int = 10, checksum: str = "blake3:00") -> File:
    """Put a file on record."""
    file = File(
        name=name,
        type=name.rpartition(".")[2],
        size_bytes=size_bytes,
        checksum=checksum,
        create_time=NOW,
        source="telescope",
    )
    db.add(file)
    db.flush()
    return file


def add_instance(
    db: Session, file: File, store: Store, parent_dirs: str = "", *, available: bool = True
) -> Instance:
    """Put an instance on record."""
    instance = Instance(
        file_id=file.id,
        store_id=store.id,
        parent_dirs=parent_dirs,
        available=available,
        deletion_allowed=False,
        create_time=NOW,
    )
    db.add(instance)
    file.instance_count = (file.instance_count or 0) + available
    db.flush()
    return instance


def add_job(db: Session, number: int = 1, **changes: Any) -> Job:
    """Put a job on record that waits since long ago."""
    row: dict[str, Any] = {
        "kind": "STAGING",
        "state": "QUEUED",
        "owner": "ada",
        "request_id": f"request-{number}",
        "destination": f"/stage/{number}",
        "claimed_destination": f"/stage/{number}",
        "search": "{}",
        "run_time": NOW - timedelta(days=400),
        "create_time": NOW - timedelta(days=400),
    }
    job = Job(**{**row, **changes})
    db.add(job)
    db.flush()
    return job
