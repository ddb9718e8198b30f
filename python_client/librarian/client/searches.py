"""Searches: files that match, as they come."""

import json
from collections.abc import Iterator
from typing import Any

from librarian.client.messages import read_file
from librarian.client.records import File
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import search_pb2, search_pb2_grpc

# A million names are read in a minute; a stream that nobody reads must end some day.
_STREAM_TIMEOUT_SECONDS = 6 * 3600.0

SearchText = str | dict[str, Any]
"""A search in the JSON language: its text, or what `json.loads` makes of it."""


class SearchCalls(SiteCalls):
    """What one can look for."""

    def search_files(self, search: SearchText, limit: int | None = None) -> Iterator[File]:
        """Yield the files that match, by name, while they arrive.

        Raises InvalidRequestError when the search is not understood.
        """
        if limit is not None and limit < 0:
            raise InvalidRequestError(f"The limit {limit} is negative: give the most files wanted.")
        if limit == 0:
            return iter(())
        request = search_pb2.SearchFilesRequest(search=search_text(search), limit=limit or 0)
        return self._stream_files(request)

    def _stream_files(self, request: search_pb2.SearchFilesRequest) -> Iterator[File]:
        stub = self._link.catalog(search_pb2_grpc.SearchStub)
        stream = stub.SearchFiles(request, timeout=_STREAM_TIMEOUT_SECONDS)
        try:
            for answer in stream:
                yield from map(read_file, answer.files)
        finally:
            stream.cancel()


def search_text(search: SearchText) -> str:
    """Return a search as the text that travels."""
    if isinstance(search, str):
        return search
    try:
        return json.dumps(search, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"The search is not JSON: {error}.") from error
