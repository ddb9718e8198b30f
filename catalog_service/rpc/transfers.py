"""The Transfers service."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc
from sqlalchemy.orm import Session

from catalog_service import transfers
from catalog_service.clock import database_time
from catalog_service.explanations import Explained, explain_file
from catalog_service.retrying import run_transaction
from catalog_service.rpc.jobs import JobsParts
from catalog_service.rpc.paging import page_size_of
from catalog_service.rpc.search_places import room_for
from catalog_service.rpc.transfer_messages import queued_message, transfer_message
from catalog_service.rpc.transfer_queueing import Queueing
from catalog_service.search.compiler import compile_search
from catalog_service.transfer_callbacks import Arrived, confirm_arrivals
from catalog_service.transfer_changes import (
    active_ids,
    cancel_transfers,
    failed_ids,
    newest_transfer_id,
    retry_transfers,
)
from catalog_service.transfer_queue import Queued
from catalog_service.transfers import TransferFilter
from catalog_service.wakeups import TRANSFERS
from librarian.errors import BusyError, InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import transfers_pb2 as pb
from librarian.v1 import transfers_pb2_grpc

_DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 1000
_MOST_IDS = 1000
# Each holds one of the server's threads for long.
_QUEUEINGS_PART = 4

Result = TypeVar("Result")
# Returns the next numbers of a kind, and does something with some numbers.
FindIds = Callable[..., list[int]]
Change = Callable[[Session, list[int]], tuple[int, int]]


class TransfersServicer(transfers_pb2_grpc.TransfersServicer):
    """Serves librarian.v1.Transfers."""

    def __init__(self, catalog: JobsParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups
        places = max(1, catalog.config.threads // _QUEUEINGS_PART)
        self._queueings = threading.BoundedSemaphore(places)

    def QueueTransfers(
        self, request: pb.QueueTransfersRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.QueueTransfersResponse]:
        """Queue a transfer for each file that matches, and stream what is queued so far."""
        if not self._queueings.acquire(blocking=False):
            raise BusyError("Too many searches are being queued at the moment: repeat it later.")
        try:
            yield from self._queue(request, context)
        finally:
            self._queueings.release()

    def _queue(
        self, request: pb.QueueTransfersRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.QueueTransfersResponse]:
        owner = current_caller().name
        name, priority = request.librarian_name, request.priority
        queueing = Queueing(self._database, self._wakeups, name, owner, priority)
        with room_for(request.ByteSize(), context.time_remaining()):
            compiled = compile_search(self._database, request.search, account_name=owner)
        total = Queued()
        for queued in queueing.queue(compiled):
            total += queued
            yield queued_message(total, owner, done=False)
        yield queued_message(total, owner, done=True)

    def GetTransfer(
        self, request: pb.GetTransferRequest, context: grpc.ServicerContext
    ) -> pb.Transfer:
        """Return one transfer."""

        def read(db: Session) -> pb.Transfer:
            found = transfers.get_transfer(db, _checked_ids([request.id])[0])
            return transfer_message(found, database_time(db))

        return self._read(read)

    def ListTransfers(
        self, request: pb.ListTransfersRequest, context: grpc.ServicerContext
    ) -> pb.ListTransfersResponse:
        """Return a page of transfers."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        before_id = _page_start(request)
        chosen = TransferFilter(
            request.librarian_name,
            request.order_name,
            request.file_name,
            [_state_name(state) for state in request.states],
        )

        def read(db: Session) -> pb.ListTransfersResponse:
            found = transfers.list_transfers(db, chosen, before_id=before_id, limit=size)
            now = database_time(db)
            return pb.ListTransfersResponse(
                transfers=[transfer_message(shown, now) for shown in found],
                next_page_token=str(found[-1].transfer.id) if len(found) == size else "",
            )

        return self._read(read)

    def CancelTransfers(
        self, request: pb.CancelTransfersRequest, context: grpc.ServicerContext
    ) -> pb.CancelTransfersResponse:
        """Cancel transfers by number, or all of a kind."""
        cancelled, ended = self._change(request, active_ids, cancel_transfers)
        return pb.CancelTransfersResponse(cancelled_count=cancelled, ended_count=ended)

    def RetryTransfers(
        self, request: pb.RetryTransfersRequest, context: grpc.ServicerContext
    ) -> pb.RetryTransfersResponse:
        """Queue transfers anew by number, or all of a kind that failed."""
        owner = current_caller().name
        queued, left = self._change(
            request, failed_ids, lambda db, ids: retry_transfers(db, ids, owner)
        )
        return pb.RetryTransfersResponse(queued_count=queued, left_count=left)

    def ConfirmTransfers(
        self, request: pb.ConfirmTransfersRequest, context: grpc.ServicerContext
    ) -> pb.ConfirmTransfersResponse:
        """Confirm what arrived at the caller's site."""
        account_name = current_caller().name
        _checked_ids([one.transfer_id for one in request.transfers])
        arrived = [Arrived(a.transfer_id, a.file_name, a.checksum) for a in request.transfers]

        def record(db: Session) -> list[bool]:
            confirmed = confirm_arrivals(db, account_name, arrived)
            self._wakeups.notify(db, TRANSFERS)
            return confirmed

        confirmed = run_transaction(self._database.transactions, record)
        return pb.ConfirmTransfersResponse(confirmed=confirmed)

    def ExplainFile(
        self, request: pb.ExplainFileRequest, context: grpc.ServicerContext
    ) -> pb.ExplainFileResponse:
        """Say why a file is here and at each neighbour, or not yet."""

        def read(db: Session) -> pb.ExplainFileResponse:
            explained = explain_file(db, request.file_name, request.librarian_name)
            return _explained_message(db, explained)

        return self._read(read)

    def _change(self, request: Any, find: FindIds, change: Change) -> tuple[int, int]:
        """Change transfers by number, or chunk by chunk all of a kind; return both counts."""
        if request.ids:
            return self._write(change, _checked_ids(request.ids))
        chosen = TransferFilter(request.librarian_name, request.order_name)
        if chosen == TransferFilter():
            raise InvalidRequestError("Say which transfers: by number, neighbour, or order.")
        last_id = self._read(newest_transfer_id)
        after_id, done, left = 0, 0, 0
        while ids := self._read(
            lambda db: find(db, chosen, after_id=after_id, last_id=last_id)  # noqa: B023
        ):
            changed, unchanged = self._write(change, ids)
            after_id, done, left = ids[-1], done + changed, left + unchanged
        return done, left

    def _write(self, change: Change, ids: list[int]) -> tuple[int, int]:
        def write(db: Session) -> tuple[int, int]:
            counts = change(db, ids)
            self._wakeups.notify(db, TRANSFERS)
            return counts

        return run_transaction(self._database.transactions, write)

    def _read(self, read: Callable[[Session], Result]) -> Result:
        return run_transaction(self._database.readings, read)


def _explained_message(db: Session, explained: Explained) -> pb.ExplainFileResponse:
    now = database_time(db)
    return pb.ExplainFileResponse(
        here=explained.here,
        there=[
            pb.Explanation(
                librarian_name=there.librarian_name,
                present=there.present,
                sentences=there.sentences,
                transfer=transfer_message(there.transfer, now) if there.transfer else None,
            )
            for there in explained.there
        ],
    )


def _checked_ids(ids: Any) -> list[int]:
    if len(ids) > _MOST_IDS:
        raise InvalidRequestError(f"A call takes at most {_MOST_IDS:,} transfers.")
    if any(number < 1 for number in ids):
        raise InvalidRequestError("The number of a transfer is 1 or more.")
    return list(ids)


def _state_name(state: "pb.Transfer.State") -> str:
    if state not in pb.Transfer.State.values() or state == pb.Transfer.STATE_UNSPECIFIED:
        raise InvalidRequestError(f"There is no state {state} of transfers.")
    return str(pb.Transfer.State.Name(state))


def _page_start(request: pb.ListTransfersRequest) -> int | None:
    token = request.page_token
    if not token:
        # A token is of a page up to that number anyway. No transfer has a larger one.
        return min(request.last_id, 1 << 62) + 1 if request.last_id else None
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise InvalidRequestError("That page token was not given out by this catalogue.")
    return int(token)
