"""Stagings as the catalogue drives them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from librarian.checksums import checksum_of
from librarian.v1 import store_agent_pb2 as pb
from tests.store_agent.running_agent import Agent

SITE = "site-1"


@dataclass
class Outcome:
    """What a call of StageFiles came to."""

    failures: dict[int, str] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    bytes_done: list[int] = field(default_factory=list)


def put(root: Path, path: str, data: bytes, key: int = 1, store: str = "s1") -> pb.StageFile:
    """Put a flat file under a store, and return how it is to be staged."""
    there = root / path
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_bytes(data)
    return wanted(path, len(data), checksum_of(data), key, store)


def wanted(
    path: str, size_bytes: int, checksum: str, key: int = 1, store: str = "s1"
) -> pb.StageFile:
    parent_dirs, _, name = path.rpartition("/")
    return pb.StageFile(
        key=key,
        store_name=store,
        parent_dirs=parent_dirs,
        file_name=name,
        size_bytes=size_bytes,
        checksum=checksum,
    )


def check(agent: Agent, destination: str) -> str:
    answer = agent.manage.CheckDestination(pb.CheckDestinationRequest(destination=destination))
    return str(answer.destination)


def begin(agent: Agent, destination: Path, job: int = 1, fence: int = 1, site: str = SITE) -> None:
    agent.manage.BeginStaging(
        pb.BeginStagingRequest(destination=str(destination), site_id=site, job_id=job, fence=fence)
    )


def stage_request(
    destination: Path, files: Sequence[pb.StageFile], job: int = 1, fence: int = 1
) -> pb.StageFilesRequest:
    return pb.StageFilesRequest(destination=str(destination), job_id=job, fence=fence, files=files)


def stage(
    agent: Agent, destination: Path, *files: pb.StageFile, job: int = 1, fence: int = 1
) -> Outcome:
    outcome = Outcome()
    for answer in agent.manage.StageFiles(stage_request(destination, files, job, fence)):
        outcome.bytes_done.append(answer.bytes_done)
        for file in answer.files:
            outcome.done.append(file.key)
            if file.HasField("failure"):
                outcome.failures[file.key] = f"{file.failure.reason}: {file.failure.message}"
    return outcome


def end(
    agent: Agent,
    destination: Path,
    errors: Sequence[str] = (),
    job: int = 1,
    fence: int = 1,
    user: str = "",
    cancelled: bool = False,
) -> str:
    first = pb.EndStagingRequest(
        destination=str(destination),
        site_id=SITE,
        job_id=job,
        fence=fence,
        user=user,
        cancelled=cancelled,
    )
    later = [pb.EndStagingRequest(errors=[line]) for line in errors]
    return str(agent.manage.EndStaging(iter([first, *later])).handover_error)


def markers(destination: Path) -> set[str]:
    return {path.name.removeprefix("STAGING-") for path in destination.glob("STAGING-*")}


def leftovers(destination: Path) -> list[Path]:
    return list(destination.rglob("*librarian-tmp*"))
