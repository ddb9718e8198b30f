"""Staging: a job on record that copies what a search finds into a directory."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, insert, literal, select
from sqlalchemy.orm import Session

from catalog_service.bulk import table_of
from catalog_service.clock import database_time
from catalog_service.search.time_limits import limited_time
from catalog_service.staging_files import (
    agents_reaching,
    best_instance,
    lies_beneath,
    list_prefixes,
    read_totals,
    staging_agents,
)
from catalog_service.tables import Agent, File, Job, StagingFile
from librarian.errors import ConflictError, InvalidRequestError

NO_INSTANCE = "No available instance of it is on a store that can be staged from."


@dataclass(frozen=True)
class NewStaging:
    """What someone asked to have staged."""

    owner: str
    request_id: str
    search: str
    destination: str
    user: str
    agent_id: int
    # Key of the newest file that may be staged; None for all that match now.
    snapshot: int | None = None


def choose_agent(db: Session, destination: str) -> Agent:
    """Return the agent that can fill a directory.

    Raises StateError when this site stages nothing, InvalidRequestError when the destination is
    outside every staging prefix, or relative while there are several.
    """
    prefixes = list_prefixes(db)
    agents = staging_agents(db)
    if destination.startswith("/"):
        agents = [agent for agent in agents if lies_beneath(destination, agent.staging_prefix)]
        if not agents:
            raise InvalidRequestError(
                f"The destination must lie beneath {' or '.join(prefixes)}; {destination} does not."
            )
    elif len(prefixes) > 1:
        raise InvalidRequestError(
            f"Give the whole path of the destination, beneath {' or '.join(prefixes)}."
        )
    return agents[0]


def find_staging(db: Session, owner: str, request_id: str) -> Job | None:
    """Return the job that this request started already, if it did."""
    return db.scalars(
        select(Job).where(Job.owner == owner, Job.request_id == request_id)
    ).one_or_none()


def start_staging(db: Session, new: NewStaging, matching: ColumnElement[bool]) -> Job:
    """Put a job on record that stages the matching files, or return the one already there.

    Raises ConflictError when another job is filling the destination.
    """
    known = find_staging(db, new.owner, new.request_id)
    if known is not None:
        return known
    refuse_destination_in_use(db, new.destination)
    now = database_time(db)
    job = Job(
        kind="STAGING",
        state="QUEUED",
        claimed_destination=new.destination,
        run_time=now,
        create_time=now,
        **vars(new),
    )
    db.add(job)
    db.flush()
    with limited_time(db):
        _choose_files(db, job, shown_by(matching, new.snapshot))
    _count_files(db, job)
    db.flush()
    return job


def shown_by(matching: ColumnElement[bool], snapshot: int | None) -> ColumnElement[bool]:
    """Return the condition for a file that matches and was on record by a snapshot, if any."""
    return matching if snapshot is None else and_(matching, File.id <= snapshot)


def refuse_destination_in_use(db: Session, destination: str) -> None:
    """Raise ConflictError when a job is filling a directory."""
    other = db.scalars(select(Job).where(Job.claimed_destination == destination)).one_or_none()
    if other is not None:
        raise ConflictError(
            f"Job {other.id} of {other.owner} is filling {destination}: wait for it, cancel it, or "
            "choose another directory."
        )


def _choose_files(db: Session, job: Job, matching: ColumnElement[bool]) -> None:
    """Write a row for each matching file, in one statement however many there are."""
    instance = best_instance(agents_reaching(db, job.destination))
    found = select(File.id, File.name, instance.label("instance_id")).where(matching).subquery()
    missing = found.c.instance_id.is_(None)
    rows = select(
        literal(job.id),
        func.row_number().over(order_by=found.c.name),
        found.c.id,
        found.c.instance_id,
        case((missing, "FAILED"), else_="WAITING"),
        case((missing, NO_INSTANCE), else_=""),
    )
    columns = ["job_id", "number", "file_id", "instance_id", "state", "error"]
    db.execute(insert(table_of(StagingFile)).from_select(columns, rows))


def _count_files(db: Session, job: Job) -> None:
    totals = read_totals(db, job.id)
    count, size = db.execute(
        select(func.count(), func.coalesce(func.sum(File.size_bytes), 0))
        .select_from(StagingFile)
        .join(File, File.id == StagingFile.file_id)
        .where(StagingFile.job_id == job.id)
    ).one()
    job.files_total, job.bytes_total, job.files_failed = count, int(size), totals.files_failed
