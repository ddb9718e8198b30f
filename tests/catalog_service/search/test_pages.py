"""Pages of what matches: whole in any order, whatever is between them, and never for ever."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from catalog_service.database import Database, open_database
from catalog_service.search import pages as search_pages
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import Compiled
from catalog_service.search.pages import PAGE_ROWS, count_matches, parse_order, read_pages
from catalog_service.search.tree import Clause, Comparison, all_of
from catalog_service.tables import (
    File,
    FileEvent,
    Instance,
    Observation,
    ObservingSession,
    RemoteInstance,
)
from librarian.errors import InvalidRequestError
from tests.catalog_service.search.catalogues import Catalogue, catalogues, put_frame
from tests.catalog_service.search.catalogues import put_on_record as put_catalogue
from tests.catalog_service.search.evaluation import Item, matches
from tests.catalog_service.search.reading import EVERYTHING, compiled, keys, noted_pages
from tests.catalog_service.search.samples import Sample, put_on_record
from tests.catalog_service.search.trees import trees

MANY = [Sample(f"zen.{number:05d}.uvh5", size_bytes=number % 7) for number in range(2500)]
ENDLESS = text(
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT max(i) FROM n) > 0"
)

# By what each order sorts, in plain Python; nothing stands for what is not known.
SORT_VALUES: dict[ItemKind, dict[str, Callable[[Any], Any]]] = {
    ItemKind.FILES: {
        "name": lambda file: file.name,
        "create-time": lambda file: file.create_time,
        "size": lambda file: file.size_bytes,
        "obsid": lambda file: file.observation and file.observation.obsid,
        "start-time": lambda file: file.observation and file.observation.start_time_jd,
    },
    ItemKind.OBSERVATIONS: {
        "obsid": lambda observation: observation.obsid,
        "start-time": lambda observation: observation.start_time_jd,
    },
    ItemKind.SESSIONS: {
        "session-id": lambda session: session.id,
        "start-time": lambda session: session.start_time_jd,
    },
}
searches = st.sampled_from(ItemKind).flatmap(
    lambda item: st.tuples(st.just(item), trees(item) | st.just(EVERYTHING))
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def framed(database: Database) -> Database:
    """Return a database with what all random catalogues share."""
    with database.transactions.begin() as db:
        put_frame(db)
    return database


def replace_catalogue(db: Session, catalogue: Catalogue) -> None:
    for table in (FileEvent, RemoteInstance, Instance, File, Observation, ObservingSession):
        db.execute(delete(table))
    put_catalogue(db, catalogue)


def page_by_page(database: Database, found: Compiled, limit: int, **options: Any) -> list[Any]:
    """Read so many rows at a time, each time anew from the token of the last."""
    token = ""
    result: list[Any] = []
    while pages := list(read_pages(database, found, limit=limit, page_token=token, **options)):
        result += [row for page in pages for row in page.rows]
        token = pages[-1].next_page_token
    return result


def in_order(
    item: ItemKind, key: str, descending: bool, items: list[tuple[int, Item]]
) -> list[tuple[int, Item]]:
    """Sort numbered items as the law says: ties by number, what has no value last."""
    value = SORT_VALUES[item][key]
    known = [pair for pair in items if value(pair[1]) is not None]
    absent = [pair for pair in items if value(pair[1]) is None]
    known.sort(key=lambda pair: (value(pair[1]), pair[0]), reverse=descending)
    return known + sorted(absent, key=lambda pair: pair[0], reverse=descending)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(catalogue=catalogues(), search=searches, limit=st.integers(1, 3))
def test_small_pages_join_to_the_whole_in_every_order(
    framed: Database, catalogue: Catalogue, search: tuple[ItemKind, Clause], limit: int
) -> None:
    item, tree = search
    with framed.transactions.begin() as db:
        replace_catalogue(db, catalogue)
    found = compiled(framed, tree, item)
    items: dict[ItemKind, list[tuple[int, Item]]] = {
        ItemKind.FILES: list(enumerate(catalogue.files, start=1)),
        ItemKind.OBSERVATIONS: [(o.obsid, o) for o in catalogue.observations],
        ItemKind.SESSIONS: [(s.id, s) for s in catalogue.sessions],
    }
    matching = [pair for pair in items[item] if matches(tree, pair[1], catalogue)]
    assert count_matches(framed, found) == len(matching)
    name = SORT_VALUES[item][next(iter(SORT_VALUES[item]))]
    for key in SORT_VALUES[item]:
        for suffix in ("", ",desc"):
            order = parse_order(key + suffix, item)
            expected = [name(one) for _, one in in_order(item, key, bool(suffix), matching)]
            assert keys(read_pages(framed, found, order)) == expected
            rows = page_by_page(framed, found, limit, order=order)
            assert [row[0] for row in rows] == expected


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(catalogue=catalogues(), tree=trees(ItemKind.FILES), descending=st.booleans())
def test_instances_come_by_the_names_of_their_files(
    framed: Database, catalogue: Catalogue, tree: Clause, descending: bool
) -> None:
    with framed.transactions.begin() as db:
        replace_catalogue(db, catalogue)
    found = compiled(framed, tree)
    expected = [
        (file.name, store, available)
        for file in sorted(catalogue.files, key=lambda file: file.name, reverse=descending)
        if matches(tree, file, catalogue)
        for store, available in (reversed if descending else iter)(list(file.copies.items()))
    ]
    order = parse_order("name,desc" if descending else "", ItemKind.FILES)
    rows = page_by_page(framed, found, 1, order=order, instances=True)
    assert [(row[0], row[1], row[3]) for row in rows] == expected
    assert {(row[6], row[7]) for row in rows} == {("pot", f"/{row[1]}") for row in rows}
    assert count_matches(framed, found, instances=True) == len(expected)


def test_metadata_come_last_when_they_are_asked_for(framed: Database) -> None:
    with framed.transactions.begin() as db:
        file = Sample("a")
        db.add(File(**vars(file), custom={"antenna": 12, "good": True}))
    (page,) = read_pages(
        framed,
        compiled(framed, EVERYTHING),
        parse_order("create-time", ItemKind.FILES),
        with_metadata=True,
    )
    assert [(row[0], row[-1]) for row in page.rows] == [("a", {"antenna": 12, "good": True})]
    assert len(page.rows[0]) == 9


@pytest.mark.parametrize("order", ["name", "name,desc", "size", "size,desc", "obsid"])
def test_pages_join_without_gap_or_repetition(database: Database, order: str) -> None:
    put_on_record(database, MANY)
    names = [sample.name for sample in MANY]
    if order.startswith("size"):
        names.sort(key=lambda name: MANY[int(name[4:9])].size_bytes)
    # What is alike by size is turned around as well.
    expected = names if not order.endswith("desc") else in_reverse(names, by_size="size" in order)
    found = compiled(database, EVERYTHING)
    for limit in (0, 1, 100, 1000, 1101, 2500, 9999):
        pages = list(read_pages(database, found, parse_order(order, ItemKind.FILES), limit))
        assert [row[0] for page in pages for row in page.rows] == expected[: limit or None]
        assert all(0 < len(page.rows) <= PAGE_ROWS for page in pages)


def in_reverse(names: list[str], *, by_size: bool) -> list[str]:
    if not by_size:
        return names[::-1]
    return sorted(names, key=lambda name: (MANY[int(name[4:9])].size_bytes, name), reverse=True)


def test_the_first_page_of_a_long_answer_is_small(database: Database) -> None:
    put_on_record(database, MANY)
    pages = read_pages(database, compiled(database, EVERYTHING))
    assert [len(next(pages).rows), len(next(pages).rows)] == [100, PAGE_ROWS]


@pytest.mark.parametrize(("with_metadata", "queries"), [(False, 2), (True, 4)])
def test_more_is_read_of_slow_pages_at_once_but_not_with_metadata(
    database: Database, monkeypatch: pytest.MonkeyPatch, with_metadata: bool, queries: int
) -> None:
    put_on_record(database, MANY)
    monkeypatch.setattr(search_pages, "_SLOW_PAGE_SECONDS", -1.0)
    read, found = noted_pages(database), compiled(database, EVERYTHING)
    assert len(keys(read_pages(database, found, with_metadata=with_metadata))) == len(MANY)
    assert len(read) == queries


def test_with_metadata_no_more_names_of_a_list_are_looked_for_at_once(database: Database) -> None:
    tree = Comparison("name", "in", tuple(f"zen.{number:05d}.log" for number in range(5_000)))
    read, found = noted_pages(database), compiled(database, tree)
    assert keys(read_pages(database, found, with_metadata=True)) == []
    assert len(read) == 5


@pytest.mark.parametrize("instances", [False, True])
def test_a_list_of_names_is_gone_through_in_slices(database: Database, instances: bool) -> None:
    put_on_record(database, MANY)
    if instances:
        put_two_copies(database)
    listed = [f"zen.{number:05d}.uvh5" for number in range(1, 30_000, 2)]
    tree = all_of(
        [Comparison("name", "in", tuple(listed[::-1])), Comparison("size", "less-than", 6)]
    )
    expected = [s.name for s in MANY if s.name in set(listed) and s.size_bytes < 6]
    expected = [name for name in expected for _ in range(2 if instances else 1)]
    found = compiled(database, tree)
    assert found.names is not None
    for suffix, names in (("", expected), (",desc", expected[::-1])):
        order = parse_order("name" + suffix, ItemKind.FILES)
        options: dict[str, Any] = {"instances": instances, "order": order}
        assert keys(read_pages(database, found, **options)) == names
        assert [row[0] for row in page_by_page(database, found, 333, **options)] == names
    assert count_matches(database, found, instances=instances) == len(expected)


def put_two_copies(database: Database) -> None:
    with database.transactions.begin() as db:
        put_frame(db)
        for store in (1, 2):
            db.execute(
                text(
                    "INSERT INTO instance (file_id, store_id, parent_dirs, available,"
                    " deletion_allowed, create_time) SELECT id, :store, '', true, false,"
                    " create_time FROM file"
                ),
                {"store": store},
            )


def test_files_that_arrive_ahead_of_a_search_are_seen_and_the_others_do_not_disturb_it(
    database: Database,
) -> None:
    put_on_record(database, MANY)
    pages = read_pages(database, compiled(database, EVERYTHING))
    first = next(pages)
    put_on_record(database, [Sample("aaa"), Sample("zzz")])
    rest = keys(pages)
    assert rest == [sample.name for sample in MANY[len(first.rows) :]] + ["zzz"]


def test_what_arrives_after_the_end_is_found_from_the_last_token_on(database: Database) -> None:
    put_on_record(database, [Sample("a"), Sample("b")])
    found = compiled(database, EVERYTHING)
    (page,) = read_pages(database, found)
    put_on_record(database, [Sample("c")])
    assert keys(read_pages(database, found, page_token=page.next_page_token)) == ["c"]


def test_a_search_that_takes_too_long_is_given_up(database_url: str) -> None:
    database = open_database(database_url, search_timeout_seconds=0.5)
    put_on_record(database, [Sample("a")])
    endless: Any = Compiled(ItemKind.FILES, ENDLESS)  # type: ignore[arg-type]
    for search in (
        lambda: list(read_pages(database, endless)),
        lambda: count_matches(database, endless),
    ):
        with pytest.raises(InvalidRequestError, match=r"took longer than 0\.5 s: narrow it"):
            search()
    # The next search on the same connection has its own time.
    assert keys(read_pages(database, compiled(database, EVERYTHING))) == ["a"]
    database.dispose()


def test_a_value_that_postgresql_cannot_work_with_is_told_as_such(postgres_url: str) -> None:
    database = open_database(postgres_url)
    put_on_record(database, [Sample("a")])
    odd = Compiled(ItemKind.FILES, File.name.op("~")("("))
    for search in (lambda: list(read_pages(database, odd)), lambda: count_matches(database, odd)):
        with pytest.raises(InvalidRequestError, match="make its patterns"):
            search()
    database.dispose()
