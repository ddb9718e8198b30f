"""Transfers: sending files to other librarians, and why others have not arrived."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, takewhile

from librarian.client.librarians import LibrarianCalls
from librarian.client.progress import ProgressOption
from librarian.client.row_progress import follow_rows
from librarian.client.searches import SearchCalls, SearchText, search_text
from librarian.client.transfer_records import (
    Changed,
    FileExplanation,
    Sent,
    Transfer,
    TransferPage,
    read_sent,
    read_there,
    read_transfer,
)
from librarian.errors import InvalidRequestError, WaitTimedOutError
from librarian.v1 import transfers_pb2 as pb
from librarian.v1 import transfers_pb2_grpc

ACTIVE_STATES = ("QUEUED", "OFFERED", "SENDING", "SENT")
UNSENT_STATES = ("FAILED", "DECLINED", "CANCELLED")

_PAGE_SIZE = 1000
_MOST_IDS = 1000
# A search may find millions of files.
_LONG_SECONDS = 24 * 3600.0
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.2, 5.0


class TransferCalls(LibrarianCalls, SearchCalls):
    """How files are sent to other librarians."""

    def send(
        self,
        librarian: str,
        search: SearchText,
        priority: int | None = None,
        progress: ProgressOption = False,
    ) -> Sent:
        """Queue a transfer to another librarian for each file that matches.

        Left are files that are there or on their way already, so doing it again queues the rest.
        `progress` is True for a bar, or a function. Raises UnknownLibrarianError, and
        InvalidRequestError, with the place, when the search is not understood.
        """
        request = pb.QueueTransfersRequest(
            librarian_name=librarian, search=search_text(search), priority=priority or 0
        )
        sent = Sent(librarian)

        def count() -> int:
            return self.search_files(search).count()

        with follow_rows(progress, f"to {librarian}", count) as report:
            for answer in self._transfers().QueueTransfers(request, timeout=_LONG_SECONDS):
                sent = read_sent(answer, librarian)
                report(sent.file_count)
        return sent

    def wait_for_transfers(
        self,
        sent: Sent,
        timeout_seconds: float | None = None,
        tell: Callable[[str], object] | None = None,
    ) -> Iterator[Transfer]:
        """Wait until the transfers that a `send` queued have ended; yield those that failed.

        `tell` is called with a sentence each time that something new is in the way of all. Raises
        WaitTimedOutError when time is up, with what is in the way; the transfers go on.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        pause, trouble = _FIRST_POLL_SECONDS, ""
        while sent.queued_count and any(islice(self._of_send(sent, ACTIVE_STATES), 1)):
            before, trouble = trouble, self._trouble(sent.librarian)
            if tell and trouble not in ("", before):
                tell(trouble)
            if deadline is not None and time.monotonic() + pause > deadline:
                why = f" {trouble}" if trouble else ""
                raise WaitTimedOutError(
                    f"Not all has arrived at {sent.librarian} in time; the transfers go on.{why}"
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        if sent.queued_count:
            yield from self._of_send(sent, UNSENT_STATES)

    def list_transfers(
        self,
        librarian: str | None = None,
        order: str | None = None,
        file_name: str | None = None,
        states: Iterable[str] = (),
    ) -> Iterator[Transfer]:
        """Yield transfers, newest first: all, or those to a librarian, of an order, or a file.

        `states` are names such as `QUEUED`. Raises NotFoundError for what is not on record.
        """
        return self._list(_list_request(librarian, order, file_name, states))

    def list_transfer_page(  # noqa: PLR0913 - what a page is chosen by, one by one
        self,
        librarian: str | None = None,
        order: str | None = None,
        file_name: str | None = None,
        states: Iterable[str] = (),
        *,
        page_size: int = 100,
        page_token: str = "",
        last_id: int = 0,
    ) -> TransferPage:
        """Return one page of what `list_transfers` yields, at most 1,000 transfers.

        With a `last_id` only transfers up to that number.
        """
        request = _list_request(librarian, order, file_name, states)
        request.page_size, request.page_token, request.last_id = page_size, page_token, last_id
        page = self._transfers().ListTransfers(request)
        return TransferPage([read_transfer(one) for one in page.transfers], page.next_page_token)

    def get_transfer(self, id: int) -> Transfer:
        """Return a transfer; raises UnknownTransferError."""
        return read_transfer(self._transfers().GetTransfer(pb.GetTransferRequest(id=id)))

    def cancel_transfers(
        self, ids: Sequence[int] = (), librarian: str | None = None, order: str | None = None
    ) -> Changed:
        """Cancel transfers by number, or all to a librarian or of an order that have not ended.

        Raises UnknownTransferError for a number that there is not.
        """
        total = Changed()
        for some in _portions(ids):
            request = pb.CancelTransfersRequest(
                ids=some, librarian_name=librarian or "", order_name=order or ""
            )
            answer = self._transfers().CancelTransfers(request, timeout=_LONG_SECONDS)
            total = _sum(total, answer.cancelled_count, answer.ended_count)
        return total

    def retry_transfers(
        self, ids: Sequence[int] = (), librarian: str | None = None, order: str | None = None
    ) -> Changed:
        """Queue transfers anew by number, or all to a librarian or of an order that failed.

        Each becomes a new transfer. Raises UnknownTransferError for a number that there is not.
        """
        total = Changed()
        for some in _portions(ids):
            request = pb.RetryTransfersRequest(
                ids=some, librarian_name=librarian or "", order_name=order or ""
            )
            answer = self._transfers().RetryTransfers(request, timeout=_LONG_SECONDS)
            total = _sum(total, answer.queued_count, answer.left_count)
        return total

    def explain_file(self, name: str, librarian: str | None = None) -> FileExplanation:
        """Say why a file is here and at other librarians, or at one, or not yet.

        Raises UnknownFileError and UnknownLibrarianError.
        """
        request = pb.ExplainFileRequest(file_name=name, librarian_name=librarian or "")
        answer = self._transfers().ExplainFile(request)
        return FileExplanation(list(answer.here), [read_there(there) for there in answer.there])

    def _trouble(self, librarian: str) -> str:
        """Return what is in the way of all transfers to a librarian, or nothing."""
        # `get_librarian` counts its transfers too, and there may be millions.
        known = [one for one in self.list_librarians() if one.name == librarian]
        if known and not known[0].transfers_enabled:
            return f"Transfers to {librarian} are disabled."
        return known[0].link.error if known else ""

    def _of_send(self, sent: Sent, states: Iterable[str]) -> Iterator[Transfer]:
        """Yield the transfers that a `send` queued; others' may have got numbers meanwhile."""
        request = pb.ListTransfersRequest(
            librarian_name=sent.librarian,
            states=[_state_number(state) for state in states],
            page_size=_PAGE_SIZE,
            last_id=sent.last_id,
        )
        since = takewhile(lambda transfer: transfer.id >= sent.first_id, self._list(request))
        return (one for one in since if one.owner == sent.owner and not one.order)

    def _list(self, request: pb.ListTransfersRequest) -> Iterator[Transfer]:
        while True:
            page = self._transfers().ListTransfers(request)
            yield from map(read_transfer, page.transfers)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def _transfers(self) -> transfers_pb2_grpc.TransfersStub:
        stub: transfers_pb2_grpc.TransfersStub = self._link.catalog(
            transfers_pb2_grpc.TransfersStub
        )
        return stub


def _list_request(
    librarian: str | None, order: str | None, file_name: str | None, states: Iterable[str]
) -> pb.ListTransfersRequest:
    return pb.ListTransfersRequest(
        librarian_name=librarian or "",
        order_name=order or "",
        file_name=file_name or "",
        states=[_state_number(state) for state in states],
        page_size=_PAGE_SIZE,
    )


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield as many numbers as a call takes; none at all once, for those of a kind."""
    for first in range(0, max(1, len(ids)), _MOST_IDS):
        yield ids[first : first + _MOST_IDS]


def _sum(total: Changed, changed: int, unchanged: int) -> Changed:
    return Changed(total.changed_count + changed, total.unchanged_count + unchanged)


def _state_number(state: str) -> "pb.Transfer.State":
    if state not in pb.Transfer.State.keys():  # noqa: SIM118 - it is no dictionary.
        known = ", ".join((*ACTIVE_STATES, "CONFIRMED", *UNSENT_STATES))
        raise InvalidRequestError(f"There is no state {state!r} of transfers; there are {known}.")
    number: pb.Transfer.State = pb.Transfer.State.Value(state)  # type: ignore[assignment]
    return number
