"""One download: its name, its size, and its bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from librarian.client.contents import Contents
from librarian.client.records import File
from web_frontend.downloading.archives import archive_segments
from web_frontend.downloading.dispositions import attachment
from web_frontend.downloading.segments import (
    Segment,
    cut_segments,
    read_all,
    read_segments,
    whole_entry,
)

# Raised when archives come to have other bytes: nobody may join the halves of two kinds.
_ARCHIVE_KIND = 1


@dataclass(frozen=True)
class Download:
    """What is sent for a file."""

    name: str
    etag: str
    size_bytes: int
    contents: Contents
    time_seconds: int

    @property
    def disposition(self) -> str:
        """Return the header that names it."""
        return attachment(f"{self.name}.tar" if self.contents.is_directory else self.name)

    def read_all(self) -> Iterator[bytes]:
        """Yield all bytes; the last only when all are what is on record."""
        return read_all(self.contents, _segments(self.contents, self.time_seconds))

    def read_part(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from one to before another."""
        segments = _segments(self.contents, self.time_seconds)
        return read_segments(self.contents, list(cut_segments(segments, start, stop)))


def describe_download(file: File, contents: Contents) -> Download:
    """Return what is sent for a file: the file itself, or the archive of a directory."""
    time_seconds = int(file.create_time.timestamp())
    etag, size_bytes = contents.checksum, contents.size_bytes
    if contents.is_directory:
        etag = f"{etag}.tar-{_ARCHIVE_KIND}-{time_seconds}"
        size_bytes = sum(one.size_bytes for one in _segments(contents, time_seconds))
    return Download(file.name, etag, size_bytes, contents, time_seconds)


def _segments(contents: Contents, time_seconds: int) -> Iterator[Segment]:
    if contents.is_directory:
        return archive_segments(contents.name, contents.entries, time_seconds)
    return iter([whole_entry(entry) for entry in contents.entries])
