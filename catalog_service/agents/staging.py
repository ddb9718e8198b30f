"""Calls to store agents that fill a staging destination."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Protocol

from catalog_service.staging_files import StagingItem
from catalog_service.tables import Agent
from librarian.errors import LibrarianError
from librarian.failures import error_from
from librarian.v1 import store_agent_pb2

_BEGIN_TIMEOUT_SECONDS = 60.0
# The agent may hand a great many files over before it answers.
_END_TIMEOUT_SECONDS = 3600.0
_ERRORS_A_MESSAGE = 500


class AgentStubs(Protocol):
    """Gives the stub of an agent, with the catalogue's ticket."""

    def manage(self, agent: Agent) -> Any:
        """Return the stub of an agent."""
        ...


@dataclass(frozen=True)
class Destination:
    """What every call about one claimed staging carries."""

    path: str
    site_id: str
    job_id: int
    fence: int


@dataclass(frozen=True)
class StagingProgress:
    """What an agent did since it last said: numbers of files with the error of those that failed.

    `bytes_done` counts from the beginning of the call.
    """

    files: Sequence[tuple[int, LibrarianError | None]]
    bytes_done: int


class StagingStream:
    """The answers of an agent that stages."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    def __iter__(self) -> Iterator[StagingProgress]:
        """Yield what was done, at least every second."""
        for answer in self._answers:
            files = [(file.key, _error_of(file)) for file in answer.files]
            yield StagingProgress(files, answer.bytes_done)

    def cancel(self) -> None:
        """Let the agent stop soon."""
        self._answers.cancel()


def check_destination(stub: Any, destination: str) -> str:
    """Return the absolute path of a destination, or raise InvalidRequestError."""
    request = store_agent_pb2.CheckDestinationRequest(destination=destination)
    return str(stub.CheckDestination(request).destination)


def begin_staging(stub: Any, destination: Destination) -> None:
    """Make the destination and mark it; raise ConflictError when it is someone else's."""
    request = store_agent_pb2.BeginStagingRequest(
        destination=destination.path,
        site_id=destination.site_id,
        job_id=destination.job_id,
        fence=destination.fence,
    )
    stub.BeginStaging(request, timeout=_BEGIN_TIMEOUT_SECONDS)


def stage_files(stub: Any, destination: Destination, items: Iterable[StagingItem]) -> StagingStream:
    """Begin to copy files."""
    files = [
        store_agent_pb2.StageFile(
            key=item.number,
            store_name=item.store_name,
            parent_dirs=item.parent_dirs,
            file_name=item.file_name,
            size_bytes=item.size_bytes,
            checksum=item.checksum,
        )
        for item in items
    ]
    request = store_agent_pb2.StageFilesRequest(
        destination=destination.path,
        job_id=destination.job_id,
        fence=destination.fence,
        files=files,
    )
    return StagingStream(stub.StageFiles(request))


def end_staging(
    stub: Any, destination: Destination, *, cancelled: bool, user: str, errors: Iterable[str]
) -> str:
    """Mark the destination as done; return what went wrong in handing the files over."""
    first = store_agent_pb2.EndStagingRequest(
        destination=destination.path,
        site_id=destination.site_id,
        job_id=destination.job_id,
        fence=destination.fence,
        cancelled=cancelled,
        user=user,
    )
    lines = iter(errors)
    pieces = iter(lambda: list(islice(lines, _ERRORS_A_MESSAGE)), [])
    rest = (store_agent_pb2.EndStagingRequest(errors=piece) for piece in pieces)
    return str(stub.EndStaging(chain([first], rest), timeout=_END_TIMEOUT_SECONDS).handover_error)


def _error_of(file: store_agent_pb2.StagedFile) -> LibrarianError | None:
    if not file.HasField("failure"):
        return None
    return error_from(file.failure.reason, file.failure.message)
