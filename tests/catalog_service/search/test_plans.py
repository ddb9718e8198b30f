"""How pages are read when little matches, or only what is at one store or neighbour."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import Compiled
from catalog_service.search.listings import Listing
from catalog_service.search.pages import count_matches, parse_order, read_pages
from catalog_service.search.plans import Plan, choose_plan
from catalog_service.search.time_limits import limited_time
from catalog_service.search.tree import Clause, Comparison, NoneOf, Or, all_of
from catalog_service.tables import File, Instance, RemoteInstance
from tests.catalog_service.search.catalogues import LIBRARIAN_KEYS, STORE_KEYS, put_frame
from tests.catalog_service.search.reading import compiled, keys
from tests.catalog_service.search.samples import Sample, put_on_record

COUNT = 30_000
RARE = Comparison("source", "is-exactly", "visitor")
# What is rare lies at the end of the names.
MANY = [
    Sample(
        f"zen.{number:05d}.uvh5",
        size_bytes=COUNT - number % 7,
        obsid=None if number % 3 == 0 else number // 5,
        source="visitor" if number >= COUNT - 600 else "telescope",
    )
    for number in range(COUNT)
]
VISITORS = [sample for sample in MANY if sample.source == "visitor"]
SORT_VALUES: dict[str, Callable[[Sample], Any]] = {
    "name": lambda sample: sample.name,
    "size": lambda sample: sample.size_bytes,
    "obsid": lambda sample: sample.obsid,
}
STORES = list(STORE_KEYS)
NEIGHBOURS = list(LIBRARIAN_KEYS)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.dispose()


def plan_of(database: Database, tree: Clause) -> Plan:
    found = compiled(database, tree)
    listing = Listing(found, parse_order("", ItemKind.FILES))
    query = listing.query(None, 100)
    with database.readings.begin() as db, limited_time(db):
        return choose_plan(db.connection(), query, listing.collecting(query, 100))


def analyse(database: Database) -> None:
    with database.transactions.begin() as db:
        db.execute(text("ANALYZE"))


def read_by(database: Database, found: Compiled, order: str, limit: int) -> list[str]:
    """Read an answer in pages that are asked for one by one."""
    names: list[str] = []
    token = ""
    while True:
        parsed = parse_order(order, ItemKind.FILES)
        pages = list(read_pages(database, found, parsed, limit, token))
        if not pages:
            return names
        names += keys(pages)
        token = pages[-1].next_page_token


def test_what_little_matches_is_collected_before_it_is_put_in_order(database: Database) -> None:
    put_on_record(database, MANY)
    analyse(database)
    assert plan_of(database, RARE) is Plan.COLLECTED
    found = compiled(database, RARE)
    for key, value in SORT_VALUES.items():
        known = [sample for sample in VISITORS if value(sample) is not None]
        absent = [sample for sample in VISITORS if value(sample) is None]
        # What is alike comes as it came.
        expected = [*sorted(known, key=value), *absent]
        names = [sample.name for sample in expected]
        assert read_by(database, found, key, 177) == names, key
        descending = read_by(database, found, f"{key},desc", 177)
        assert sorted(descending) == sorted(names)
        assert descending[: len(known)] == names[: len(known)][::-1]


@pytest.mark.parametrize("name", ["zen.%", "zen.0001%"])
def test_what_an_index_gives_in_order_is_not_collected_when_much_matches(
    database: Database, name: str
) -> None:
    put_on_record(database, MANY)
    analyse(database)
    much = all_of([Comparison("source", "is-not", "visitor"), Comparison("name", "matches", name)])
    little = not name.startswith("zen.%") and database.is_sqlite
    assert plan_of(database, much) is (Plan.COLLECTED if little else Plan.ORDERED)


def put_copies(database: Database, copies: Sequence[tuple[int, str, str, bool]]) -> None:
    """Write instances as who does not know that they have names: number of the file, and where."""
    with database.transactions.begin() as db:
        for number, store, parent_dirs, available in copies:
            db.execute(
                text(
                    "INSERT INTO instance (file_id, store_id, parent_dirs, available,"
                    " deletion_allowed, create_time) SELECT id, :store, :dirs, :available, :no,"
                    " create_time FROM file WHERE name = :name"
                ),
                {
                    "store": STORE_KEYS[store],
                    "dirs": parent_dirs,
                    "available": available,
                    "no": False,
                    "name": MANY[number].name,
                },
            )


def test_files_on_a_store_come_once_and_in_order_whatever_copies_there_are(
    database: Database,
) -> None:
    here, there = STORES[:2]
    with database.transactions.begin() as db:
        put_frame(db)
    put_on_record(database, MANY[:9])
    put_copies(
        database,
        [
            (8, here, "", True),
            (1, here, "", True),
            (1, here, "again", True),
            (1, there, "", True),
            (3, here, "gone", False),
            (3, here, "kept", True),
            (4, here, "", False),
            (5, there, "", True),
        ],
    )
    names = [MANY[number].name for number in (1, 3, 8)]
    found = compiled(database, Comparison("store", "has", here))
    for limit in (1, 2, 100):
        assert read_by(database, found, "name", limit) == names
        assert read_by(database, found, "name,desc", limit) == names[::-1]
        assert sorted(read_by(database, found, "size", limit)) == names
    assert count_matches(database, found) == 3
    larger = Comparison("size", "at-least", MANY[3].size_bytes)
    both = compiled(database, all_of([Comparison("store", "has", here), larger]))
    assert read_by(database, both, "name", 2) == [
        MANY[n].name for n in (1, 3, 8) if MANY[n].size_bytes >= MANY[3].size_bytes
    ]


def put_elsewhere(database: Database, places: Sequence[tuple[int, str]]) -> None:
    """Write which numbered files are believed to be at which neighbour."""
    with database.transactions.begin() as db:
        for number, neighbour in places:
            name = MANY[number].name
            file_id = db.scalars(select(File.id).where(File.name == name)).one()
            there = {"file_id": file_id, "librarian_id": LIBRARIAN_KEYS[neighbour]}
            row = there | {"file_name": name, "confirm_time": MANY[number].create_time}
            db.execute(insert(RemoteInstance), row)


@pytest.fixture
def spread(database: Database) -> Database:
    """Return a database of nine files, some of which are elsewhere, and some on a store."""
    with database.transactions.begin() as db:
        put_frame(db)
    # Keys against the order of names.
    put_on_record(database, MANY[8::-1])
    one, other = NEIGHBOURS[:2]
    put_elsewhere(database, [(n, other) for n in (7, 1, 4, 8)] + [(n, one) for n in (2, 4)])
    put_copies(database, [(n, STORES[1], "", True) for n in (0, 4, 7)])
    return database


AT_ONE, AT_OTHER = (Comparison("librarian", "has", name) for name in NEIGHBOURS[:2])
ON_STORE = Comparison("store", "has", STORES[1])
ELSEWHERE: list[tuple[Clause, list[int]]] = [
    (AT_ONE, [2, 4]),
    (AT_OTHER, [1, 4, 7, 8]),
    (all_of([AT_OTHER, AT_ONE]), [4]),
    (all_of([AT_OTHER, ON_STORE]), [4, 7]),
    (all_of([ON_STORE, AT_OTHER]), [4, 7]),
    (all_of([AT_OTHER, NoneOf((AT_ONE,))]), [1, 7, 8]),
    (all_of([NoneOf((ON_STORE,)), AT_OTHER]), [1, 8]),
    (NoneOf((AT_OTHER,)), [0, 2, 3, 5, 6]),
    (Or((AT_OTHER, AT_ONE)), [1, 2, 4, 7, 8]),
    (all_of([AT_OTHER, Or((AT_ONE, ON_STORE))]), [4, 7]),
]


@pytest.mark.parametrize(("tree", "numbers"), ELSEWHERE)
def test_files_at_a_neighbour_come_once_and_in_order_whatever_is_asked_beside(
    spread: Database, tree: Clause, numbers: list[int]
) -> None:
    found = compiled(spread, tree)
    samples = [MANY[number] for number in numbers]
    names = [sample.name for sample in samples]
    for limit in (1, 2, 100):
        assert read_by(spread, found, "name", limit) == names
        assert read_by(spread, found, "name,desc", limit) == names[::-1]
        by_size = sorted(samples, key=lambda sample: (sample.size_bytes, -MANY.index(sample)))
        assert read_by(spread, found, "size", limit) == [sample.name for sample in by_size]
        assert sorted(read_by(spread, found, "obsid", limit)) == names
    assert count_matches(spread, found) == len(names)


def test_an_instance_is_named_by_the_database_when_nobody_says_its_name(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        put_frame(db)
    put_on_record(database, MANY[:2])
    put_copies(database, [(1, STORES[0], "", True)])
    with database.readings.begin() as db:
        assert db.scalars(select(Instance.file_name)).all() == [MANY[1].name]


def test_what_a_walk_makes_no_use_of_is_used_again_after_its_page(postgres_url: str) -> None:
    database = open_database(postgres_url, pool_size=1)
    seen = []
    for plan in (Plan.WALKED, Plan.ORDERED):
        with database.readings.begin() as db:
            plan.prepare(db.connection())
            seen.append(db.execute(text("SHOW enable_bitmapscan")).scalar_one())
    database.dispose()
    assert seen == ["off", "on"]
