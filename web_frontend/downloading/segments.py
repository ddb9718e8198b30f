"""What a download consists of: bytes made here, and stretches of a file's entries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from librarian.client.contents import Contents
from librarian.client.download_ways import Piece
from librarian.datasets import DatasetEntry


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes that stand in no file of the archive."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """Return how many they are."""
        return len(self.data)

    def cut(self, start: int, stop: int) -> "Made":
        """Return those from one byte to before another."""
        return Made(self.data[start:stop])


@dataclass(frozen=True, slots=True)
class Stretch:
    """The bytes of an entry from `start` to before `stop`."""

    entry: DatasetEntry
    start: int
    stop: int

    @property
    def size_bytes(self) -> int:
        """Return how many they are."""
        return self.stop - self.start

    def cut(self, start: int, stop: int) -> "Stretch":
        """Return those from one byte of the stretch to before another."""
        return Stretch(self.entry, self.start + start, self.start + stop)


Segment = Made | Stretch


def whole_entry(entry: DatasetEntry) -> Stretch:
    """Return all bytes of an entry."""
    return Stretch(entry, 0, entry.size_bytes)


def cut_segments(segments: Iterable[Segment], start: int, stop: int) -> Iterator[Segment]:
    """Yield what of segments lies from one byte of all to before another."""
    position = 0
    for segment in segments:
        end = position + segment.size_bytes
        if end > start and segment.size_bytes:
            yield segment.cut(max(0, start - position), min(segment.size_bytes, stop - position))
        if end >= stop:
            return
        position = end


def read_segments(contents: Contents, segments: list[Segment]) -> Iterator[bytes]:
    """Yield the bytes of some segments of a file."""
    wanted = [(one.entry, one.start) for one in segments if isinstance(one, Stretch)]
    return _fill(segments, contents.read(wanted))


def read_all(contents: Contents, segments: Iterable[Segment]) -> Iterator[bytes]:
    """Yield the bytes of all segments; the end only when all is what is on record.

    Raises CorruptContentsError.
    """
    pieces = contents.read_whole()
    yield from _fill(segments, pieces)
    # Where all entries are empty, only the end of the reading compares them with the record.
    next(pieces, None)


def _fill(segments: Iterable[Segment], pieces: Iterator[Piece]) -> Iterator[bytes]:
    for segment in segments:
        if isinstance(segment, Made):
            yield segment.data
            continue
        left_bytes = segment.size_bytes
        while left_bytes:
            data = next(pieces).data[:left_bytes]
            left_bytes -= len(data)
            yield data
