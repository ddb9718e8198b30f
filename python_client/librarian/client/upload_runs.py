"""One run of uploads: what all of its parts share."""

import threading
from dataclasses import dataclass, field

from librarian.client.progress import ProgressMeter
from librarian.client.records import File
from librarian.client.sites import SiteLink
from librarian.client.sources import Source
from librarian.errors import LibrarianError
from librarian.v1 import uploads_pb2


class StoppedError(LibrarianError):
    """The caller wants no more of it."""


@dataclass
class Run:
    """What the uploads of one call have in common."""

    link: SiteLink
    meter: ProgressMeter
    stop: threading.Event = field(default_factory=threading.Event)

    def advance(self, size_bytes: int) -> None:
        """Count bytes; raise StoppedError when the caller has gone away."""
        if self.stop.is_set():
            raise StoppedError("The upload was interrupted; the same call again goes on with it.")
        self.meter.advance(size_bytes)


@dataclass
class Pending:
    """One upload under way.

    It ends with a file on record or an error. `checksum` is known once all bytes were sent;
    `counted_bytes` is what the meter was told of it, `arrived_bytes` what an agent said has come.
    """

    source: Source
    upload: uploads_pb2.Upload = field(default_factory=uploads_pb2.Upload)
    way_in: uploads_pb2.WayIn | None = None
    checksum: str = ""
    counted_bytes: int = 0
    arrived_bytes: int = 0
    from_start: bool = False
    file: File | None = None
    error: LibrarianError | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it has not ended."""
        return self.file is None and self.error is None

    @property
    def wants_bytes(self) -> bool:
        """Tell whether its contents must still be brought."""
        return self.is_open and self.way_in is not None and not self.checksum
