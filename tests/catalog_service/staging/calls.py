"""Calls that tests of staging make, and what they look at."""

from pathlib import Path
from typing import Any

from librarian.v1 import jobs_pb2, staging_pb2
from tests.catalog_service.staging_agent import Node
from tests.catalog_service.staging_site import Served

EVERYTHING = '{"always-true": true}'
NIGHT = {"zen.1.uvh5": b"one", "zen.2.uvh5": b"two" * 1000, "zen.3.uvh5": b""}


def start(catalog: Served, destination: str = "job", search: str = EVERYTHING, **more: Any) -> Any:
    """Start a staging of all files, unless told which."""
    request = staging_pb2.StartStagingRequest(search=search, destination=destination, **more)
    return catalog.staging().StartStaging(request)


def finished(catalog: Served, job: Any) -> Any:
    """Watch a job to its end, and return it as it is then."""
    *_, last = catalog.jobs().WatchJob(jobs_pb2.WatchJobRequest(id=job.id), timeout=60)
    return last


def state_of(job: Any) -> str:
    """Return the name of a job's state."""
    return str(jobs_pb2.Job.State.Name(job.state))


def errors_of(catalog: Served, job: Any) -> list[tuple[str, str]]:
    """Return name and message of a job's errors."""
    answer = catalog.jobs().ListJobErrors(jobs_pb2.ListJobErrorsRequest(job_id=job.id))
    return [(error.file_name, error.message) for error in answer.errors]


def add_night(node: Node) -> None:
    """Put three files into the store."""
    for name, data in NIGHT.items():
        node.add_file(name, data, "2458432")


def names_in(directory: Path) -> set[str]:
    """Return the names in a directory."""
    return {path.name for path in directory.iterdir()}


def get(catalog: Served, job: Any) -> Any:
    """Return a job as it is now."""
    return catalog.jobs().GetJob(jobs_pb2.GetJobRequest(id=job.id))


def add_endless_file(node: Node, name: str) -> Path:
    """Put a file into the store that is too long to be copied within a test; it is sparse."""
    path = node.directory / "pot1" / name
    with path.open("wb") as file:
        file.truncate(64 << 30)
    node.add_rows(name, 64 << 30, "blake3:" + "0" * 64)
    return path
