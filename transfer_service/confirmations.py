"""Telling neighbours what arrived from them, where they let this site: they then know it sooner."""

import logging
from collections.abc import Callable
from typing import Any

from librarian.client.channel import Connection
from librarian.errors import LibrarianError
from librarian.v1 import transfer_records_pb2 as pb
from librarian.v1 import transfers_pb2, transfers_pb2_grpc

logger = logging.getLogger(__name__)

_TELL_SECONDS = 30.0

Connect = Callable[[pb.NeighbourAccess], Connection]


class Confirmations:
    """Takes arrivals from the catalogue, and confirms them at the neighbours they came from."""

    def __init__(self, records: Any, connect: Connect, worker: str) -> None:
        self._records = records
        self._connect = connect
        self._worker = worker

    def run_once(self) -> bool:
        """Confirm some arrivals at one neighbour, and say whether there were any."""
        claim = self._records.ClaimConfirmations(pb.ClaimConfirmationsRequest(worker=self._worker))
        if not claim.HasField("neighbour") or not claim.transfers:
            return False
        told = self._tell(claim)
        self._records.RecordConfirmations(
            pb.RecordConfirmationsRequest(upload_ids=claim.upload_ids, told=told)
        )
        return True

    def _tell(self, claim: pb.ClaimConfirmationsResponse) -> bool:
        stub = self._connect(claim.neighbour).stub(transfers_pb2_grpc.TransfersStub)
        request = transfers_pb2.ConfirmTransfersRequest(transfers=claim.transfers)
        try:
            stub.ConfirmTransfers(request, timeout=_TELL_SECONDS)
        except LibrarianError as error:
            logger.info("%s was not told what arrived: %s", claim.neighbour.name, error)
            return False
        return True
