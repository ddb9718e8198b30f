"""What a search gives: records that come while they are read, or tables of them."""

import html
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from librarian.client.records import Record
from librarian.client.retries import Backoff
from librarian.client.tables import make_frame, make_table
from librarian.errors import BusyError, NotReachableError
from librarian.v1 import search_pb2

# A million names are read in a minute; a stream that nobody reads must end some day.
_STREAM_TIMEOUT_SECONDS = 6 * 3600.0
# A site gives a count up after a minute, in its own words.
_COUNT_TIMEOUT_SECONDS = 90.0
# For how long a site that answered before may be away.
_PATIENCE_SECONDS = 60.0
_LARGEST_LIMIT = 2**63 - 1
_SHOWN_CHARACTERS = 200

Item = TypeVar("Item", bound=Record)


@dataclass(frozen=True)
class ItemForm(Generic[Item]):
    """How one kind of item is asked for, and read."""

    record: type[Item]
    kind: "search_pb2.ItemKind"
    # The streaming call, the field of its answers, and what reads one message of it.
    method: str
    field: str
    read: Callable[[Any], Item]
    plural: str


class SearchResult(Iterator[Item], Generic[Item]):
    """The records that a search finds, each once, while they arrive.

    It asks for the next page by itself, and goes on where it was when the network breaks. A
    result is read once, by one thread; the search begins with the first record that is asked for.
    """

    def __init__(self, form: ItemForm[Item], stub: Any, request: Any, limit: int | None) -> None:
        self._form = form
        self._stub = stub
        self._request = request
        self._reading = _Reading(form, stub, request, limit)
        # The generator must not know this object: a circle of both would not be collected when
        # it is dropped, and its stream would hold a thread of the server until then.
        self._records = self._reading.records()

    def __iter__(self) -> Iterator[Item]:
        """Return an iterator of what is left to read."""
        return self._records

    def __next__(self) -> Item:
        """Return the next record.

        Raises InvalidRequestError when the search is not understood.
        """
        return next(self._records)

    @property
    def page_token(self) -> str:
        """What a later search of the same order goes on with.

        It stands after all that was read; a page that was read in part comes again.
        """
        return self._reading.page_token

    @property
    def snapshot(self) -> int | None:
        """What holds a staging to the files that were on record when this search began.

        It is known once the first file was read.
        """
        return self._reading.snapshot

    def count(self) -> int:
        """Ask how many match, without regard to the limit and to what was read."""
        request = search_pb2.CountMatchesRequest(
            search=self._request.search, item_kind=self._form.kind
        )
        return int(self._stub.CountMatches(request, timeout=_COUNT_TIMEOUT_SECONDS).count)

    def close(self) -> None:
        """End the search; nothing more comes."""
        self._records.close()

    def to_pandas(self) -> Any:
        """Read what is left into a pandas DataFrame: typed columns, times in UTC.

        Metadata, where it was asked for, become columns `meta.KEY`. Raises LibrarianError when
        pandas is not installed.
        """
        return make_frame(self._form.record, self._records)

    def to_table(self) -> Any:
        """Read what is left into an astropy Table: units, and times as `astropy.time.Time`.

        Metadata, where it was asked for, become columns `meta.KEY`. Raises LibrarianError when
        astropy is not installed.
        """
        return make_table(self._form.record, self._records)

    def __repr__(self) -> str:
        return f"<SearchResult of {self._form.plural}: {self._shown_search()}>"

    def _repr_html_(self) -> str:
        search = html.escape(self._shown_search())
        return (
            f"<p>Search of {self._form.plural}: <code>{search}</code><br>"
            f"{self._reading.read_count} read so far; <code>.to_pandas()</code> reads the rest.</p>"
        )

    def _shown_search(self) -> str:
        search = " ".join(self._request.search[: 2 * _SHOWN_CHARACTERS].split())
        return search if len(search) <= _SHOWN_CHARACTERS else f"{search[:_SHOWN_CHARACTERS]}…"


class _Reading(Generic[Item]):
    """How far a search was read."""

    def __init__(self, form: ItemForm[Item], stub: Any, request: Any, limit: int | None) -> None:
        self._form = form
        self._call = getattr(stub, form.method)
        self._request = request
        self._limit = limit
        self.page_token: str = request.page_token
        self.read_count = 0
        self.snapshot: int | None = None

    def records(self) -> Generator[Item, None, None]:
        """Yield all records."""
        field, read = self._form.field, self._form.read
        for answer in self._answers():
            if self.snapshot is None:
                self.snapshot = getattr(answer, "snapshot", None)
            messages = getattr(answer, field)
            yield from map(read, messages)
            self.read_count += len(messages)
            self.page_token = answer.next_page_token

    def _answers(self) -> Iterator[Any]:
        """Yield the answers of one stream after the other, each going on where one was cut."""
        backoff, failures = Backoff(_PATIENCE_SECONDS), 0
        while self._limit is None or self.read_count < self._limit:
            try:
                yield from self._stream(backoff)
            except (NotReachableError, BusyError) as error:
                # A site that does not answer from the first is told of at once.
                failures += isinstance(error, NotReachableError) and not self.read_count
                if failures > 1 or not backoff.pause():
                    raise
            else:
                return

    def _stream(self, backoff: Backoff) -> Iterator[Any]:
        request = type(self._request)()
        request.CopyFrom(self._request)
        request.page_token = self.page_token
        if self._limit is not None:
            request.limit = min(self._limit - self.read_count, _LARGEST_LIMIT)
        stream = self._call(request, timeout=_STREAM_TIMEOUT_SECONDS)
        try:
            for answer in stream:
                backoff.reset()
                yield answer
        finally:
            stream.cancel()
