"""Uploads: putting new files into the archive, one or very many."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from os import PathLike

from librarian.client.progress import ProgressOption, metered
from librarian.client.records import File, MetadataValue, UploadItem, UploadOutcome
from librarian.client.sites import SiteCalls
from librarian.client.sources import read_source
from librarian.client.upload_batches import UploadBatch
from librarian.client.upload_runs import Pending, Run
from librarian.errors import LibrarianError

_BATCH_FILES = 250
_BATCH_BYTES = 64 << 20
# While one batch is completed by the site, the next ones are brought to it.
_BATCHES_AT_ONCE = 3


class UploadCalls(SiteCalls):
    """How new contents come in.

    They are copied straight into the store when that is on this host and the store's agent is of
    the same login, and sent to the agent otherwise. LIBRARIAN_UPLOAD_WAY=stream in the
    environment has them always sent.
    """

    def upload(  # noqa: PLR0913 (named one by one by people)
        self,
        local_path: str | PathLike[str],
        dest: str,
        *,
        null_obsid: bool = False,
        obsid: int | None = None,
        store: str | None = None,
        deletion_allowed: bool = False,
        checksum: str | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
        progress: ProgressOption = None,
    ) -> File:
        """Upload a local file or directory tree as the one file `dest`, `parent/dirs/name`.

        Returns when the file is safe and on record. The same call again goes on with what was
        broken off, or returns the file. `null_obsid` accepts a file that belongs to no
        observation, `obsid` tells which it belongs to, in place of what it says itself.
        `metadata` are the custom metadata of a file that is new.

        Raises FileMismatchError when the name is on record with other contents,
        ChangedWhileReadError when the contents change meanwhile, InvalidRequestError for what
        cannot be a file, StoreFullError, NotReachableError.
        """
        item = UploadItem(
            local_path, dest, null_obsid, obsid, store, deletion_allowed, checksum, metadata or {}
        )
        with metered(progress, f"upload {dest.rpartition('/')[2]}") as meter:
            pending = Pending(read_source(item))
            meter.expect(pending.source.size_bytes)
            UploadBatch([pending], Run(self._link, meter)).upload()
        return _file_of(pending)

    def upload_many(
        self, items: Iterable[UploadItem], *, progress: ProgressOption = None
    ) -> Iterator[UploadOutcome]:
        """Upload files in batches, several at once, and yield what became of each, in order.

        One that is refused holds back no other. Whoever stops reading the outcomes stops what
        is under way; the same call again goes on with it.
        """
        with metered(progress, "upload") as meter:
            run = Run(self._link, meter)
            under_way: deque[Future[list[UploadOutcome]]] = deque()
            try:
                for batch in _batches(items):
                    under_way.append(_begin(batch, run))
                    if len(under_way) >= _BATCHES_AT_ONCE:
                        yield from under_way.popleft().result()
                while under_way:
                    yield from under_way.popleft().result()
            finally:
                run.stop.set()


def _batches(items: Iterable[UploadItem]) -> Iterator[list[Pending | UploadOutcome]]:
    """Group items, each looked at; one that cannot be uploaded is an outcome already."""
    batch: list[Pending | UploadOutcome] = []
    size_bytes = 0
    for item in items:
        try:
            looked_at: Pending | UploadOutcome = Pending(read_source(item))
        except LibrarianError as error:
            looked_at = UploadOutcome(item, error=error)
        item_bytes = looked_at.source.size_bytes if isinstance(looked_at, Pending) else 0
        if batch and (len(batch) >= _BATCH_FILES or size_bytes + item_bytes > _BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(looked_at)
        size_bytes += item_bytes
    if batch:
        yield batch


def _begin(batch: list[Pending | UploadOutcome], run: Run) -> Future[list[UploadOutcome]]:
    """Upload a batch on a thread of its own.

    It is a daemon: a program that is interrupted must not wait for a large file to be sent.
    """
    pendings = [one for one in batch if isinstance(one, Pending)]
    for pending in pendings:
        run.meter.expect(pending.source.size_bytes)
    future: Future[list[UploadOutcome]] = Future()

    def upload() -> None:
        try:
            if pendings:
                UploadBatch(pendings, run).upload()
            future.set_result([_outcome(one) for one in batch])
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=upload, name="upload-batch", daemon=True).start()
    return future


def _outcome(one: Pending | UploadOutcome) -> UploadOutcome:
    if isinstance(one, UploadOutcome):
        return one
    return UploadOutcome(one.source.item, one.file, one.error)


def _file_of(pending: Pending) -> File:
    if pending.error is not None:
        raise pending.error
    if pending.file is None:
        raise LibrarianError(f"The site did not say what became of {pending.source.path}.")
    return pending.file
