"""The Search service over a real channel: streams, pages, tokens, counts, and errors."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import event, text

from catalog_service.database import Database
from librarian.errors import InvalidRequestError, LibrarianError
from librarian.v1 import search_pb2
from tests.catalog_service.search.searched_site import (
    FIRST_OBSID,
    NIGHT_METADATA,
    create_time,
    put_files,
    put_metadata,
    put_night,
    searched_site,
)
from tests.catalog_service.staging_site import Served
from tests.polling import wait_until

EVERYTHING = '{"always-true": true}'
NAMES = [f"zen.{number:05d}.uvh5" for number in range(4_000)]


@pytest.fixture
def catalog(database_url: str) -> Iterator[Served]:
    with searched_site(database_url) as catalog:
        yield catalog


@pytest.fixture
def night(catalog: Served) -> Served:
    put_night(catalog.parts.database)
    return catalog


@pytest.fixture
def many(catalog: Served) -> Served:
    put_files(catalog.parts.database, NAMES)
    return catalog


@pytest.fixture
def far_more(catalog: Served) -> Served:
    """Put more on record than a connection holds in its buffers."""
    long = {"type": "y" * 250, "checksum": "z" * 130, "source": "s" * 60}
    names = [f"{'x' * 200}.{number:05d}" for number in range(20_000)]
    put_files(catalog.parts.database, names, **long)
    return catalog


def search(catalog: Served, text: str = EVERYTHING, **options: object) -> list[str]:
    request = search_pb2.SearchFilesRequest(search=text, **options)  # type: ignore[arg-type]
    answers = catalog.search().SearchFiles(request, timeout=100)
    return [file.name for answer in answers for file in answer.files]


def test_a_file_comes_with_all_that_is_known_of_it(night: Served) -> None:
    request = search_pb2.SearchFilesRequest(search="name:zen.1.uvh5")
    (answer,) = night.search().SearchFiles(request, timeout=100)
    (file,) = answer.files
    assert (file.name, file.type, file.size_bytes) == ("zen.1.uvh5", "uvh5", 1000)
    assert file.create_time.ToDatetime(create_time(0).tzinfo) == create_time(0)
    assert (file.checksum, file.source, file.instance_count) == ("blake3:00", "telescope", 1)
    assert (file.obsid, len(file.metadata)) == (FIRST_OBSID, 0)


def test_a_file_of_no_observation_has_no_obsid(night: Served) -> None:
    request = search_pb2.SearchFilesRequest(search="name:operations.log")
    (answer,) = night.search().SearchFiles(request, timeout=100)
    assert not answer.files[0].HasField("obsid")


def test_metadata_come_with_their_types_when_they_are_asked_for(night: Served) -> None:
    put_metadata(night.parts.database, "zen.1.uvh5")
    request = search_pb2.SearchFilesRequest(search="name:zen.*", with_metadata=True)
    (answer,) = night.search().SearchFiles(request, timeout=100)
    first, second = answer.files
    kinds = {key: value.WhichOneof("value") for key, value in first.metadata.items()}
    assert kinds == {
        "antenna": "number",
        "good": "boolean",
        "night": "time",
        "observer": "text",
        "quality": "number",
    }
    assert first.metadata["antenna"].number == NIGHT_METADATA["antenna"]
    assert first.metadata["night"].time.ToJsonString() == "2018-10-05T04:03:02.000001Z"
    assert not second.metadata


def test_all_that_match_come_by_the_bytes_of_their_names(catalog: Served) -> None:
    names = ["Z", "a", "a*b?c[d]e", "a\\b'c;d\"e", "dump_100%.sql", "é.txt", "\U0010ffff"]
    put_files(catalog.parts.database, names[::-1])
    assert search(catalog) == names
    assert search(catalog, '{"always-false": true}') == []


def test_the_first_page_is_small_and_no_message_is_large(many: Served) -> None:
    answers = many.search().SearchFiles(search_pb2.SearchFilesRequest(search=EVERYTHING))
    sizes = [len(answer.files) for answer in answers]
    assert sum(sizes) == len(NAMES)
    assert sizes[0] <= 100
    assert min(sizes) > 0
    assert max(sizes) <= 1000


def test_every_token_goes_on_after_its_message(many: Served) -> None:
    stub = many.search()
    request = search_pb2.SearchFilesRequest(search=EVERYTHING, limit=3_500)
    done = 0
    for answer in stub.SearchFiles(request, timeout=100):
        done += len(answer.files)
        after = search(many, page_token=answer.next_page_token, limit=2)
        assert after == NAMES[done : done + 2]
    assert done == 3_500


def test_files_that_arrive_ahead_of_a_search_are_found_and_the_others_do_not_disturb_it(
    far_more: Served,
) -> None:
    request = search_pb2.SearchFilesRequest(search=EVERYTHING)
    # So many that the server cannot have sent them all before anyone reads on.
    answers = far_more.search().SearchFiles(request, timeout=100)
    names = [file.name for file in next(answers).files]
    put_files(far_more.parts.database, ["aaa", "zzz"])
    names += [file.name for answer in answers for file in answer.files]
    assert (len(names), "aaa" in names, names[-1]) == (20_001, False, "zzz")
    assert names == sorted(set(names))


def test_who_stops_reading_holds_no_transaction_and_nothing_is_read_ahead(
    far_more: Served,
) -> None:
    pages = count_pages(far_more.parts.database)
    request = search_pb2.SearchFilesRequest(search=EVERYTHING)
    answers = far_more.search().SearchFiles(request, timeout=60)
    files = len(next(answers).files)
    for _ in range(20):
        assert count(far_more, "name:nothing") == 0
    # The pages that fill the buffers on the way here may still be read.
    wait_until(lambda: not has_open_transaction(far_more.parts.database), what="a pause")
    pages_before = len(pages)
    files += sum(len(answer.files) for answer in answers)
    assert files == 20_000
    assert len(pages) > pages_before


def test_who_leaves_frees_the_thread_that_served_him(far_more: Served) -> None:
    stub = far_more.search()
    for _ in range(100):
        answers = stub.SearchFiles(search_pb2.SearchFilesRequest(search=EVERYTHING), timeout=60)
        next(answers)
        answers.cancel()
    assert count(far_more) == 20_000


def test_matches_are_counted(night: Served) -> None:
    kinds = [search_pb2.FILES, search_pb2.OBSERVATIONS, search_pb2.SESSIONS, search_pb2.INSTANCES]
    assert [count(night, item_kind=kind) for kind in kinds] == [3, 2, 1, 2]
    assert count(night) == 3
    with pytest.raises(InvalidRequestError, match="no kind of item 99"):
        count(night, item_kind=99)


def count(catalog: Served, text: str = EVERYTHING, **options: object) -> int:
    request = search_pb2.CountMatchesRequest(search=text, **options)  # type: ignore[arg-type]
    return int(catalog.search().CountMatches(request, timeout=100).count)


def test_what_is_wrong_is_refused_with_a_sentence(night: Served) -> None:
    with pytest.raises(InvalidRequestError, match=r"line 1, column 2.*'name-matches'"):
        search(night, '{"name-matchez": "x"}')
    with pytest.raises(InvalidRequestError, match="line 1, column"):
        search(night, '{"or":' * 10_000)
    with pytest.raises(InvalidRequestError, match="line 1, column"):
        count(night, "name:(")
    with pytest.raises(InvalidRequestError, match="0, for all, or more"):
        search(night, limit=-1)


@pytest.mark.parametrize(
    ("order_by", "sentence"),
    [
        ("siez", "'size'"),
        ("size,down", "'size,desc'"),
        (",desc", "no order of files by ''"),
        ("size;DROP TABLE file", "no order of files"),
        ("size,desc,desc", "'size,desc'"),
        ("id", "no order of files"),
    ],
)
def test_an_order_that_is_not_known_is_refused(night: Served, order_by: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError, match=sentence):
        search(night, order_by=order_by)


def test_instances_come_by_name_alone(night: Served) -> None:
    for order_by, fits in (("", True), ("name,desc", True), ("size", False)):
        request = search_pb2.SearchInstancesRequest(search=EVERYTHING, order_by=order_by)
        answers = night.search().SearchInstances(request, timeout=100)
        if fits:
            assert sum(len(answer.instances) for answer in answers) == 2
        else:
            with pytest.raises(InvalidRequestError, match="no order of instances"):
                next(answers)


def token(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "e30",
        "é",
        token("files:size", 1, 1),
        token("files:name", 1, None),
        token("files:name", None, None),
        token("files:name", "a\0", None),
        token("files:name", ["a"], None),
        token("files:name", "a", None, "b"),
        token("observations:obsid", 1, None),
        "A" * 100_000,
    ],
)
def test_a_token_that_is_none_is_refused(night: Served, forged: str) -> None:
    with pytest.raises(InvalidRequestError, match="page token"):
        search(night, page_token=forged)


def test_a_token_of_another_caller_is_no_more_than_a_place(night: Served) -> None:
    injected = token("files:name", "' OR 1=1 --", None)
    assert search(night, page_token=injected) == ["operations.log", "zen.1.uvh5", "zen.2.uvh5"]


def test_a_search_is_explained_in_both_forms_and_words(catalog: Served) -> None:
    stub = catalog.search()
    request = search_pb2.ExplainSearchRequest(search="name:zen.* size:>5GB")
    told = stub.ExplainSearch(request)
    assert json.loads(told.json)
    assert told.meaning
    for form in (told.json, told.text):
        assert stub.ExplainSearch(search_pb2.ExplainSearchRequest(search=form)) == told
    with pytest.raises(InvalidRequestError, match="line 1, column"):
        stub.ExplainSearch(
            search_pb2.ExplainSearchRequest(search="type:uvh5", item_kind=search_pb2.SESSIONS)
        )


def test_an_explanation_that_would_not_arrive_is_refused_in_a_sentence(catalog: Served) -> None:
    names = " ".join(f"{number:0210d}" for number in range(80_000))
    request = search_pb2.ExplainSearchRequest(search=f"name:in({names})")
    with pytest.raises(InvalidRequestError, match="more than an answer can hold"):
        catalog.search().ExplainSearch(request)


def test_a_search_that_is_too_large_is_refused(catalog: Served) -> None:
    with pytest.raises(InvalidRequestError):
        search(catalog, "#" * (32 << 20) + EVERYTHING)
    with pytest.raises(LibrarianError, match="larger than max"):
        search(catalog, "#" * (34 << 20))


def count_pages(database: Database) -> list[str]:
    """Return a list that grows with each statement that selects files in an order."""
    pages: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and "ORDER BY" in statement:
            pages.append(statement)

    event.listen(database.readings.kw["bind"], "before_cursor_execute", note)
    return pages


def has_open_transaction(database: Database) -> bool:
    """Say whether anyone holds a transaction."""
    if database.is_sqlite:
        with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(busy)
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%'"
    )
    with database.readings() as db:
        return bool(db.execute(query).scalar())
