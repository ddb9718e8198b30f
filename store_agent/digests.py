"""Checksums of what was streamed in, kept until it is verified, so that it is read but once."""

import threading
from collections import OrderedDict

from store_agent.reading import Stamp

_MAX_DIGESTS = 200_000


class StreamedDigests:
    """The BLAKE3 checksums of entries as they were when the last of their bytes was written.

    An entry is forgotten when it is taken, or when there are too many: then it is read again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._digests: OrderedDict[tuple[str, str], tuple[Stamp, str]] = OrderedDict()

    def put(self, upload_id: str, path: str, stamp: Stamp, checksum: str) -> None:
        """Keep the checksum of an entry that has this stamp."""
        with self._lock:
            self._digests[upload_id, path] = (stamp, checksum)
            self._digests.move_to_end((upload_id, path))
            if len(self._digests) > _MAX_DIGESTS:
                self._digests.popitem(last=False)

    def take(self, upload_id: str, path: str, stamp: Stamp) -> str | None:
        """Return the checksum of an entry if it is still as it was, and forget it."""
        with self._lock:
            kept = self._digests.pop((upload_id, path), None)
        return kept[1] if kept is not None and kept[0] == stamp else None
