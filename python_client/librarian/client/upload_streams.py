"""The way in by the agent's stream: from any machine, resumed at the byte where it broke."""

from collections.abc import Iterator, Sequence
from typing import Any

from librarian.client.channel import Connection
from librarian.client.sources import SourceEntry, open_entries, read_piece
from librarian.client.stalls import Watch, watched
from librarian.client.tallies import Tally
from librarian.client.upload_runs import Pending, Run, StoppedError
from librarian.errors import BusyError, LibrarianError, NotReachableError, NotSignedInError
from librarian.hashing import PIECE_BYTES, hashing_beside
from librarian.v1 import store_agent_pb2, store_agent_pb2_grpc, uploads_pb2

# Each stream ends after a time and is taken up again, so that no call lasts for ever.
_STREAM_TIMEOUT_SECONDS = 3600.0
_ASK_TIMEOUT_SECONDS = 120.0
# Less than this is sent anew rather than asked for.
_WORTH_RESUMING_BYTES = 4 << 20
# Errors of the way, not of what is sent: all that is sent on it will be sent again.
_ERRORS_OF_THE_WAY = (NotReachableError, NotSignedInError, BusyError)

Arrived = dict[str, int]
Request = store_agent_pb2.WriteContentsRequest


def send_by_stream(pendings: Sequence[Pending], way_in: uploads_pb2.WayIn, run: Run) -> None:
    """Send uploads of one batch to their agent; each has then a checksum, or its error.

    Raises NotReachableError, BusyError, or NotSignedInError when the ticket does not serve any
    more, as after a restart of the agent: what has arrived until then is not lost.
    """
    connection = run.link.agent(way_in.agent_address, way_in.ticket, tls=way_in.agent_tls)
    try:
        _send(connection, list(pendings), run)
    finally:
        connection.close()


def _send(connection: Connection, pendings: list[Pending], run: Run) -> None:
    agent = connection.stub(store_agent_pb2_grpc.StoreAgentStub)
    with watched(connection) as watch:
        arrived = [_ask_arrived(agent, pending, watch) for pending in pendings]
    pieces = _Pieces(pendings, arrived, run)
    try:
        with watched(connection) as watch:
            agent.WriteContents(pieces.under(watch), timeout=_STREAM_TIMEOUT_SECONDS)
    except _ERRORS_OF_THE_WAY:
        pieces.raise_error()
        raise
    except LibrarianError as error:
        pieces.raise_error()
        _blame(connection, pendings, error, run)
        return
    finally:
        pieces.is_over = True
    pieces.raise_error()
    for pending, checksum in pieces.checksums:
        pending.checksum = checksum


def _blame(
    connection: Connection, pendings: list[Pending], error: LibrarianError, run: Run
) -> None:
    """Find whose error ended a stream of several: each that is well is sent again, alone."""
    left = [pending for pending in pendings if pending.is_open]
    if len(pendings) == 1:
        pendings[0].error = pendings[0].error or error
        return
    for pending in left:
        _send(connection, [pending], run)


def _ask_arrived(agent: Any, pending: Pending, watch: Watch) -> Arrived:
    if pending.from_start or pending.source.size_bytes < _WORTH_RESUMING_BYTES:
        return {}
    request = store_agent_pb2.ListArrivedEntriesRequest(upload=_stored(pending))
    answers = watch.each(agent.ListArrivedEntries(request, timeout=_ASK_TIMEOUT_SECONDS))
    arrived = {entry.path: entry.size_bytes for answer in answers for entry in answer.entries}
    pending.arrived_bytes = sum(arrived.values())
    return arrived


def _stored(pending: Pending) -> store_agent_pb2.StoredUpload:
    upload = pending.upload
    return store_agent_pb2.StoredUpload(upload_id=upload.id, store_name=upload.store_name)


class _Pieces:
    """The messages of one stream.

    gRPC reads them on a thread of its own, where an error would reach nobody: that of an upload's
    contents is put down to it, any other is kept.
    """

    def __init__(self, pendings: list[Pending], arrived: list[Arrived], run: Run) -> None:
        self.checksums: list[tuple[Pending, str]] = []
        self.is_over = False
        self._error: Exception | None = None
        self._pendings = pendings
        self._arrived = arrived
        self._run = run

    def raise_error(self) -> None:
        """Raise the error that was kept."""
        if self._error is not None:
            raise self._error

    def under(self, watch: Watch) -> Iterator[Request]:
        """Yield the messages, and then wait for the answer, under a watch."""
        for request in self:
            watch.begin()
            yield request
            watch.end()
        watch.begin()

    def __iter__(self) -> Iterator[Request]:
        try:
            for pending, arrived in zip(self._pendings, self._arrived, strict=True):
                try:
                    yield from self._of_upload(pending, arrived)
                except StoppedError:
                    raise
                except LibrarianError as error:
                    pending.error = error
        except Exception as error:
            self._error = error

    def _of_upload(self, pending: Pending, arrived: Arrived) -> Iterator[Request]:
        source = pending.source
        self._run.meter.advance(-pending.counted_bytes)
        pending.counted_bytes = 0
        tally = Tally(source.is_directory, source.item.checksum or "")
        stored: store_agent_pb2.StoredUpload | None = _stored(pending)
        for entry, fd in open_entries(source):
            for request in self._of_entry(entry, fd, arrived.get(entry.path), tally, pending):
                if stored is not None:
                    request.upload.CopyFrom(stored)
                    stored = None
                yield request
                if self.is_over:
                    return
        self.checksums.append((pending, tally.checksum()))

    def _of_entry(
        self, entry: SourceEntry, fd: int, arrived: int | None, tally: Tally, pending: Pending
    ) -> Iterator[Request]:
        if entry.is_empty_directory:
            tally.add_empty_directory(entry.path)
            yield Request(path=entry.path)
            return
        hasher = tally.new_hasher()
        start = arrived if arrived is not None and arrived <= entry.size_bytes else 0
        if entry.size_bytes == 0:
            yield Request(path=entry.path)
        with hashing_beside(hasher, entry.size_bytes) as update:
            for offset, data in _read(fd, entry, start):
                update(data)
                if offset >= start:
                    yield Request(path=entry.path, offset=offset, data=data)
                pending.counted_bytes += len(data)
                self._run.advance(len(data))
        tally.add(entry.path, entry.size_bytes, hasher)


def _read(fd: int, entry: SourceEntry, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield an entry in pieces; those before `start` have arrived, and end there."""
    offset = 0
    while offset < entry.size_bytes:
        most_bytes = min(start - offset, PIECE_BYTES) if offset < start else PIECE_BYTES
        data = read_piece(fd, entry, offset, most_bytes)
        yield offset, data
        offset += len(data)
