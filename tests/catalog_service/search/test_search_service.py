"""The Search service over a real channel: pages, limits, and errors."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from catalog_service.database import Database, open_database
from catalog_service.search import pages
from librarian.errors import InvalidRequestError
from librarian.v1 import search_pb2
from tests.catalog_service.search.samples import SAMPLES, Sample, put_on_record
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.staging_site import Served, served

EVERYTHING = '{"always-true": true}'
MANY = [Sample(f"zen.{number:05d}.uvh5") for number in range(2500)]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def catalog(database: Database) -> Iterator[Served]:
    with served(database) as catalog:
        yield catalog


def search(catalog: Served, text: str, limit: int = 0) -> list[str]:
    request = search_pb2.SearchFilesRequest(search=text, limit=limit)
    answers = catalog.search().SearchFiles(request, timeout=30)
    return [file.name for answer in answers for file in answer.files]


def test_all_that_match_come_by_the_bytes_of_their_names(catalog: Served) -> None:
    put_on_record(catalog.parts.database, SAMPLES)
    names = sorted((sample.name for sample in SAMPLES), key=str.encode)
    assert search(catalog, EVERYTHING) == names
    assert search(catalog, '{"always-false": true}') == []


def test_a_file_comes_with_all_that_is_known_of_it(catalog: Served) -> None:
    put_on_record(catalog.parts.database, SAMPLES)
    request = search_pb2.SearchFilesRequest(search='{"name-matches": "zen.%.HH.uv"}')
    (answer,) = catalog.search().SearchFiles(request, timeout=30)
    (file,) = answer.files
    sample = SAMPLES[2]
    assert (file.name, file.type, file.size_bytes, file.obsid) == (
        sample.name,
        "uv",
        0,
        sample.obsid,
    )
    assert file.create_time.ToDatetime(sample.create_time.tzinfo) == sample.create_time
    assert (file.checksum, file.source, file.instance_count) == ("blake3:00", "telescope", 1)


def test_a_file_of_no_observation_has_no_obsid(catalog: Served) -> None:
    put_on_record(catalog.parts.database, SAMPLES[4:5])
    (answer,) = catalog.search().SearchFiles(search_pb2.SearchFilesRequest(search=EVERYTHING))
    assert not answer.files[0].HasField("obsid")


@pytest.mark.parametrize("limit", [0, 1, 999, 1000, 1001, 2500, 9999])
def test_pages_join_without_gap_or_repetition(catalog: Served, limit: int) -> None:
    put_on_record(catalog.parts.database, MANY)
    names = [sample.name for sample in MANY]
    assert search(catalog, EVERYTHING, limit) == names[: limit or None]


def test_files_that_arrive_ahead_of_a_search_are_seen_and_the_others_do_not_disturb_it(
    catalog: Served,
) -> None:
    put_on_record(catalog.parts.database, MANY)
    compiled = pages.read_file_pages(catalog.parts.database, text("1 = 1"))  # type: ignore[arg-type]
    first = next(compiled)
    put_on_record(catalog.parts.database, [Sample("aaa"), Sample("zzz")])
    rest = [row.name for page in compiled for row in page]
    assert len(first) == pages.PAGE_FILES
    assert rest == [sample.name for sample in MANY[pages.PAGE_FILES :]] + ["zzz"]


def test_a_search_that_is_not_understood_is_refused_with_a_sentence(catalog: Served) -> None:
    with pytest.raises(InvalidRequestError, match="did you mean 'name-matches'"):
        search(catalog, '{"name-matchez": "x"}')
    with pytest.raises(InvalidRequestError, match="more than 32 brackets deep"):
        search(catalog, '{"or":' * 10_000)
    with pytest.raises(InvalidRequestError, match="0, for all, or more"):
        search(catalog, EVERYTHING, limit=-1)


def test_postgresql_gives_up_a_search_that_takes_too_long(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TIME_LIMIT_SECONDS", 0.05)
    database = open_database(postgres_url)
    with (
        database.readings() as db,
        pytest.raises(InvalidRequestError, match="narrow it"),
        pages.limited_time(db),
    ):
        db.execute(text("SELECT pg_sleep(60)"))
    database.dispose()
