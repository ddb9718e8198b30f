"""Streams of contents into staging places: which upload is being written, and its lock."""

from contextlib import ExitStack

from librarian.errors import InvalidRequestError
from store_agent.digests import StreamedDigests
from store_agent.faults import explained
from store_agent.receiving import Receiver
from store_agent.staging_places import lock_place, opened_place
from store_agent.stores import Stores


class ContentsStream:
    """Takes the pieces of one caller's uploads, and holds the lock of the one that is written."""

    def __init__(self, stores: Stores, digests: StreamedDigests) -> None:
        self._stores = stores
        self._digests = digests
        self._opened = ExitStack()
        self._opened_upload = ExitStack()
        self._root: tuple[str, int] | None = None
        self._upload: tuple[str, str] | None = None
        self._receiver: Receiver | None = None
        self.written_bytes = 0

    def turn_to(self, store_name: str, upload_id: str) -> None:
        """Turn to an upload, and lock it; raise BusyError when somebody else has it locked."""
        if self._upload == (store_name, upload_id):
            return
        self._close_upload()
        opened = self._opened_upload
        place_fd = opened.enter_context(opened_place(self._open_root(store_name), upload_id))
        lock_place(place_fd, upload_id)
        self._receiver = Receiver(upload_id, place_fd, self._digests)
        opened.callback(self._receiver.close)
        self._upload = (store_name, upload_id)

    def write(self, path: str, offset: int, data: bytes) -> None:
        """Write a piece of the upload."""
        if self._receiver is None:
            raise InvalidRequestError("The first piece must say which upload it belongs to.")
        with explained("The store"):
            self._receiver.receive(path, offset, data)
        self.written_bytes += len(data)

    def close(self) -> None:
        """Close the upload and its store, and give its lock back."""
        self._close_upload()
        self._root = None
        self._opened.close()

    def _open_root(self, store_name: str) -> int:
        """Return the root of a store, kept open: small files come many to a stream."""
        if self._root is None or self._root[0] != store_name:
            self.close()
            store = self._stores.get_store(store_name)
            self._root = (store_name, self._opened.enter_context(store.opened(streaming=True)))
        return self._root[1]

    def _close_upload(self) -> None:
        self._receiver = None
        self._upload = None
        self._opened_upload.close()
