"""What agents do for uploads, called over gRPC."""

from collections.abc import Iterator, Sequence

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.observations import facts_of
from catalog_service.tables import Agent
from catalog_service.upload_agents import StagingPlace, Verified
from catalog_service.upload_claims import Claim
from librarian.errors import LibrarianError
from librarian.failures import error_from
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import uploads_pb2

# A thousand small files on a slow disk.
_BATCH_SECONDS = 600.0
# Reading the largest files of a batch again.
_COMPARE_SECONDS = 24 * 3600.0
_SIGNED_LIMIT = 1 << 63


class RemoteUploadAgents:
    """Does for uploads what `UploadAgents` asks for, at agents on other hosts."""

    def __init__(self, agents: AgentCalls) -> None:
        self._agents = agents

    def prepare(
        self, agent: Agent, places: Sequence[StagingPlace]
    ) -> Sequence[str | LibrarianError]:
        """Make staging places; return their paths in the order of the request."""
        request = pb.PrepareUploadsRequest(uploads=map(_stored, places))
        answer = self._agents.manage(agent).PrepareUploads(request, timeout=_BATCH_SECONDS)
        return [_failure(item) or item.staging_path for item in answer.uploads]

    def verify(
        self, agent: Agent, wanted: Sequence[tuple[Claim, str]]
    ) -> Iterator[tuple[str, Verified | LibrarianError]]:
        """Verify uploads against checksums; yield results as the agent has them."""
        request = pb.VerifyUploadsRequest(
            uploads=[
                pb.VerifyUpload(
                    upload=_stored_claim(claim),
                    size_bytes=claim.upload.size_bytes,
                    checksum=checksum,
                )
                for claim, checksum in wanted
            ],
            grouped=True,
        )
        for answer in self._agents.manage(agent).VerifyUploads(request):
            for item in (answer, *answer.others):
                yield item.upload_id, _failure(item) or _verified(item)

    def place(self, agent: Agent, claims: Sequence[Claim]) -> Sequence[LibrarianError | None]:
        """Move verified uploads into place; return what went wrong with each, in order."""
        request = pb.PlaceUploadsRequest(uploads=map(_placement, claims))
        answer = self._agents.manage(agent).PlaceUploads(request, timeout=_BATCH_SECONDS)
        return [_failure(item) for item in answer.uploads]

    def compare(self, agent: Agent, claims: Sequence[Claim]) -> Sequence[LibrarianError | None]:
        """Compare what lies where uploads belong with them; return what differs, in order."""
        request = pb.CheckInstancesRequest(files=map(_placed, claims))
        answer = self._agents.manage(agent).CheckInstances(request, timeout=_COMPARE_SECONDS)
        return [_failure(item) for item in answer.files]

    def discard(
        self, agent: Agent, places: Sequence[StagingPlace]
    ) -> Sequence[LibrarianError | None]:
        """Remove staging places and what is in them; return the error of each that failed."""
        request = pb.DiscardUploadsRequest(uploads=map(_stored, places))
        answer = self._agents.manage(agent).DiscardUploads(request, timeout=_BATCH_SECONDS)
        return [_failure(item) for item in answer.uploads]


def _failure(
    item: pb.PreparedUpload
    | pb.VerifiedUpload
    | pb.PlacedUpload
    | pb.CheckedInstance
    | pb.DiscardedUpload,
) -> LibrarianError | None:
    return error_of(item.failure) if item.HasField("failure") else None


def error_of(failure: uploads_pb2.Failure) -> LibrarianError:
    """Return the error that an agent tells of."""
    return error_from(failure.reason, failure.message)


def _verified(item: pb.VerifiedUpload) -> Verified:
    # The databases' integers have a sign; the agent's number does not.
    inode = item.inode - 2 * _SIGNED_LIMIT if item.inode >= _SIGNED_LIMIT else item.inode
    facts = facts_of(item.observation) if item.HasField("observation") else None
    return Verified(item.checksum, inode, facts)


def _stored(place: StagingPlace) -> pb.StoredUpload:
    return pb.StoredUpload(upload_id=place.upload_id, store_name=place.store_name)


def _stored_claim(claim: Claim) -> pb.StoredUpload:
    return pb.StoredUpload(upload_id=claim.upload.id, store_name=claim.store.name)


def _placement(claim: Claim) -> pb.PlaceUpload:
    return pb.PlaceUpload(
        upload=_stored_claim(claim),
        parent_dirs=claim.upload.parent_dirs,
        file_name=claim.upload.file_name,
        inode=(claim.upload.inode or 0) % (2 * _SIGNED_LIMIT),
    )


def _placed(claim: Claim) -> pb.PushFile:
    upload = claim.upload
    return pb.PushFile(
        upload_id=upload.id,
        store_name=claim.store.name,
        parent_dirs=upload.parent_dirs,
        file_name=upload.file_name,
        size_bytes=upload.size_bytes,
        checksum=upload.checksum,
    )
