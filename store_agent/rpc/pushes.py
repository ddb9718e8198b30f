"""The methods of the StoreAgent service that push to a neighbour."""

from collections.abc import Iterator

import grpc

from librarian.failures import failure_message
from librarian.v1 import incoming_pb2, store_agent_pb2_grpc
from librarian.v1 import store_agent_pb2 as pb
from store_agent.pushing.checking import check_instances
from store_agent.pushing.push import Pusher, Report
from store_agent.pushing.ways import Push, PushFile, WayIn
from store_agent.reading import Stop
from store_agent.rpc import tickets
from store_agent.rpc.messages import check_batch
from store_agent.stores import Stores

# A whole batch goes in one call, for one rsync brings it.
_MAX_PUSHED = 2500


class PushServicer(store_agent_pb2_grpc.StoreAgentServicer):
    """Serves PushFiles and CheckInstances."""

    _stores: Stores
    _pusher: Pusher

    def PushFiles(
        self, request: pb.PushFilesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.PushFilesResponse]:
        """Bring instances to a neighbour's store."""
        tickets.check_push(request.batch_id)
        check_batch(request.files, _MAX_PUSHED)
        files = list(map(_push_file, request.files))
        reports = self._pusher.push(_push(request), files, lambda: not context.is_active())
        for report in reports:
            yield _response(report)

    def CheckInstances(
        self, request: pb.CheckInstancesRequest, context: grpc.ServicerContext
    ) -> pb.CheckInstancesResponse:
        """Read instances whole and compare them with the record."""
        tickets.check_push(request.batch_id)
        check_batch(request.files)
        files = list(map(_push_file, request.files))
        response = pb.CheckInstancesResponse()
        for error in check_instances(self._stores, files, Stop(lambda: not context.is_active())):
            response.files.add(failure=failure_message(error) if error else None)
        return response


def _push(request: pb.PushFilesRequest) -> Push:
    return Push(
        batch_id=request.batch_id,
        fence=request.fence,
        librarian_name=request.librarian_name,
        way_in=_way_in(request.way_in),
        ways=tuple(request.ways),
        ssh_host_key=request.ssh_host_key,
        ca_pem=request.ca_pem,
        bandwidth_bytes_per_second=max(0, request.bandwidth_bytes_per_second),
    )


def _way_in(message: incoming_pb2.BatchWayIn) -> WayIn:
    return WayIn(
        store_name=message.store_name,
        agent_address=message.agent_address,
        agent_tls=message.agent_tls,
        ticket=message.ticket,
        staging_path=message.staging_path,
        ssh_host=message.ssh_host,
        ssh_port=message.ssh_port or 22,
        ssh_user=message.ssh_user,
        rsync_path=message.rsync_path,
        ways=tuple(message.ways),
    )


def _push_file(message: pb.PushFile) -> PushFile:
    return PushFile(
        message.upload_id,
        message.store_name,
        message.parent_dirs,
        message.file_name,
        message.size_bytes,
        message.checksum,
    )


def _response(report: Report) -> pb.PushFilesResponse:
    response = pb.PushFilesResponse(
        bytes_done=report.bytes_done, way=incoming_pb2.PushWay.Name(report.way or 0)
    )
    for upload_id, error in report.files:
        pushed = response.files.add(upload_id=upload_id)
        if error is not None:
            pushed.failure.CopyFrom(failure_message(error))
    if report.trouble is not None:
        response.trouble.cause = report.trouble.cause
        response.trouble.message = str(report.trouble)
    return response
