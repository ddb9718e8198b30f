"""The calls of one stream: which files they carry, and what their errors mean."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from librarian.client.channel import Connection
from librarian.client.retries import Backoff
from librarian.errors import (
    BusyError,
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
    StateError,
    StoreFullError,
    StoreUnusableError,
    UnknownUploadError,
)
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import store_agent_pb2_grpc
from store_agent.neighbours.stream_pieces import Pieces, Request
from store_agent.neighbours.stream_watch import StreamWatch
from store_agent.pushing.bandwidth import Bandwidth
from store_agent.pushing.ways import Cause, Progress, PushFile, TroubleError
from store_agent.stores import Stores

_ASK_TIMEOUT_SECONDS = 120.0
# Less than this is sent anew rather than asked for.
_WORTH_RESUMING_BYTES = 4 << 20
_BUSY_PATIENCE_SECONDS = 10.0
_BUSY_PAUSE_SECONDS = 0.5

_CAUSES: dict[type[LibrarianError], Cause] = {
    StoreFullError: Cause.FULL,
    NotAllowedError: Cause.REFUSED,
    NotSignedInError: Cause.REFUSED,
    NotReachableError: Cause.UNREACHABLE,
    StoreUnusableError: Cause.UNREACHABLE,
}
# Of one upload only. The neighbour tells what became of it when the batch is finished.
_ERRORS_OF_ONE = (UnknownUploadError, StateError, InvalidRequestError)


class _BusyThereError(Exception):
    """Somebody else writes there, or too many do."""


class StreamCalls:
    """Sends files on one connection, a bundle a call."""

    def __init__(
        self,
        connection: Connection,
        stores: Stores,
        to_store_name: str,
        bandwidth: Bandwidth,
        watch: StreamWatch,
    ) -> None:
        self._agent: Any = connection.stub(store_agent_pb2_grpc.StoreAgentStub)
        self._address = connection.address
        self._stores = stores
        self._to_store_name = to_store_name
        self._bandwidth = bandwidth
        self._watch = watch.watch

    def send(self, files: Sequence[PushFile], progress: Progress) -> None:
        """Send files of one store, and settle each; raise TroubleError, or BusyError to stop."""
        try:
            self._send_patiently(files, progress)
        except _ERRORS_OF_ONE:
            # Whose it is, a call alone tells.
            if len(files) == 1:
                progress.settle(files[0])
                return
            for file in files:
                self.send([file], progress)

    def _send_patiently(self, files: Sequence[PushFile], progress: Progress) -> None:
        """Send files; an earlier push that was just ended may still be held to write there."""
        backoff = Backoff(_BUSY_PATIENCE_SECONDS)
        while True:
            try:
                self._send(files, progress)
            except _BusyThereError as error:
                self._bandwidth.take(0)
                if not backoff.pause(_BUSY_PAUSE_SECONDS):
                    raise TroubleError(Cause.UNREACHABLE, str(error)) from error
            else:
                return

    def _send(self, files: Sequence[PushFile], progress: Progress) -> None:
        arrived = {file.upload_id: self._ask_arrived(file) for file in files}
        store = self._stores.get_store(files[0].store_name)
        pieces = Pieces(files, arrived, self._bandwidth, progress)
        try:
            self._write(pieces.requests(store, self._to_store_name))
        except BaseException:
            pieces.take_back()
            pieces.raise_error()
            raise
        pieces.settle()

    def _write(self, requests: Iterator[Request]) -> None:
        def under_watch() -> Iterator[Request]:
            for request in requests:
                self._watch.begin()
                yield request
                self._watch.end()
            self._watch.begin()

        with self._said():
            self._agent.WriteContents(under_watch())

    def _ask_arrived(self, file: PushFile) -> Mapping[str, int]:
        if file.size_bytes < _WORTH_RESUMING_BYTES:
            return {}
        upload = pb.StoredUpload(upload_id=file.upload_id, store_name=self._to_store_name)
        request = pb.ListArrivedEntriesRequest(upload=upload)
        with self._said():
            answers = self._agent.ListArrivedEntries(request, timeout=_ASK_TIMEOUT_SECONDS)
            return {
                entry.path: entry.size_bytes
                for answer in self._watch.each(answers)
                for entry in answer.entries
            }

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn what the neighbour's agent said into what it means for the push."""
        try:
            yield
        except LibrarianError as error:
            if isinstance(error, _ERRORS_OF_ONE) and not isinstance(error, StoreUnusableError):
                raise
            said = f"The neighbour's agent at {self._address} said: {error}"
            if isinstance(error, BusyError):
                raise _BusyThereError(said) from error
            causes = (cause for kind, cause in _CAUSES.items() if isinstance(error, kind))
            raise TroubleError(next(causes, Cause.UNREACHABLE), said) from error
        finally:
            self._watch.end()
