"""The StoreAgent service: translate, open the store, delegate."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import grpc

from librarian.errors import BusyError, InvalidRequestError, LibrarianError
from librarian.failures import failure_message
from librarian.service.prefetching import prefetched
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import stores_pb2
from store_agent import markers, upload_batches
from store_agent.deleting import delete_files, empty_trash
from store_agent.inspecting import Inspector
from store_agent.markers import Claim
from store_agent.parts import AgentParts
from store_agent.pushing.push import Pusher
from store_agent.reading import Reader, Stop
from store_agent.rpc import messages, tickets
from store_agent.rpc.batches import BatchServicer
from store_agent.rpc.pushes import PushServicer
from store_agent.serving import list_instance, read_instance
from store_agent.staging_places import list_arrived
from store_agent.store_copies import CopyOrder, copy_between_stores
from store_agent.streams import ContentsStream

_INSPECTED_AT_A_TIME = 500
_ENTRIES_AT_A_TIME = 1000
# Of a stream of contents: the next pieces come in while one is written.
_PIECES_AHEAD = 4

_Message = TypeVar("_Message")


class StoreAgentServicer(BatchServicer, PushServicer):
    """Serves librarian.v1.StoreAgent."""

    def __init__(self, parts: AgentParts, pusher: Pusher) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._pusher = pusher

    def OpenStore(
        self, request: pb.OpenStoreRequest, context: grpc.ServicerContext
    ) -> stores_pb2.StoreReport:
        """Make or open a store's root."""
        wanted = request.store
        store = self._stores.open_store(wanted.name, Path(wanted.root), wanted.store_id)
        with store.opened() as root_fd:
            empty_trash(root_fd)
        self._parts.stores_changed.set()
        return messages.store_report(store, store.measure())

    def PrepareUploads(
        self, request: pb.PrepareUploadsRequest, context: grpc.ServicerContext
    ) -> pb.PrepareUploadsResponse:
        """Make the staging places of uploads."""
        messages.check_batch(request.uploads)
        uploads = [(upload.store_name, upload.upload_id) for upload in request.uploads]
        response = pb.PrepareUploadsResponse()
        for made in upload_batches.prepare_uploads(self._stores, uploads):
            if isinstance(made, LibrarianError):
                response.uploads.add(failure=failure_message(made))
            else:
                response.uploads.add(staging_path=made)
        return response

    def ListArrivedEntries(
        self, request: pb.ListArrivedEntriesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ArrivedEntries]:
        """Stream what of an upload has arrived."""
        tickets.check_upload(request.upload.upload_id)
        store = self._stores.get_store(request.upload.store_name)
        with store.opened(streaming=True) as root_fd:
            arrived = list_arrived(root_fd, request.upload.upload_id)
            for batch in messages.batches(arrived, _ENTRIES_AT_A_TIME):
                yield pb.ArrivedEntries(entries=messages.arrived_entries(batch))

    def WriteContents(
        self, request_iterator: Iterable[pb.WriteContentsRequest], context: grpc.ServicerContext
    ) -> pb.WriteContentsResponse:
        """Take contents into staging places."""
        stream = ContentsStream(self._stores, self._parts.digests)
        try:
            for piece in prefetched(_received(request_iterator), _PIECES_AHEAD):
                if piece.HasField("upload"):
                    tickets.check_upload(piece.upload.upload_id)
                    stream.turn_to(piece.upload.store_name, piece.upload.upload_id)
                stream.write(piece.path, piece.offset, piece.data)
        finally:
            stream.close()
        return pb.WriteContentsResponse(written_bytes=stream.written_bytes)

    def VerifyUploads(
        self, request: pb.VerifyUploadsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.VerifiedUpload]:
        """Verify what has arrived."""
        messages.check_batch(request.uploads)
        uploads = [
            (upload.upload.store_name, messages.expected(upload)) for upload in request.uploads
        ]
        verified = upload_batches.verify_uploads(
            self._stores, uploads, self._parts.digests, _stop(context)
        )
        for part in verified:
            first, *others = (messages.verified_upload(*one) for one in part)
            if request.grouped:
                first.others.extend(others)
                others = []
            yield from (first, *others)

    def PlaceUploads(
        self, request: pb.PlaceUploadsRequest, context: grpc.ServicerContext
    ) -> pb.PlaceUploadsResponse:
        """Move verified uploads into place."""
        messages.check_batch(request.uploads)
        uploads = [
            (upload.upload.store_name, messages.placement(upload)) for upload in request.uploads
        ]
        response = pb.PlaceUploadsResponse()
        for error in upload_batches.place_uploads(self._stores, uploads):
            response.uploads.add(failure=failure_message(error) if error else None)
        return response

    def DiscardUploads(
        self, request: pb.DiscardUploadsRequest, context: grpc.ServicerContext
    ) -> pb.DiscardUploadsResponse:
        """Remove uploads' staging places."""
        messages.check_batch(request.uploads)
        uploads = [(upload.store_name, upload.upload_id) for upload in request.uploads]
        response = pb.DiscardUploadsResponse()
        for error in upload_batches.discard_uploads(self._stores, uploads):
            response.uploads.add(failure=failure_message(error) if error else None)
        return response

    def InspectFiles(
        self, request: pb.InspectFilesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.InspectFilesResponse]:
        """Inspect files under a store."""
        messages.check_batch(request.paths)
        store = self._stores.get_store(request.store_name)
        with store.opened() as root_fd:
            inspector = Inspector(root_fd, Reader(_stop(context)))
            found = inspector.inspect(request.paths, recursive=request.recursive)
            for batch in messages.batches(found, _INSPECTED_AT_A_TIME):
                yield pb.InspectFilesResponse(files=map(messages.inspected_file, batch))

    def CopyFile(
        self, request: pb.CopyFileRequest, context: grpc.ServicerContext
    ) -> pb.CopyFileResponse:
        """Copy one file from one store to another."""
        order = CopyOrder(
            self._stores.get_store(request.from_store_name),
            request.from_path,
            self._stores.get_store(request.to_store_name),
            request.to_path,
            request.size_bytes,
            request.checksum,
        )
        copied_bytes = copy_between_stores(order, Reader(_stop(context)))
        return pb.CopyFileResponse(copied_bytes=copied_bytes)

    def DeleteFiles(
        self, request: pb.DeleteFilesRequest, context: grpc.ServicerContext
    ) -> pb.DeleteFilesResponse:
        """Delete files under a store."""
        messages.check_batch(request.paths)
        store = self._stores.get_store(request.store_name)
        response = pb.DeleteFilesResponse()
        with store.opened() as root_fd:
            for error in delete_files(store, root_fd, request.paths):
                response.files.add(failure=failure_message(error) if error else None)
        return response

    def ListEntries(
        self, request: pb.ListEntriesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ListEntriesResponse]:
        """Stream the entries of an instance."""
        tickets.check_instance(request.store_name, request.path)
        with self._stores.get_store(request.store_name).opened(streaming=True) as root_fd:
            is_directory, entries = list_instance(root_fd, request.path)
            for batch in messages.batches(entries, _ENTRIES_AT_A_TIME):
                arrived = messages.arrived_entries(batch)
                yield pb.ListEntriesResponse(directory=is_directory, entries=arrived)

    def ReadContents(
        self, request: pb.ReadContentsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ReadContentsResponse]:
        """Stream the contents of an instance's entries."""
        tickets.check_instance(request.store_name, request.path)
        entries = [(entry.path, entry.offset) for entry in request.entries]
        with self._stores.get_store(request.store_name).opened(streaming=True) as root_fd:
            for path, offset, data in read_instance(root_fd, request.path, entries):
                yield pb.ReadContentsResponse(path=path, offset=offset, data=data)

    def CheckDestination(
        self, request: pb.CheckDestinationRequest, context: grpc.ServicerContext
    ) -> pb.CheckDestinationResponse:
        """Resolve a staging destination."""
        destination = self._parts.prefix.check_destination(request.destination)
        return pb.CheckDestinationResponse(destination=destination)

    def BeginStaging(
        self, request: pb.BeginStagingRequest, context: grpc.ServicerContext
    ) -> pb.BeginStagingResponse:
        """Make a staging destination and mark it."""
        self._parts.fences.admit(request.job_id, request.fence)
        claim = Claim(request.site_id, request.job_id, request.fence)
        with self._parts.prefix.opened(request.destination, make=True) as dir_fd:
            markers.begin(dir_fd, claim)
        return pb.BeginStagingResponse()

    def StageFiles(
        self, request: pb.StageFilesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.StageFilesResponse]:
        """Copy files into a staging destination."""
        messages.check_batch(request.files)
        self._parts.fences.admit(request.job_id, request.fence)
        with self._parts.prefix.opened(request.destination) as dir_fd:
            markers.check(dir_fd, request.job_id, request.fence)
        files = list(map(messages.staged_copy, request.files))
        reports = self._parts.stager.stage(
            request.destination, request.job_id, files, _stop(context)
        )
        for progress in reports:
            yield messages.staging_progress(progress)

    def EndStaging(
        self, request_iterator: Iterable[pb.EndStagingRequest], context: grpc.ServicerContext
    ) -> pb.EndStagingResponse:
        """End a staging, and hand the files over."""
        requests = list(_received(request_iterator))
        if not requests:
            raise InvalidRequestError("The stream must say which staging ends.")
        first = requests[0]
        self._parts.handover.check_user(first.user)
        self._parts.fences.admit(first.job_id, first.fence)
        claim = Claim(first.site_id, first.job_id, first.fence)
        errors = (line for request in requests for line in request.errors)
        with self._parts.prefix.opened(first.destination) as dir_fd:
            markers.end(dir_fd, claim, errors, cancelled=first.cancelled)
        if first.cancelled:
            return pb.EndStagingResponse()
        said = self._parts.handover.hand_over(first.user, first.destination)
        return pb.EndStagingResponse(handover_error=said)


def _stop(context: grpc.ServicerContext) -> Stop:
    return Stop(lambda: not context.is_active())


def _received(request_iterator: Iterable[_Message]) -> Iterator[_Message]:
    try:
        yield from request_iterator
    except grpc.RpcError as error:
        raise BusyError("The caller went away before all had been sent.") from error
