"""How much was observed, by sidereal time and night."""

import math

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.coverage import Cell, Coverage, Wanted, find_coverage
from catalog_service.database import Database
from catalog_service.tables import Store
from librarian.errors import InvalidRequestError
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.statistics.recorded import facts, new_instance, record_new

_OBSID = 1_200_000_000
_DIVISORS = [n for n in range(1, 145) if 144 % n == 0]


def observe(db: Session, *observations: tuple[float, float | None], size_bytes: int = 10) -> None:
    """Record two files of each observation, given by its start and its sidereal time."""
    store = db.scalars(select(Store)).first()
    assert store is not None
    for number, (start, lst) in enumerate(observations):
        for end in ("uv", "json"):
            found = facts(_OBSID + number, start, lst)
            record_new(db, [new_instance(f"zen.{number}.{end}", store, size_bytes, found)])


def coverage(
    database: Database, *observations: tuple[float, float | None], **want: int
) -> Coverage:
    with database.transactions.begin() as db:
        observe(db, *observations)
        return find_coverage(db, Wanted(**want))


def test_observations_are_summed_in_cells(database: Database) -> None:
    found = coverage(
        database, (2458432.2, 1.0), (2458432.9, 1.49), (2458433.1, 1.5), (2458435.0, 23.99)
    )
    assert found.cells == [
        Cell(0, 2, 4, 40, 2),
        Cell(1, 3, 2, 20, 1),
        Cell(3, 47, 2, 20, 1),
    ]
    assert (found.min_night, found.max_night, found.nights_per_column) == (2458432, 2458435, 1)
    assert (found.first_night, found.last_night, found.lst_bins) == (2458432, 2458435, 48)


def test_neighbouring_nights_share_a_column_where_there_are_many(database: Database) -> None:
    found = coverage(
        database, (2458000.9, 0.0), (2458002.999, 0.0), (2458003.0, 0.0), (2458008.5, 0.0),
        max_columns=3,
    )  # fmt: skip
    assert found.nights_per_column == 3
    assert [cell.column for cell in found.cells] == [0, 1, 2]
    assert [cell.observation_count for cell in found.cells] == [2, 1, 1]


def test_a_part_of_the_nights_is_told_with_where_all_begin_and_end(database: Database) -> None:
    found = coverage(
        database, (2458000.5, 0.0), (2458010.5, 3.0), (2458020.5, 6.0),
        min_night=2458005, max_night=2458010, lst_bins=8,
    )  # fmt: skip
    assert found.cells == [Cell(5, 1, 2, 20, 1)]
    assert (found.first_night, found.last_night) == (2458000, 2458020)


def test_every_sidereal_time_has_a_cell_however_fine_they_are(database: Database) -> None:
    last = math.nextafter(24.0, 0.0)
    with database.transactions.begin() as db:
        observe(db, (2458000.5, 0.0), (2458000.6, last))
        for bins in _DIVISORS:
            cells = find_coverage(db, Wanted(lst_bins=bins)).cells
            assert {cell.lst_bin for cell in cells} == {0, bins - 1}


def test_a_sidereal_time_that_becomes_known_later_counts_then(database: Database) -> None:
    with database.transactions.begin() as db:
        observe(db, (2458000.5, None))
        assert find_coverage(db, Wanted()).cells == []
        store = db.scalars(select(Store)).first()
        assert store is not None
        record_new(db, [new_instance("zen.late.uv", store, 5, facts(_OBSID, 2458000.5, 6.0))])
        assert find_coverage(db, Wanted()).cells == [Cell(0, 12, 3, 25, 1)]


def test_nights_beyond_all_that_are_on_record_hold_nothing(database: Database) -> None:
    with database.transactions.begin() as db:
        observe(db, (2458000.5, 1.0))
        for wanted, night in (
            (Wanted(max_night=2457000), 2457000),
            (Wanted(min_night=2459000), 2459000),
        ):
            found = find_coverage(db, wanted)
            assert (found.min_night, found.max_night, found.cells) == (night, night, [])


def test_where_nothing_was_observed_there_is_nothing_to_tell(database: Database) -> None:
    with database.readings.begin() as db:
        assert find_coverage(db, Wanted()) == Coverage()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(lst_bins=7),
        Wanted(lst_bins=-1),
        Wanted(max_columns=401),
        Wanted(max_columns=-1),
        Wanted(min_night=-1),
        Wanted(max_night=1 << 62),
        Wanted(min_night=2458001, max_night=2458000),
    ],
)
def test_what_cannot_be_told_is_refused(sqlite_url: str, wanted: Wanted) -> None:
    with (
        opened(sqlite_url) as database,
        database.readings.begin() as db,
        pytest.raises(InvalidRequestError),
    ):
        find_coverage(db, wanted)
