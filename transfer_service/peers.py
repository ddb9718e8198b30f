"""The neighbours' catalogues: kept connections, and what this service asks of them."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from librarian.client.channel import Connection
from librarian.client.neighbours import connect_neighbour
from librarian.errors import LibrarianError, UnknownUploadError
from librarian.v1 import (
    accounts_pb2,
    accounts_pb2_grpc,
    incoming_pb2,
    incoming_pb2_grpc,
    transfer_records_pb2,
)
from transfer_service.batches import in_calls
from transfer_service.reasons import trouble_from

_PING_SECONDS = 20.0
# As long as it takes the neighbour to make a thousand staging places on a slow disk.
_OFFER_SECONDS = 180.0
_CALL_SECONDS = 60.0
# The lease is renewed by the thread that asks; it must not wait for a link that hangs.
_RENEW_SECONDS = 5.0
# A stream that says nothing for so long is asked for anew.
_WATCH_SECONDS = 300.0


class Neighbours:
    """Connections to neighbours, kept from batch to batch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[bytes, Connection]] = {}

    def connect(self, access: transfer_records_pb2.NeighbourAccess) -> Connection:
        """Return a connection to a neighbour, signed in as its record says now."""
        key = access.SerializeToString(deterministic=True)
        with self._lock:
            known = self._kept.get(access.name)
            if known is None or known[0] != key:
                # Whoever still uses the old connection keeps it.
                self._kept[access.name] = known = (key, connect_neighbour(access))
            return known[1]

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for _, connection in kept.values():
            connection.close()


class Neighbour:
    """A neighbour's catalogue, asked about one batch; what fails is the batch's trouble."""

    def __init__(self, connection: Connection, claim: transfer_records_pb2.ClaimBatchResponse):
        self.name = claim.neighbour.name
        self._claim = claim
        self._site: Any = connection.stub(accounts_pb2_grpc.SiteStub)
        self._incoming: Any = connection.stub(incoming_pb2_grpc.IncomingStub)

    def ask_site_id(self) -> str:
        """Return the identity of the site that answers."""
        with self._troubles():
            answer = self._site.Ping(accounts_pb2.PingRequest(), timeout=_PING_SECONDS)
        return str(answer.site_id)

    def offer(
        self, files: Iterable[incoming_pb2.OfferedFile], ways: Sequence[incoming_pb2.PushWay]
    ) -> incoming_pb2.OfferFilesResponse:
        """Offer files; return one answer for each, and where to bring them."""
        request = incoming_pb2.OfferFilesRequest(
            site_id=self._claim.site_id,
            site_name=self._claim.site_name,
            batch_id=self._claim.batch_id,
            fence=self._claim.fence,
            files=files,
            ways=ways,
        )
        with self._troubles():
            answer: incoming_pb2.OfferFilesResponse = self._incoming.OfferFiles(
                request, timeout=_OFFER_SECONDS
            )
        return answer

    def finish(self, upload_ids: Sequence[str], way: incoming_pb2.PushWay) -> None:
        """Say that uploads are there; raise StateError when one is not expected any more."""
        request = incoming_pb2.FinishFilesRequest(
            batch_id=self._claim.batch_id, fence=self._claim.fence, upload_ids=upload_ids, way=way
        )
        self._incoming.FinishFiles(request, timeout=_CALL_SECONDS)

    def watch(self) -> Any:
        """Return the stream of what is settled; it raises the classes of `librarian.errors`."""
        request = incoming_pb2.WatchBatchRequest(batch_id=self._claim.batch_id)
        return self._incoming.WatchBatch(request, timeout=_WATCH_SECONDS)

    def renew(self, *, patient: bool = False) -> str:
        """Keep the batch from expiring there; return a new ticket that allows writing it."""
        request = incoming_pb2.RenewBatchRequest(
            batch_id=self._claim.batch_id, fence=self._claim.fence
        )
        timeout = _CALL_SECONDS if patient else _RENEW_SECONDS
        with self._troubles():
            return str(self._incoming.RenewBatch(request, timeout=timeout).ticket)

    def withdraw(self, upload_ids: Sequence[str]) -> None:
        """Give up uploads; those that are not known there are given up already."""
        # To name none would give up all: then there is no call.
        for part in in_calls(upload_ids):
            request = incoming_pb2.WithdrawFilesRequest(
                batch_id=self._claim.batch_id, fence=self._claim.fence, upload_ids=part
            )
            # A batch that is not known there holds no room.
            with self._troubles(), suppress(UnknownUploadError):
                self._incoming.WithdrawFiles(request, timeout=_CALL_SECONDS)

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except LibrarianError as error:
            raise trouble_from(error, self.name) from error
