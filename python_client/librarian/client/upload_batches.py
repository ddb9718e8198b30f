"""One batch of uploads: started together, brought, and completed together."""

import contextlib
from collections import defaultdict
from collections.abc import Sequence

from librarian.checksums import parse_checksum
from librarian.client.messages import read_file
from librarian.client.metadata import fill_metadata
from librarian.client.retries import Backoff
from librarian.client.stalls import StalledError
from librarian.client.upload_leases import renewed
from librarian.client.upload_paths import is_path_open, send_by_path
from librarian.client.upload_runs import Pending, Run, StoppedError
from librarian.client.upload_streams import send_by_stream
from librarian.errors import (
    BusyError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotReachableError,
    NotSignedInError,
)
from librarian.failures import error_from
from librarian.v1 import observations_pb2, uploads_pb2, uploads_pb2_grpc

_PATIENCE_SECONDS = 60.0
# Nothing has been sent yet: whoever waits hears of an agent that is away sooner.
_START_PATIENCE_SECONDS = 10.0
_TIMEOUT_SECONDS = 120.0
# The site reads and flushes what has come before it answers; the slowest disks do this a second.
_SLOWEST_BYTES_PER_SECOND = 10_000_000
_PASSING_ERRORS = (NotReachableError, BusyError)
_ERRORS_OF_THE_WAY = (*_PASSING_ERRORS, NotSignedInError)
_ERRORS_TO_RESUME_FROM = (*_ERRORS_OF_THE_WAY, StoppedError)


class UploadBatch:
    """Uploads that share their calls; each succeeds or fails alone."""

    def __init__(self, pendings: Sequence[Pending], run: Run) -> None:
        self._pendings = pendings
        self._run = run
        self._stub = run.link.catalog(uploads_pb2_grpc.UploadsStub)

    def upload(self) -> None:
        """Upload all; each has then a file on record, or its error."""
        try:
            self._upload()
            again = [p for p in self._pendings if isinstance(p.error, CorruptContentsError)]
            if again:
                self._begin_again(again)
        except LibrarianError as error:
            _end(self._open(), error)
        self._cancel_refused()
        for pending in self._pendings:
            self._run.meter.advance(pending.source.size_bytes - pending.counted_bytes)
            self._run.meter.finish_file()

    def _upload(self) -> None:
        self._start_patiently()
        with renewed(self._pendings, self._run.link):
            self._bring()
            self._complete()

    def _begin_again(self, pendings: Sequence[Pending]) -> None:
        """Send once more, from the start: what had arrived before was perhaps of other contents."""
        for pending in pendings:
            pending.from_start, pending.checksum, pending.error = True, "", None
        self._upload()

    def _start_patiently(self) -> None:
        """Start all; wait a little for what is in the way for now, such as an agent's restart."""
        backoff = Backoff(_START_PATIENCE_SECONDS)
        self._start(self._open())
        while (held_up := self._held_up()) and backoff.pause():
            for pending in held_up:
                pending.error = None
            self._start(held_up)

    def _held_up(self) -> list[Pending]:
        return [p for p in self._pendings if isinstance(p.error, _PASSING_ERRORS)]

    def _start(self, pendings: Sequence[Pending]) -> None:
        account_name = self._run.link.account_name()
        uploads = [_new_upload(pending, account_name) for pending in pendings]
        request = uploads_pb2.StartUploadsRequest(uploads=uploads)
        answer = self._stub.StartUploads(request, timeout=_TIMEOUT_SECONDS)
        for pending, started in zip(pendings, answer.uploads, strict=True):
            if started.HasField("failure"):
                pending.error = _error_of(started.failure)
            elif started.HasField("file"):
                pending.file = read_file(started.file)
            else:
                pending.upload.CopyFrom(started.upload)
                pending.way_in = started.way_in if started.HasField("way_in") else None

    def _bring(self) -> None:
        """Bring the bytes; go on where they broke off, as long as it gets any further."""
        backoff = Backoff(_PATIENCE_SECONDS)
        most_bytes = 0
        while waiting := self._waiting():
            try:
                self._bring_once(waiting)
            except _ERRORS_OF_THE_WAY as error:
                arrived_bytes = sum(pending.arrived_bytes for pending in waiting)
                if arrived_bytes > most_bytes:
                    backoff.reset()
                most_bytes = max(most_bytes, arrived_bytes)
                if not isinstance(error, StalledError) and backoff.pause():
                    self._start_anew(self._waiting())
                else:
                    _end(self._waiting(), error)

    def _bring_once(self, waiting: Sequence[Pending]) -> None:
        """Bring what can be brought; then raise what held up the rest."""
        streams: dict[str, list[Pending]] = defaultdict(list)
        held_up: LibrarianError | None = None
        for pending in waiting:
            if pending.way_in is not None and is_path_open(pending.way_in):
                try:
                    self._bring_by_path(pending, pending.way_in)
                except BusyError as error:
                    held_up = error
            elif pending.way_in is not None:
                streams[pending.way_in.ticket].append(pending)
        for pendings in streams.values():
            if (way_in := pendings[0].way_in) is not None:
                send_by_stream(pendings, way_in, self._run)
        if held_up is not None:
            raise held_up

    def _bring_by_path(self, pending: Pending, way_in: uploads_pb2.WayIn) -> None:
        self._run.meter.advance(-pending.counted_bytes)
        pending.counted_bytes = 0
        try:
            pending.checksum = send_by_path(pending, way_in, self._run)
        except BusyError:
            raise
        except LibrarianError as error:
            pending.error = error

    def _start_anew(self, pendings: Sequence[Pending]) -> None:
        """Get new tickets: an agent that was restarted takes none of the old."""
        with contextlib.suppress(*_PASSING_ERRORS):
            self._start(pendings)
        for pending in pendings:
            if isinstance(pending.error, _PASSING_ERRORS):
                pending.error = None

    def _complete(self) -> None:
        for pending in self._open():
            pending.error = _wrong_checksum(pending)
        backoff = Backoff(_PATIENCE_SECONDS)
        while waiting := self._open():
            error = self._complete_once(waiting)
            if error is not None and not backoff.pause():
                _end(self._open(), error)

    def _complete_once(self, waiting: Sequence[Pending]) -> LibrarianError | None:
        """Complete what can be completed; return what held up the rest."""
        uploads = [uploads_pb2.CompleteUpload(id=p.upload.id, checksum=p.checksum) for p in waiting]
        size_bytes = sum(pending.source.size_bytes for pending in waiting)
        try:
            answer = self._stub.CompleteUploads(
                uploads_pb2.CompleteUploadsRequest(uploads=uploads),
                timeout=_TIMEOUT_SECONDS + size_bytes / _SLOWEST_BYTES_PER_SECOND,
            )
        except _PASSING_ERRORS as error:
            return error
        held_up: LibrarianError | None = None
        for pending, completed in zip(waiting, answer.uploads, strict=True):
            if completed.HasField("file"):
                pending.file = read_file(completed.file)
                continue
            failure = _error_of(completed.failure)
            if isinstance(failure, _PASSING_ERRORS):
                held_up = failure
            else:
                pending.error = failure
        return held_up

    def _cancel_refused(self) -> None:
        """Leave nothing behind of what we ourselves found wrong."""
        for pending in self._pendings:
            if pending.error is None or isinstance(pending.error, _ERRORS_TO_RESUME_FROM):
                continue
            if pending.upload.id:
                with contextlib.suppress(LibrarianError):
                    self._stub.CancelUpload(uploads_pb2.CancelUploadRequest(id=pending.upload.id))

    def _open(self) -> list[Pending]:
        return [pending for pending in self._pendings if pending.is_open]

    def _waiting(self) -> list[Pending]:
        return [pending for pending in self._pendings if pending.wants_bytes]


def _end(pendings: Sequence[Pending], error: LibrarianError) -> None:
    for pending in pendings:
        pending.error = error


def _new_upload(pending: Pending, account_name: str) -> uploads_pb2.NewUpload:
    source, item = pending.source, pending.source.item
    new = uploads_pb2.NewUpload(
        file_name=source.name,
        parent_dirs=source.parent_dirs,
        size_bytes=source.size_bytes,
        request_id=source.request_id(account_name),
        checksum=item.checksum or "",
        null_obsid=item.null_obsid,
        store_name=item.store or "",
        deletion_allowed=item.deletion_allowed,
    )
    fill_metadata(new.metadata, item.metadata)
    if item.obsid is not None:
        new.observation.CopyFrom(observations_pb2.Observation(obsid=item.obsid))
    return new


def _wrong_checksum(pending: Pending) -> LibrarianError | None:
    """Return the error of contents that are not what the caller said they are."""
    given = pending.source.item.checksum
    if not given or not pending.checksum or str(parse_checksum(given)) == pending.checksum:
        return None
    return InvalidRequestError(
        f"The contents of {pending.source.path} have the checksum {pending.checksum}, and not"
        f" {given} as was given: upload what was meant, or correct the checksum."
    )


def _error_of(failure: uploads_pb2.Failure) -> LibrarianError:
    return error_from(failure.reason, failure.message)
