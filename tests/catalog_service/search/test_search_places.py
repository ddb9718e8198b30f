"""Searches that would keep others out: who reads slowly, or searches for very much."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from catalog_service.rpc import search_places
from catalog_service.rpc.search_places import LARGE_BYTES, room_for
from librarian import Librarian
from librarian.errors import BusyError
from librarian.v1 import search_pb2
from tests.catalog_service.search.searched_site import put_files, searched_site
from tests.catalog_service.staging_site import Served
from tests.polling import wait_until

EVERYTHING = '{"always-true": true}'
NAMES = [f"{'x' * 200}.{number:05d}" for number in range(20_000)]
LARGE = f"name:in({' '.join(NAMES)})"


@pytest.fixture
def catalog(sqlite_url: str) -> Iterator[Served]:
    """Serve, by eight threads, more files than a connection holds in its buffers."""
    with searched_site(sqlite_url, threads=8) as catalog:
        long = {"type": "y" * 250, "checksum": "z" * 130, "source": "s" * 60}
        put_files(catalog.parts.database, NAMES, **long)
        yield catalog


def stalled(catalog: Served, account: str) -> Any:
    """Begin to read all files, and stop."""
    request = search_pb2.SearchFilesRequest(search=EVERYTHING)
    answers = catalog.search(account).SearchFiles(request, timeout=60)
    next(answers)
    return answers


def count(catalog: Served, search: str, account: str = "root") -> int:
    request = search_pb2.CountMatchesRequest(search=search)
    return int(catalog.search(account).CountMatches(request, timeout=100).count)


def test_one_account_has_few_streams_and_all_have_half_of_the_threads(catalog: Served) -> None:
    streams = [stalled(catalog, "ada") for _ in range(2)]
    with pytest.raises(BusyError, match=r"'ada' reads 2 searches .* close it"):
        stalled(catalog, "ada")
    streams += [stalled(catalog, "eve") for _ in range(2)]
    with pytest.raises(BusyError, match="Too many searches are read"):
        stalled(catalog, "root")
    assert count(catalog, EVERYTHING) == 20_000
    streams[0].cancel()
    wait_until(lambda: admitted(catalog, "ada"), what="the place of a stream that ended")
    assert sum(len(answer.files) for answer in streams[1]) == 19_900


def test_who_reads_nothing_for_long_makes_room_and_goes_on_later(
    catalog: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_places, "_STALL_SECONDS", 0.0)
    with Librarian(catalog.address, "ada") as client:
        result = client.search_files(EVERYTHING)
        names = [next(result).name]
        for _ in range(3):
            wait_until(lambda: admitted(catalog, "ada"), what="the place of who stalls")
        names += [file.name for file in result]
        assert names == NAMES


def admitted(catalog: Served, account: str) -> Any:
    """Begin to read, and stop; return nothing when there is no place."""
    try:
        return stalled(catalog, account)
    except BusyError:
        return None


def test_a_client_waits_for_a_place(catalog: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="librarian.service.calls")
    streams = [stalled(catalog, "ada") for _ in range(2)]
    with Librarian(catalog.address, "ada") as client, ThreadPoolExecutor(1) as threads:
        reading = threads.submit(list, client.search_files(EVERYTHING, limit=3))
        wait_until(lambda: caplog.text.count("'ada' reads") > 2, what="the third refusal")
        streams[0].cancel()
        assert [file.name for file in reading.result(timeout=60)] == NAMES[:3]


def test_a_search_that_fails_keeps_no_place(catalog: Served) -> None:
    stub = catalog.search()
    for _ in range(5):
        with pytest.raises(Exception, match="line 1, column"):
            next(stub.SearchFiles(search_pb2.SearchFilesRequest(search="name:(")))


def test_large_searches_are_read_two_at_a_time(
    catalog: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_places, "_MOST_PATIENCE_SECONDS", 0.1)
    with ExitStack() as others:
        others.enter_context(room_for(2 * LARGE_BYTES, 1.0))
        assert count(catalog, LARGE) == 20_000
        others.enter_context(room_for(2 * LARGE_BYTES, 1.0))
        assert count(catalog, EVERYTHING) == 20_000
        for method in ("SearchFiles", "SearchObservations", "SearchSessions", "SearchInstances"):
            request = getattr(search_pb2, f"{method}Request")(search=LARGE)
            with pytest.raises(BusyError, match="Too many large searches"):
                next(getattr(catalog.search(), method)(request, timeout=100))
        for call in (lambda: count(catalog, LARGE), lambda: explain(catalog, LARGE)):
            with pytest.raises(BusyError, match="Too many large searches"):
                call()
    assert count(catalog, LARGE) == 20_000
    assert explain(catalog, LARGE)


def explain(catalog: Served, search: str) -> str:
    answer = catalog.search().ExplainSearch(search_pb2.ExplainSearchRequest(search=search))
    return str(answer.meaning)
