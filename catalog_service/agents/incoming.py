"""What agents do for batches that neighbours push here, called over gRPC."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.uploads import error_of
from catalog_service.incoming_settling import ArrivedPart, ArrivedUpload, BatchPlace
from librarian.errors import LibrarianError
from librarian.v1 import store_agent_pb2 as pb

# A thousand files on a slow disk.
_BATCH_SECONDS = 600.0


@dataclass(frozen=True)
class SshWayIn:
    """Where rsync may bring a batch; without a host, nowhere."""

    host: str
    port: int
    user: str
    rsync_path: str
    staging_path: str


class RemoteIncomingAgents:
    """Does for incoming batches what only agents can."""

    def __init__(self, agents: AgentCalls) -> None:
        self._agents = agents

    def prepare_batch(self, place: BatchPlace) -> SshWayIn:
        """Make the directory into which rsync may write a batch."""
        request = pb.PrepareBatchRequest(**_named(place))
        agent = self._agents.manage(place.agent)
        made = agent.PrepareBatch(request, timeout=_BATCH_SECONDS)
        return SshWayIn(
            made.ssh_host, made.ssh_port, made.ssh_user, made.rsync_path, made.staging_path
        )

    def adopt(self, part: ArrivedPart) -> Sequence[LibrarianError | None]:
        """Move what rsync brought to where it is verified; return the errors, in order."""
        request = pb.AdoptBatchRequest(**_named(part.place), files=map(_adopt_file, part.uploads))
        agent = self._agents.manage(part.place.agent)
        answer = agent.AdoptBatch(request, timeout=_BATCH_SECONDS)
        return [error_of(f.failure) if f.HasField("failure") else None for f in answer.files]

    def discard_batch(self, place: BatchPlace) -> None:
        """Remove the directory of a batch."""
        request = pb.DiscardBatchRequest(**_named(place))
        self._agents.manage(place.agent).DiscardBatch(request, timeout=_BATCH_SECONDS)


def _named(place: BatchPlace) -> dict[str, str]:
    return {
        "store_name": place.store_name,
        "account_name": place.account_name,
        "batch_id": place.batch_id,
    }


def _adopt_file(upload: ArrivedUpload) -> pb.AdoptFile:
    path = f"{upload.parent_dirs}/{upload.file_name}" if upload.parent_dirs else upload.file_name
    return pb.AdoptFile(upload_id=upload.id, path=path)
