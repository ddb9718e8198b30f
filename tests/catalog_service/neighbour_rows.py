"""Rows of neighbours and of what is pushed to them, as plain functions."""

from typing import Any

from sqlalchemy.orm import Session

from catalog_service.tables import (
    Agent,
    File,
    Librarian,
    RemoteInstance,
    StandingOrder,
    Transfer,
    TransferBatch,
)
from tests.catalog_service.staging_rows import NOW


def add_librarian(db: Session, name: str = "centre", **changes: Any) -> Librarian:
    """Put a neighbour on record."""
    row: dict[str, Any] = {
        "url": "127.0.0.1:1",
        "tls": False,
        "account_name": "here",
        "secret": b"secret",
        "create_time": NOW,
    }
    librarian = Librarian(name=name, **{**row, **changes})
    db.add(librarian)
    db.flush()
    return librarian


def add_order(
    db: Session, librarian: Librarian, name: str = "nightly", search: str = "*", **changes: Any
) -> StandingOrder:
    """Put a standing order on record."""
    row: dict[str, Any] = {
        "priority": 10,
        "enabled": True,
        "owner": "admin",
        "create_time": NOW,
        "fill_time": NOW,
    }
    order = StandingOrder(name=name, librarian_id=librarian.id, search=search, **{**row, **changes})
    db.add(order)
    db.flush()
    return order


def add_transfer(
    db: Session, file: File, librarian: Librarian, state: str = "QUEUED", **changes: Any
) -> Transfer:
    """Put a transfer on record."""
    ended = state in ("CONFIRMED", "FAILED", "CANCELLED", "DECLINED")
    row: dict[str, Any] = {
        "file_id": file.id,
        "librarian_id": librarian.id,
        "claimed_file_id": None if ended else file.id,
        "owner": "admin",
        "priority": 10,
        "size_bytes": file.size_bytes,
        "run_time": NOW,
        "create_time": NOW,
        "update_time": NOW,
        "end_time": NOW if ended else None,
    }
    transfer = Transfer(state=state, **{**row, **changes})
    db.add(transfer)
    db.flush()
    return transfer


def add_batch(
    db: Session, librarian: Librarian, agent: Agent, batch_id: str = "b" * 32, **changes: Any
) -> TransferBatch:
    """Put a batch on record."""
    row: dict[str, Any] = {"lane": 0, "bytes_total": 100, "create_time": NOW}
    batch = TransferBatch(
        id=batch_id, librarian_id=librarian.id, agent_id=agent.id, **{**row, **changes}
    )
    db.add(batch)
    db.flush()
    return batch


def add_remote_instance(db: Session, file: File, librarian: Librarian) -> RemoteInstance:
    """Put a file on record as being at a neighbour."""
    row = {"file_id": file.id, "file_name": file.name, "librarian_id": librarian.id}
    remote = RemoteInstance(**row, confirm_time=NOW)
    db.add(remote)
    db.flush()
    return remote
