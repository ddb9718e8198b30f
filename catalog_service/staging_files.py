"""The files of a staging: which instance of each to copy, and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from catalog_service.jobs import Claim
from catalog_service.tables import Agent, File, Instance, Job, StagingFile, Store
from librarian.errors import StateError


@dataclass(frozen=True)
class StagingItem:
    """A file to stage, and the instance to take."""

    number: int
    file_name: str
    size_bytes: int
    checksum: str
    instance_id: int
    parent_dirs: str
    store_name: str
    agent_id: int


@dataclass(frozen=True)
class Totals:
    """How far a job is, by its files."""

    files_done: int
    files_failed: int
    bytes_done: int


def staging_agents(db: Session) -> list[Agent]:
    """Return the agents that stage, by name."""
    query = select(Agent).where(Agent.staging_prefix != "").order_by(Agent.name)
    return list(db.scalars(query))


def list_prefixes(db: Session) -> list[str]:
    """Return the directories beneath which this site stages; raise StateError without any."""
    prefixes = sorted({agent.staging_prefix for agent in staging_agents(db)})
    if not prefixes:
        raise StateError("This site has no staging prefix: its configuration must name one first.")
    return prefixes


def agents_reaching(db: Session, destination: str) -> list[int]:
    """Return the agents that can write there: each copies the files of its own stores."""
    agents = staging_agents(db)
    return [a.id for a in agents if lies_beneath(destination, a.staging_prefix)]


def lies_beneath(path: str, prefix: str) -> bool:
    """Say whether a path is inside a directory."""
    # With the separator, or `/stage` would admit `/stage-evil`.
    return path.startswith(prefix.rstrip("/") + "/")


def read_totals(db: Session, job_id: int) -> Totals:
    """Count what is done of a job, from its files."""
    done, failed = (StagingFile.state == state for state in ("DONE", "FAILED"))
    counts = select(
        func.count().filter(done),
        func.count().filter(failed),
        func.coalesce(func.sum(File.size_bytes).filter(done), 0),
    )
    joined = counts.join(File, File.id == StagingFile.file_id).where(StagingFile.job_id == job_id)
    files_done, files_failed, bytes_done = db.execute(joined).one()
    return Totals(files_done, files_failed, int(bytes_done))


def next_items(db: Session, job_id: int, *, after_number: int, limit: int) -> list[StagingItem]:
    """Return the next files that wait, by number."""
    query = (
        select(
            StagingFile.number,
            File.name,
            File.size_bytes,
            File.checksum,
            Instance.id,
            Instance.parent_dirs,
            Store.name,
            Store.agent_id,
        )
        .join(File, File.id == StagingFile.file_id)
        .join(Instance, Instance.id == StagingFile.instance_id)
        .join(Store, Store.id == Instance.store_id)
        .where(
            StagingFile.job_id == job_id,
            StagingFile.state == "WAITING",
            StagingFile.number > after_number,
        )
        .order_by(StagingFile.number)
        .limit(limit)
    )
    return [StagingItem(*row) for row in db.execute(query)]


def record_done(db: Session, claim: Claim, numbers: Sequence[int]) -> None:
    """Mark files as staged; the caller has renewed the claim in this transaction."""
    db.execute(
        update(StagingFile)
        .where(StagingFile.job_id == claim.job_id, StagingFile.number.in_(numbers))
        .values(state="DONE", error="")
        .execution_options(synchronize_session=False)
    )


def record_failure(db: Session, claim: Claim, number: int, error: str) -> None:
    """Mark a file as failed; the caller has renewed the claim in this transaction."""
    row = db.get_one(StagingFile, (claim.job_id, number))
    row.state, row.error = "FAILED", error
    db.flush()


def turn_to_other_instance(
    db: Session, claim: Claim, number: int, error: str, tried: Iterable[int]
) -> bool:
    """Let a file wait for another instance of it than those tried, or mark it as failed.

    Says whether there is another. The caller has renewed the claim in this transaction.
    """
    row = db.get_one(StagingFile, (claim.job_id, number))
    agent_ids = agents_reaching(db, db.get_one(Job, claim.job_id).destination)
    others = _instances_of(row.file_id, agent_ids).where(Instance.id.not_in(list(tried)))
    other = db.scalars(others.limit(1)).one_or_none()
    if other is None:
        record_failure(db, claim, number, error)
        return False
    row.instance_id, row.error = other, error
    db.flush()
    return True


def list_job_errors(
    db: Session, job_id: int, *, after_number: int, limit: int
) -> list[tuple[int, str, str]]:
    """Return number, name and error of the files that failed, by name."""
    query = (
        select(StagingFile.number, File.name, StagingFile.error)
        .join(File, File.id == StagingFile.file_id)
        .where(
            StagingFile.job_id == job_id,
            StagingFile.state == "FAILED",
            StagingFile.number > after_number,
        )
        .order_by(StagingFile.number)
        .limit(limit)
    )
    return [(number, name, error) for number, name, error in db.execute(query)]


def best_instance(agent_ids: list[int], file_id: Any = File.id) -> ScalarSelect[int]:
    """Return the instance of a file to copy first, for a query or a change that has its key."""
    instances = aliased(Instance)
    return (
        select(instances.id)
        .join(Store, Store.id == instances.store_id)
        .where(instances.file_id == file_id, *_usable(instances, agent_ids))
        .order_by(instances.problem != "", Store.problem != "", instances.id)
        .limit(1)
        .correlate(file_id.table)
        .scalar_subquery()
    )


def lacks_instance(db: Session, agent_ids: list[int]) -> ColumnElement[bool]:
    """Return the condition that a file has no instance that these agents can copy."""
    unused = select(Store.id).where(or_(~Store.enabled, Store.agent_id.not_in(agent_ids)))
    if db.scalars(unused.limit(1)).first() is None:
        # All stores are at hand: then what is kept with the file says it, without a look at each.
        return File.instance_count == 0
    return best_instance(agent_ids).is_(None)


def usable_instances(agent_ids: list[int], instance_id: Any) -> Select[int]:
    """Select the instance of a key of a larger query, if these agents can copy it."""
    instances = aliased(Instance)
    return (
        select(instances.id)
        .join(Store, Store.id == instances.store_id)
        .where(instances.id == instance_id, *_usable(instances, agent_ids))
        .correlate(instance_id.table)
    )


def _instances_of(file_id: Any, agent_ids: list[int]) -> Select[int]:
    return (
        select(Instance.id)
        .join(Store, Store.id == Instance.store_id)
        .where(Instance.file_id == file_id, *_usable(Instance, agent_ids))
        .order_by(Instance.problem != "", Store.problem != "", Instance.id)
    )


def _usable(instances: Any, agent_ids: list[int]) -> list[ColumnElement[bool]]:
    return [instances.available, Store.enabled, Store.agent_id.in_(agent_ids)]
