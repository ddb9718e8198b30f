"""The messages of one call of the stream way."""

from collections.abc import Iterator, Mapping, Sequence

from librarian.errors import BusyError, LibrarianError, StoreUnusableError
from librarian.v1 import store_agent_pb2 as pb
from store_agent.pushing.bandwidth import Bandwidth
from store_agent.pushing.sources import SourceReader
from store_agent.pushing.ways import Progress, PushFile
from store_agent.stores import Store

Request = pb.WriteContentsRequest


class Pieces:
    """The messages of one call.

    gRPC reads them on a thread of its own, where an error would reach nobody: that of an instance
    is put down to it, any other is kept.
    """

    def __init__(
        self,
        files: Sequence[PushFile],
        arrived: Mapping[str, Mapping[str, int]],
        bandwidth: Bandwidth,
        progress: Progress,
    ) -> None:
        self._files = files
        self._arrived = arrived
        self._bandwidth = bandwidth
        self._progress = progress
        self._errors: dict[str, LibrarianError] = {}
        self._counted_bytes = 0
        self._is_over = False
        self._error: Exception | None = None

    def requests(self, store: Store, to_store_name: str) -> Iterator[Request]:
        """Yield the messages of all files, which are on one store."""
        try:
            # The generator has a root of its own: gRPC may still read when the call has failed.
            with store.opened(streaming=True) as root_fd:
                reader = SourceReader(root_fd, self._bandwidth.piece_bytes, self._count)
                for file in self._files:
                    yield from self._of_file(file, reader, to_store_name)
                    if self._is_over:
                        return
        except StoreUnusableError as error:
            self._errors |= {file.upload_id: error for file in self._files}
        except Exception as error:
            self._error = error

    def take_back(self) -> None:
        """End, and count nothing of what was sent: the call failed."""
        self._is_over = True
        self._count(-self._counted_bytes)

    def raise_error(self) -> None:
        """Raise the error that was kept."""
        if self._error is not None:
            raise self._error

    def settle(self) -> None:
        """Settle all files: the call went well."""
        self.raise_error()
        for file in self._files:
            self._progress.settle(file, self._errors.get(file.upload_id))

    def _of_file(
        self, file: PushFile, reader: SourceReader, to_store_name: str
    ) -> Iterator[Request]:
        before = self._counted_bytes
        try:
            yield from self._read(file, reader, to_store_name)
        except BusyError:
            raise
        except LibrarianError as error:
            self._errors[file.upload_id] = error
            self._count(before - self._counted_bytes)

    def _read(self, file: PushFile, reader: SourceReader, to_store_name: str) -> Iterator[Request]:
        arrived = self._arrived[file.upload_id]
        upload: pb.StoredUpload | None
        upload = pb.StoredUpload(upload_id=file.upload_id, store_name=to_store_name)
        for path, offset, data in reader.read(file, arrived):
            self._bandwidth.take(len(data))
            yield Request(upload=upload, path=path, offset=offset, data=data)
            upload = None
            self._count(len(data))
            if self._is_over:
                return

    def _count(self, count: int) -> None:
        self._counted_bytes += count
        self._progress.advance(count)
