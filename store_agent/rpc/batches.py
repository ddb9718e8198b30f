"""The methods of the StoreAgent service that look after what neighbours' rsyncs bring."""

import grpc

from librarian.failures import failure_message
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import store_agent_pb2_grpc
from store_agent.batch_locks import Batch
from store_agent.batch_places import adopt_batch, discard_batch, prepare_batch
from store_agent.parts import AgentParts
from store_agent.rpc.messages import check_batch
from store_agent.stores import STAGING, Stores


class BatchServicer(store_agent_pb2_grpc.StoreAgentServicer):
    """Serves PrepareBatch, AdoptBatch and DiscardBatch."""

    _parts: AgentParts
    _stores: Stores

    def PrepareBatch(
        self, request: pb.PrepareBatchRequest, context: grpc.ServicerContext
    ) -> pb.PrepareBatchResponse:
        """Make the directory into which a neighbour's rsync may write a batch."""
        batch = Batch(request.account_name, request.batch_id)
        store = self._stores.get_store(request.store_name)
        staging_path = str(store.root / STAGING)
        door = self._parts.ssh_door
        if not door.host:
            return pb.PrepareBatchResponse(staging_path=staging_path)
        return pb.PrepareBatchResponse(
            staging_path=staging_path,
            ssh_host=door.host,
            ssh_port=door.port,
            ssh_user=door.user,
            rsync_path=prepare_batch(store, batch),
        )

    def AdoptBatch(
        self, request: pb.AdoptBatchRequest, context: grpc.ServicerContext
    ) -> pb.AdoptBatchResponse:
        """Move what rsync brought into the staging places of its uploads."""
        check_batch(request.files)
        batch = Batch(request.account_name, request.batch_id)
        store = self._stores.get_store(request.store_name)
        response = pb.AdoptBatchResponse()
        files = [(file.upload_id, file.path) for file in request.files]
        for error in adopt_batch(store, batch, files):
            response.files.add(failure=failure_message(error) if error else None)
        return response

    def DiscardBatch(
        self, request: pb.DiscardBatchRequest, context: grpc.ServicerContext
    ) -> pb.DiscardBatchResponse:
        """Remove the directory of a batch and what is in it."""
        batch = Batch(request.account_name, request.batch_id)
        discard_batch(self._stores.get_store(request.store_name), batch)
        return pb.DiscardBatchResponse()
