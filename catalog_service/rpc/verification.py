"""Verifying a file: the method of the Instances service that reads its copies."""

import threading
from collections.abc import Callable

import grpc

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.verification import Checks, Patience, check_instances
from catalog_service.database import Database
from catalog_service.instances import LocatedInstance
from catalog_service.retrying import run_transaction
from catalog_service.rpc.messages import instance_message
from catalog_service.verification import available_instances, record_verification
from librarian.errors import BusyError
from librarian.v1 import instances_pb2 as pb
from librarian.v1 import instances_pb2_grpc

# Each holds one of the server's threads for as long as a disk needs.
_MOST_AT_ONCE = 4
_LONGEST_SECONDS = 24 * 3600.0
# Left of the caller's time to write down what was found.
_RECORDING_SECONDS = 2.0


class VerifyServicer(instances_pb2_grpc.InstancesServicer):
    """Serves VerifyFile."""

    _database: Database
    _agents: AgentCalls
    _verifying = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def VerifyFile(
        self, request: pb.VerifyFileRequest, context: grpc.ServicerContext
    ) -> pb.VerifyFileResponse:
        """Read each available instance of a file, and write down how it is."""
        if not self._verifying.acquire(blocking=False):
            raise BusyError(
                f"{_MOST_AT_ONCE} files are verified at the moment: repeat the call later."
            )
        try:
            return self._verify(request.file_name, _patience_of(context))
        finally:
            self._verifying.release()

    def _verify(self, file_name: str, patience: Patience) -> pb.VerifyFileResponse:
        file, located = run_transaction(
            self._database.readings, lambda db: available_instances(db, file_name)
        )
        checks = check_instances(self._agents, file, located, patience)
        now = run_transaction(
            self._database.transactions,
            lambda db: record_verification(db, file, located, checks.problems),
        )
        asked = {item.instance.id for item in located}
        return pb.VerifyFileResponse(
            instances=[_verified(item, checks) for item in now if item.instance.id in asked]
        )


def _patience_of(context: grpc.ServicerContext) -> Patience:
    left = context.time_remaining()
    seconds = _LONGEST_SECONDS if left is None else left - _RECORDING_SECONDS

    def give_up(end: Callable[[], None]) -> None:
        # Nobody is told of what has ended already.
        if not context.add_callback(end):
            end()

    return Patience(min(_LONGEST_SECONDS, seconds), give_up)


def _verified(item: LocatedInstance, checks: Checks) -> pb.VerifiedInstance:
    error = checks.unread.get(item.instance.id, "")
    return pb.VerifiedInstance(instance=instance_message(item), error=error)
