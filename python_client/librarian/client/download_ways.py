"""Ways out: reading an instance from this host's own file system, or through its agent."""

import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from librarian.client.sites import SiteLink
from librarian.client.stalls import watched
from librarian.datasets import DatasetEntry, list_entries
from librarian.errors import NoInstanceError
from librarian.hashing import PIECE_BYTES
from librarian.v1 import instances_pb2, store_agent_pb2, store_agent_pb2_grpc

WAY_VARIABLE = "LIBRARIAN_DOWNLOAD_WAY"

# Each stream ends after a time and is taken up again, so that no call lasts for ever.
_STREAM_TIMEOUT_SECONDS = 3600.0
_LIST_TIMEOUT_SECONDS = 600.0
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Piece(NamedTuple):
    """A piece of an entry's contents."""

    path: str
    offset: int
    data: bytes


class Listing(NamedTuple):
    """What an instance holds; a flat file has one entry, whose path is empty."""

    is_directory: bool
    entries: list[DatasetEntry]


class Way(Protocol):
    """A way to read one instance."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells this way from others to the same file."""

    def list(self) -> Listing:
        """Return what the instance holds, by path."""

    def read(self, wanted: Sequence[tuple[str, int]]) -> Iterator[Piece]:
        """Yield the contents of entries, each from its offset, in the order given."""

    def close(self) -> None:
        """End what is open."""


def find_ways(opened: instances_pb2.OpenFileResponse, link: SiteLink) -> Iterator[Way]:
    """Yield the ways to a file's contents, the best first; the caller closes each."""
    for way_out in opened.ways_out:
        path = way_out.instance.path
        if os.environ.get(WAY_VARIABLE) != "stream" and os.access(path, os.R_OK):
            yield PathWay(path)
        yield AgentWay(way_out, link)


class PathWay:
    """Reads an instance that lies on a file system of this host."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.key = ("path", path)

    def list(self) -> Listing:
        """Return what the instance holds; raises NoInstanceError."""
        fd = self._open("")
        try:
            status = os.fstat(fd)
            if stat.S_ISDIR(status.st_mode):
                return Listing(True, list(list_entries(fd)))
            return Listing(False, [DatasetEntry("", status.st_size)])
        finally:
            os.close(fd)

    def read(self, wanted: Sequence[tuple[str, int]]) -> Iterator[Piece]:
        """Yield the contents of entries."""
        for path, start in wanted:
            fd = self._open(path)
            try:
                offset = start
                while data := os.pread(fd, PIECE_BYTES, offset):
                    yield Piece(path, offset, data)
                    offset += len(data)
            except OSError as error:
                raise self._missing(error) from error
            finally:
                os.close(fd)

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _open(self, path: str) -> int:
        try:
            return os.open(os.path.join(self._path, path) if path else self._path, _READ_FLAGS)
        except OSError as error:
            raise self._missing(error) from error

    def _missing(self, error: OSError) -> NoInstanceError:
        return NoInstanceError(f"The instance {self._path} cannot be read: {error.strerror}.")


class AgentWay:
    """Reads an instance through the agent of its store."""

    def __init__(self, way_out: instances_pb2.WayOut, link: SiteLink) -> None:
        instance = way_out.instance
        self._store_name = instance.store_name
        self._path = "/".join(filter(None, (instance.parent_dirs, instance.file_name)))
        self.key = (instance.store_name, self._path)
        address, ticket = way_out.agent_address, way_out.ticket
        self._connection = link.agent(address, ticket, tls=way_out.agent_tls)
        self._agent = self._connection.stub(store_agent_pb2_grpc.StoreAgentStub)

    def list(self) -> Listing:
        """Return what the instance holds."""
        request = store_agent_pb2.ListEntriesRequest(store_name=self._store_name, path=self._path)
        is_directory = False
        entries: list[DatasetEntry] = []
        with watched(self._connection) as watch:
            answers = self._agent.ListEntries(request, timeout=_LIST_TIMEOUT_SECONDS)
            for answer in watch.each(answers):
                is_directory = answer.directory
                entries.extend(DatasetEntry(one.path, one.size_bytes) for one in answer.entries)
        return Listing(is_directory, entries)

    def read(self, wanted: Sequence[tuple[str, int]]) -> Iterator[Piece]:
        """Yield the contents of entries."""
        request = store_agent_pb2.ReadContentsRequest(
            store_name=self._store_name,
            path=self._path,
            entries=[store_agent_pb2.ReadEntry(path=path, offset=start) for path, start in wanted],
        )
        stream: Any = self._agent.ReadContents(request, timeout=_STREAM_TIMEOUT_SECONDS)
        try:
            with watched(self._connection) as watch:
                for answer in watch.each(stream):
                    yield Piece(answer.path, answer.offset, answer.data)
        finally:
            stream.cancel()

    def close(self) -> None:
        """End the connection to the agent."""
        self._connection.close()
