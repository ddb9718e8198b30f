"""What a staging would copy, counted without starting it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from catalog_service.search.time_limits import limited_time
from catalog_service.staging_files import (
    agents_reaching,
    lacks_instance,
    staging_agents,
)
from catalog_service.tables import File


@dataclass(frozen=True)
class StagingPreview:
    """How much matches, and how much of it has no instance to copy."""

    file_count: int
    total_bytes: int
    without_instance_count: int


def preview_staging(db: Session, matching: ColumnElement[bool], destination: str) -> StagingPreview:
    """Count what a staging would copy; an empty destination is any.

    Raises InvalidRequestError when it takes too long.
    """
    if destination:
        agent_ids = agents_reaching(db, destination)
    else:
        agent_ids = [agent.id for agent in staging_agents(db)]
    missing = lacks_instance(db, agent_ids).label("missing")
    found = select(File.size_bytes, missing).where(matching).subquery().c
    counts = select(
        func.count(),
        func.coalesce(func.sum(found.size_bytes), 0),
        func.count().filter(found.missing),
    )
    with limited_time(db):
        files, size_bytes, without = db.execute(counts).one()
    return StagingPreview(files, int(size_bytes), without)
