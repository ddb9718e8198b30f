"""Contents as they come: read through the agents of the stores, and kept nowhere."""

from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Self

from librarian.client.download_ways import AgentWay, Listing, Piece
from librarian.client.retries import Backoff
from librarian.client.sites import SiteCalls, SiteLink
from librarian.client.tallies import Tally
from librarian.datasets import DatasetEntry
from librarian.errors import (
    BusyError,
    CorruptContentsError,
    LibrarianError,
    NoInstanceError,
    NotReachableError,
    NotSignedInError,
)
from librarian.hashing import hashing_beside
from librarian.names import show_name
from librarian.v1 import instances_pb2, instances_pb2_grpc

# Whoever reads on waits as well: an agent that restarts is back by then.
_PATIENCE_SECONDS = 10.0
_ENTRIES_AT_ONCE = 1000
_AWAY = (NotReachableError, NotSignedInError, BusyError)

Wanted = tuple[DatasetEntry, int]
"""An entry, and the byte to begin with."""


class ContentCalls(SiteCalls):
    """How contents are read while they come."""

    def open_contents(self, name: str) -> "Contents":
        """Open a file's contents for reading through an agent; the caller closes them.

        Raises UnknownFileError, NoInstanceError, CorruptContentsError when no instance is what is
        on record, NotReachableError.
        """
        return Contents(name, self._link)


class Contents:
    """The contents of one file; when one way to them fails, they are read on by another.

    A flat file has one entry, whose path is empty; the path of an empty directory ends in `/`.
    """

    def __init__(self, name: str, link: SiteLink) -> None:
        self.name = name
        self._link = link
        self._bad: dict[tuple[str, str], LibrarianError] = {}
        self._way, listing = self._find_way()
        self.is_directory = listing.is_directory
        self.entries = listing.entries

    def read(self, wanted: Iterable[Wanted]) -> Iterator[Piece]:
        """Yield the contents of entries in the order given, each from a byte to its end."""
        remaining = iter(wanted)
        while some := list(islice(remaining, _ENTRIES_AT_ONCE)):
            yield from self._read_some(_Reading(some))

    def read_whole(self) -> Iterator[Piece]:
        """Yield all contents, the last piece only when all are found to be what is on record.

        Raises CorruptContentsError.
        """
        tally = Tally(self.is_directory, self.checksum)
        pieces = self.read((entry, 0) for entry in self.entries)
        held: Piece | None = None
        for entry in self.entries:
            if entry.path.endswith("/"):
                tally.add_empty_directory(entry.path)
                continue
            hasher, left_bytes = tally.new_hasher(), entry.size_bytes
            with hashing_beside(hasher, entry.size_bytes) as update:
                while left_bytes:
                    piece = next(pieces)
                    update(piece.data)
                    left_bytes -= len(piece.data)
                    if held:
                        yield held
                    held = piece
            tally.add(entry.path, entry.size_bytes, hasher)
        if tally.checksum() != self.checksum:
            raise self._corrupt("differ from the record")
        if held:
            yield held

    def close(self) -> None:
        """End the connection to the agent."""
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read_some(self, reading: "_Reading") -> Iterator[Piece]:
        backoff = Backoff(_PATIENCE_SECONDS)
        while reading.left:
            try:
                yield from self._read_on(reading, backoff)
            except _AWAY:
                if not backoff.pause():
                    raise
                self._change_way()
            except LibrarianError as error:
                self._bad[self._way.key] = error
                self._change_way()

    def _read_on(self, reading: "_Reading", backoff: Backoff) -> Iterator[Piece]:
        for piece in self._way.read(reading.wanted()):
            fault = reading.advance(piece)
            if fault:
                raise self._corrupt(fault)
            backoff.reset()
            yield piece
        if reading.left:
            raise self._corrupt(f"end at byte {reading.left[0][1]}")

    def _change_way(self) -> None:
        self._way.close()
        self._way, _ = self._find_way()

    def _find_way(self) -> tuple[AgentWay, Listing]:
        """Return the first way that serves; raise what is the matter with the last when none."""
        opened = self._open_file()
        self.size_bytes, self.checksum = opened.size_bytes, opened.checksum
        away: LibrarianError | None = None
        for way_out in opened.ways_out:
            way = AgentWay(way_out, self._link)
            try:
                if way.key not in self._bad:
                    return way, self._listed(way)
            except _AWAY as error:
                away = error
            except LibrarianError as error:
                self._bad[way.key] = error
            way.close()
        raise away or next(iter(self._bad.values()))

    def _listed(self, way: AgentWay) -> Listing:
        listing = way.list()
        found_bytes = sum(entry.size_bytes for entry in listing.entries)
        if found_bytes != self.size_bytes:
            raise self._corrupt(f"have {found_bytes} bytes instead of {self.size_bytes}")
        return listing

    def _open_file(self) -> instances_pb2.OpenFileResponse:
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        opened: instances_pb2.OpenFileResponse = stub.OpenFile(
            instances_pb2.OpenFileRequest(file_name=self.name)
        )
        if not opened.ways_out:
            raise NoInstanceError(f"{self.name!r} is on record, but no instance of it is here.")
        return opened

    def _corrupt(self, fault: str) -> CorruptContentsError:
        return CorruptContentsError(
            f"The contents of {show_name(self.name)} {fault}: tell the site's administrator."
        )


class _Reading:
    """How far some entries were read; the first of those left is the one being read."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self.left = [(entry, start) for entry, start in wanted if start < entry.size_bytes]

    def wanted(self) -> list[tuple[str, int]]:
        """Return what is left as an agent is asked for it."""
        return [(entry.path, start) for entry, start in self.left]

    def advance(self, piece: Piece) -> str:
        """Count a piece as read, or say what is wrong with it."""
        if not self.left or (piece.path, piece.offset) != (self.left[0][0].path, self.left[0][1]):
            return "came in another order than they were asked for"
        entry, end = self.left[0][0], piece.offset + len(piece.data)
        if not piece.data or end > entry.size_bytes:
            return f"have another size than is on record, at byte {end}"
        self.left[0] = (entry, end)
        if end == entry.size_bytes:
            del self.left[0]
        return ""
