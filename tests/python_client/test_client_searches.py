"""Searches by the client over a real connection: results that page, go on, and become tables."""

import gc
import math
from collections.abc import Iterator

import pytest

from librarian import Librarian
from librarian.client.records import File, Instance
from librarian.client.search_results import SearchResult
from librarian.errors import InvalidRequestError, NotReachableError
from tests.bad_links import BadLink
from tests.catalog_service.search.searched_site import (
    FIRST_OBSID,
    START_JD,
    create_time,
    put_files,
    put_night,
    searched_site,
)
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.staging_site import Served, served

EVERYTHING = {"always-true": True}
NAMES = [f"zen.{number:05d}.uvh5" for number in range(6_000)]


@pytest.fixture
def site(database_url: str) -> Iterator[Served]:
    with searched_site(database_url) as site:
        yield site


@pytest.fixture
def client(site: Served) -> Iterator[Librarian]:
    with Librarian(site.address, "ada") as client:
        yield client


@pytest.fixture
def night(site: Served, client: Librarian) -> Librarian:
    put_night(site.parts.database)
    return client


@pytest.fixture
def many(site: Served, client: Librarian) -> Librarian:
    put_files(site.parts.database, NAMES)
    return client


def port_of(site: Served) -> int:
    return int(site.address.rpartition(":")[2])


def test_a_search_may_be_a_dictionary_json_or_text(night: Librarian) -> None:
    searches = ({"name-matches": "zen.1%"}, '{"name-matches": "zen.1%"}', "name:zen.1*")
    found = [list(night.search_files(search)) for search in searches]
    assert [[file.name for file in files] for files in found] == [["zen.1.uvh5"]] * 3
    assert found[0][0] == File(
        name="zen.1.uvh5",
        type="uvh5",
        size_bytes=1000,
        checksum="blake3:00",
        obsid=FIRST_OBSID,
        create_time=create_time(0),
        source="telescope",
        instance_count=1,
    )


def test_observations_sessions_and_instances_are_found(night: Librarian) -> None:
    first, second = night.search_observations(EVERYTHING)
    assert (first.obsid, first.start_time_jd, first.start_lst_hr) == (FIRST_OBSID, START_JD, 3.25)
    assert (second.stop_time_jd, second.start_lst_hr, second.total_bytes) == (None, None, 2000)
    (session,) = night.search_sessions({"num-obs-at-least": 2})
    assert (session.id, session.observation_count, session.total_bytes) == (FIRST_OBSID, 2, 3000)
    instances = list(night.search_instances({"name-matches": "zen.%"}))
    assert [(i.file_name, i.path, i.state) for i in instances] == [
        (f"zen.{n}.uvh5", f"/data/pot1/2458396/zen.{n}.uvh5", "AVAILABLE") for n in (1, 2)
    ]
    assert isinstance(instances[0], Instance)
    assert (instances[0].store, instances[0].host) == ("pot1", "node1")


def test_what_matches_is_counted_whatever_was_read(night: Librarian) -> None:
    assert night.search_files(EVERYTHING, limit=1).count() == 3
    assert night.search_observations({"obsid-is-exactly": FIRST_OBSID}).count() == 1
    assert night.search_sessions(EVERYTHING).count() == 1
    assert night.search_instances(EVERYTHING).count() == 2
    assert night.search_files({"always-false": True}).count() == 0


def test_order_and_its_direction_are_chosen(night: Librarian) -> None:
    by_size = night.search_files(EVERYTHING, order_by="size,desc")
    assert [file.size_bytes for file in by_size] == [3000, 2000, 1000]
    by_obsid = night.search_files(EVERYTHING, order_by="obsid,desc")
    assert [file.obsid for file in by_obsid] == [FIRST_OBSID + 600, FIRST_OBSID, None]
    observations = night.search_observations(EVERYTHING, order_by="start-time,desc")
    assert [found.obsid for found in observations] == [FIRST_OBSID + 600, FIRST_OBSID]


@pytest.mark.parametrize("order_by", ["siez", "size,down", ",desc", "size,desc,desc"])
def test_a_wrong_order_is_refused_with_the_known_ones(night: Librarian, order_by: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"size|desc"):
        list(night.search_files(EVERYTHING, order_by=order_by))


def test_a_search_is_limited(many: Librarian) -> None:
    for limit in (0, 1, 1000, 1001, 5_999, 6_000, 2**70):
        assert [file.name for file in many.search_files(EVERYTHING, limit)] == NAMES[:limit]


def test_a_negative_limit_is_refused(client: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="-1 is negative"):
        client.search_observations(EVERYTHING, limit=-1)


@pytest.mark.parametrize("order_by", ["name", "name,desc", "size,desc", "obsid"])
def test_a_page_token_goes_on_after_what_was_read(many: Librarian, order_by: str) -> None:
    pages, token = [], ""
    while page := many.search_files(EVERYTHING, 2_500, order_by=order_by, page_token=token):
        found = [file.name for file in page]
        if not found:
            break
        pages += found
        token = page.page_token
    assert pages == (NAMES[::-1] if order_by.endswith("desc") else NAMES)


def test_a_page_that_was_read_in_part_comes_again(many: Librarian) -> None:
    found = many.search_files(EVERYTHING)
    read = [next(found).name for _ in range(3_500)]
    rest = [file.name for file in many.search_files(EVERYTHING, page_token=found.page_token)]
    assert set(read) | set(rest) == set(NAMES)
    assert len(read) + len(rest) < 2 * len(NAMES)


def test_a_token_of_another_order_or_of_no_search_is_refused(many: Librarian) -> None:
    found = many.search_files(EVERYTHING, limit=10)
    list(found)
    for token in ("x", "e30", found.page_token[:-3], found.page_token + "AA", "é"):
        with pytest.raises(InvalidRequestError, match="token"):
            list(many.search_files(EVERYTHING, page_token=token))
    with pytest.raises(InvalidRequestError, match="token"):
        list(many.search_files(EVERYTHING, order_by="size", page_token=found.page_token))


def test_a_result_is_an_iterator_that_is_read_once(night: Librarian) -> None:
    found = night.search_files(EVERYTHING)
    assert isinstance(found, SearchResult)
    assert next(found).name == "operations.log"
    assert [file.name for file in found] == ["zen.1.uvh5", "zen.2.uvh5"]
    assert list(found) == []


def test_a_result_shows_what_it_is_without_reading(client: Librarian) -> None:
    found = client.search_files("name:<b>" + "x" * 1000)
    assert "name:&lt;b&gt;" in found._repr_html_()
    assert len(found._repr_html_()) < 500
    assert repr(found).startswith("<SearchResult of files: name:<b>xxx")


@pytest.mark.parametrize("cut_after_bytes", [30_000, 300_000])
@pytest.mark.parametrize("limit", [None, 5_500])
def test_a_stream_that_is_cut_goes_on_where_it_was(
    site: Served, many: Librarian, cut_after_bytes: int, limit: int | None
) -> None:
    with BadLink() as proxy, Librarian(proxy.address, "ada") as client:
        proxy.target_port = port_of(site)
        assert len(list(client.search_files(EVERYTHING, limit=1))) == 1
        proxy.cut_after_answered_bytes = proxy.answered_bytes + cut_after_bytes
        names = [file.name for file in client.search_files(EVERYTHING, limit)]
        assert proxy.cut_after_answered_bytes is None
    assert names == NAMES[:limit]


def test_a_stream_outlives_the_end_of_its_catalogue(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database_url) as database, BadLink() as proxy, served(database) as second:
        put_files(database, NAMES)
        with Librarian(proxy.address, "ada") as client:
            with served(database) as first:
                proxy.target_port = port_of(first)
                found = client.search_files(EVERYTHING)
                names = [next(found).name]
            proxy.target_port = port_of(second)
            assert names + [file.name for file in found] == NAMES


def test_a_site_that_does_not_come_back_is_told_of(
    site: Served, many: Librarian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("librarian.client.search_results._PATIENCE_SECONDS", 0.2)
    with BadLink() as proxy, Librarian(proxy.address, "ada") as client:
        proxy.target_port = port_of(site)
        found = client.search_files(EVERYTHING)
        next(found)
        proxy.target_port = 1
        proxy.cut_after_answered_bytes = 0
        with pytest.raises(NotReachableError):
            list(found)


def test_a_site_that_never_answered_is_told_of_at_once() -> None:
    with Librarian("127.0.0.1:1", "lib_a_b") as nowhere, pytest.raises(NotReachableError):
        next(nowhere.search_files(EVERYTHING))


@pytest.mark.parametrize("ending", ["closed", "dropped"])
def test_a_result_that_is_left_ends_its_stream(
    many: Librarian, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    cancelled: list[bool] = []
    monkeypatch.setattr(
        "librarian.client.channel.Stream.cancel", lambda _self: cancelled.append(True)
    )
    gc.disable()
    try:
        found = many.search_files(EVERYTHING)
        next(found)
        if ending == "closed":
            found.close()
        else:
            del found
        assert cancelled == [True]
    finally:
        gc.enable()


def test_a_search_that_is_not_understood_says_where(client: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match=r"line 2, column 2: .*'name-matches'"):
        list(client.search_files('{\n "name-matchez": "x"}'))
    with pytest.raises(InvalidRequestError, match="line 1, column"):
        client.search_sessions("type:uvh5").count()


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), "\ud800"])
def test_a_dictionary_that_is_not_json_is_refused(client: Librarian, value: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"not JSON|line 1, column"):
        list(client.search_files({"size-greater-than": value}))


def test_text_that_cannot_travel_is_refused(client: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="is not text"):
        client.search_files("name:\ud800")
    with pytest.raises(InvalidRequestError, match="divide its lists"):
        client.search_files(" " * (33 << 20))


def test_a_hundred_thousand_names_travel(many: Librarian) -> None:
    names = [f"{'x' * 240}.{number}" for number in range(99_999)]
    found = many.search_files({"name-in": [*names, NAMES[7]]})
    assert [file.name for file in found] == [NAMES[7]]


def test_a_search_is_explained_in_both_forms(client: Librarian) -> None:
    text = client.explain_search({"name-matches": "zen.%", "size-greater-than": 5})
    again = client.explain_search(text.text)
    assert again == text
    assert client.explain_search(text.json) == text
    assert "zen" in text.meaning
    assert set(text.to_json()) == {"json", "text", "meaning"}
    sessions = client.explain_search({"num-obs-at-least": 2}, "sessions")
    assert "num-obs-at-least" in sessions.json
    with pytest.raises(InvalidRequestError, match="observations, sessions"):
        client.explain_search(EVERYTHING, "planets")  # type: ignore[arg-type]
