"""The inspection of files that lie under a store, by its agent."""

from collections.abc import Iterator, Sequence

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.observations import facts_of
from catalog_service.agents.uploads import error_of
from catalog_service.registration import FoundFile, Registration
from librarian.errors import LibrarianError
from librarian.service.prefetching import prefetched
from librarian.v1 import store_agent_pb2 as pb

# While one batch is recorded, the agent inspects the next.
_ANSWERS_AHEAD = 16

Failures = list[tuple[str, LibrarianError]]


def inspect_files(
    agents: AgentCalls, registration: Registration, paths: Sequence[str], *, recursive: bool
) -> Iterator[tuple[list[FoundFile], Failures]]:
    """Yield, in batches, the files found at the paths or beneath them, and what is wrong."""
    request = pb.InspectFilesRequest(
        store_name=registration.store.name, paths=paths, recursive=recursive
    )
    stream = agents.manage(registration.agent).InspectFiles(request)
    try:
        for answer in prefetched(stream, _ANSWERS_AHEAD):
            failed = [item for item in answer.files if item.HasField("failure")]
            good = [item for item in answer.files if not item.HasField("failure")]
            yield (
                [_found(item) for item in good],
                [(item.path, error_of(item.failure)) for item in failed],
            )
    finally:
        stream.cancel()


def _found(item: pb.InspectedFile) -> FoundFile:
    facts = facts_of(item.observation) if item.HasField("observation") else None
    return FoundFile(item.path, item.size_bytes, item.checksum, facts)
