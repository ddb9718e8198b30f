"""This site's own store agent that has a batch's instances."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from librarian.client.channel import Connection
from librarian.errors import (
    BusyError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
)
from librarian.v1 import store_agent_pb2 as agent_pb
from librarian.v1 import store_agent_pb2_grpc, transfer_records_pb2
from transfer_service.batches import Item, in_calls
from transfer_service.brakes import Brake, Patience
from transfer_service.reasons import Cause, HandOnError, TroubleError

# An agent that restarts is back in seconds; then its catalogue has a ticket of its new key.
PATIENCE_SECONDS = 30.0
_AWAY_ERRORS = (NotReachableError, NotSignedInError, NotAllowedError, BusyError)
# It reads whole files, however large.
_CHECK_SECONDS = 24 * 3600.0


class SourceAgent:
    """The agent that brings a batch's bytes to the neighbour."""

    def __init__(
        self, claim: transfer_records_pb2.ClaimBatchResponse, ca_file: Path | None, brake: Brake
    ) -> None:
        self.ticket = claim.agent_ticket
        # Asks for a new ticket at once: set by the lease's keeper.
        self.ask_for_ticket: Callable[[], None] = lambda: None
        self._claim = claim
        self._brake = brake
        self._connection = Connection(
            claim.agent_address,
            token=lambda: self.ticket,
            tls=claim.agent_tls,
            ca_file=ca_file,
        )
        self._stub: Any = self._connection.stub(store_agent_pb2_grpc.StoreAgentStub)

    def push(self, request: agent_pb.PushFilesRequest) -> Any:
        """Begin to bring files; return the stream of answers."""
        return self._stub.PushFiles(request)

    def check(self, items: Sequence[Item]) -> list[agent_pb.CheckedInstance]:
        """Have instances read whole and compared with the record; return an answer for each."""
        return [answer for part in in_calls(items) for answer in self._check(part)]

    def _check(self, items: Iterable[Item]) -> list[agent_pb.CheckedInstance]:
        request = agent_pb.CheckInstancesRequest(
            batch_id=self._claim.batch_id, files=[push_file(item) for item in items]
        )
        patience = self.new_patience()
        with self._brake.cancelling(self._connection.close):
            while True:
                try:
                    answer = self._stub.CheckInstances(request, timeout=_CHECK_SECONDS)
                    return list(answer.files)
                except LibrarianError as error:
                    self.bear(error, patience)

    def new_patience(self) -> Patience:
        """Return the patience that is had with an agent that is away."""
        return Patience(self._brake.wait, PATIENCE_SECONDS)

    def bear(self, error: LibrarianError, patience: Patience) -> None:
        """Pause after an error that may pass; else raise what it means for the batch."""
        self._brake.check()
        if not isinstance(error, _AWAY_ERRORS):
            raise TroubleError(
                Cause.MISCONFIGURED, f"The store agent of this site cannot push: {error}"
            ) from error
        self.ask_for_ticket()
        if not patience.pause():
            raise HandOnError(f"The store agent of this site does not serve: {error}") from error

    def close(self) -> None:
        """End the connection, and what is under way on it."""
        self._connection.close()


def push_file(item: Item) -> agent_pb.PushFile:
    """Return how the agent is told of a transfer's instance."""
    file = item.transfer.file
    return agent_pb.PushFile(
        upload_id=item.upload_id,
        store_name=item.transfer.store_name,
        parent_dirs=item.transfer.parent_dirs,
        file_name=file.name,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
    )
