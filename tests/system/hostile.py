"""A hostile neighbour: a server that answers as it likes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from librarian.v1 import accounts_pb2, accounts_pb2_grpc, incoming_pb2_grpc
from librarian.v1 import incoming_pb2 as pb

OfferAnswers = Callable[[pb.OfferFilesRequest], pb.OfferFilesResponse]


class HostileSite(incoming_pb2_grpc.IncomingServicer, accounts_pb2_grpc.SiteServicer):
    """Answers offers as told; of what was sent it says what it likes, too.

    `offers` counts how often something was offered; `released` lets go whoever it kept waiting.
    """

    def __init__(self, answer_offer: OfferAnswers, checksum: str = "") -> None:
        self.offers = 0
        self.released = threading.Event()
        self._answer_offer = answer_offer
        self._checksum = checksum
        self._uploads: list[tuple[str, int]] = []
        self._server = grpc.server(ThreadPoolExecutor(8))
        incoming_pb2_grpc.add_IncomingServicer_to_server(self, self._server)
        accounts_pb2_grpc.add_SiteServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> "HostileSite":
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self._server.stop(0).wait()

    def Ping(self, request: Any, context: grpc.ServicerContext) -> accounts_pb2.PingResponse:
        """Answer as a site that has no identity."""
        return accounts_pb2.PingResponse(site_name="mallory")

    def OfferFiles(
        self, request: pb.OfferFilesRequest, context: grpc.ServicerContext
    ) -> pb.OfferFilesResponse:
        """Answer an offer as told."""
        self.offers += 1
        answer = self._answer_offer(request)
        ids = [file.transfer_id for file in request.files]
        uploads = (one.upload_id for one in answer.files)
        self._uploads = list(zip(uploads, ids, strict=False))
        return answer

    def FinishFiles(
        self, request: pb.FinishFilesRequest, context: grpc.ServicerContext
    ) -> pb.FinishFilesResponse:
        """Say that all is well."""
        return pb.FinishFilesResponse(finished_count=len(request.upload_ids))

    def WatchBatch(
        self, request: pb.WatchBatchRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchBatchResponse]:
        """Say that all is there, with whatever checksum."""
        files = [
            pb.SettledFile(upload_id=upload, transfer_id=number, checksum=self._checksum)
            for upload, number in self._uploads
        ]
        yield pb.WatchBatchResponse(files=files, done=True)

    def RenewBatch(
        self, request: pb.RenewBatchRequest, context: grpc.ServicerContext
    ) -> pb.RenewBatchResponse:
        """Give a ticket that is none."""
        return pb.RenewBatchResponse(expected_count=1, ticket="x")

    def WithdrawFiles(
        self, request: pb.WithdrawFilesRequest, context: grpc.ServicerContext
    ) -> pb.WithdrawFilesResponse:
        """Say that all is well."""
        return pb.WithdrawFilesResponse()
