"""Statistics over a real channel: by the client, and by the command."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from catalog_service.clock import database_time
from catalog_service.link_hours import count_confirmed, count_failure
from catalog_service.store_usage import sample_usage
from catalog_service.tables import Instance, Store
from librarian import Librarian
from librarian.cli.program import program
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.client.statistics import CoverageCell, Totals
from librarian.errors import InvalidRequestError, NotFoundError
from librarian.v1 import (
    instances_pb2,
    instances_pb2_grpc,
    statistics_pb2,
    statistics_pb2_grpc,
)
from tests.catalog_service.catalog_site import CatalogSite
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.staging_rows import add_agent, add_store
from tests.catalog_service.statistics.recorded import facts, new_instance, record_new

OBSID = 1_200_000_000
HOUR = timedelta(hours=1)


@pytest.fixture
def filled(catalog: CatalogSite) -> CatalogSite:
    """Put three files of two observations on record, and what goes with them."""
    with catalog.database.transactions.begin() as db:
        store = add_store(db, add_agent(db, "node7"), capacity_bytes=100, free_bytes=40)
        first, second = facts(OBSID, 2458000.5, 6.0), facts(OBSID + 600, 2458001.5, 7.5)
        of = (first, first, second)
        record_new(db, [new_instance(f"zen.{n}.uv", store, 1000, of[n]) for n in range(3)])
        db.refresh(store)
        sample_usage(db, [store], database_time(db))
        key = add_librarian(db).id
        count_confirmed(db, key, 1000)
        count_failure(db, key, "LINK")
    return catalog


@pytest.fixture
def site(filled: CatalogSite) -> Iterator[Librarian]:
    """Return the client of a person who may only read."""
    with Librarian(filled.address, filled.add("ada")) as site:
        yield site


def test_a_reader_is_told_what_the_site_holds(site: Librarian) -> None:
    assert site.get_totals() == Totals(3, 3000, 3, 0, 2, 0)


def test_a_reader_is_told_what_arrived(site: Librarian) -> None:
    [day] = site.list_arrivals().days
    assert (day.files, day.total_bytes) == (3, 3000)
    arrived = date.fromisoformat(day.day)
    assert site.list_arrivals(arrived, arrived).days == (day,)
    later = site.list_arrivals(arrived + timedelta(days=1))
    assert (later.days, later.files_before, later.total_bytes_before) == ((), 3, 3000)


def test_a_reader_is_told_what_was_observed(site: Librarian) -> None:
    found = site.get_coverage()
    assert found.cells == (CoverageCell(0, 12, 2, 2000, 1), CoverageCell(1, 15, 1, 1000, 1))
    part = site.get_coverage(2458001, 2458001, max_columns=1, lst_bins=24)
    assert part.cells == (CoverageCell(0, 7, 1, 1000, 1),)
    assert (part.first_night_jd, part.last_night_jd, part.lst_bins) == (2458000, 2458001, 24)


def test_a_reader_is_told_how_full_a_store_was_and_what_links_carried(site: Librarian) -> None:
    now = datetime.now(UTC)
    [usage] = site.list_store_usage("pot1")
    assert (usage.capacity_bytes, usage.free_bytes, usage.instances) == (100, 40, 3)
    assert now - usage.time < 2 * HOUR
    [sample] = site.list_throughput("centre")
    assert (sample.files, sample.total_bytes, sample.failures) == (1, 1000, {"LINK": 1})
    assert site.list_throughput() == [sample]


def test_what_cannot_be_is_refused(site: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="divisor of 144"):
        site.get_coverage(lst_bins=7)
    with pytest.raises(NotFoundError):
        site.list_store_usage("pot\0")
    with pytest.raises(NotFoundError):
        site.list_throughput("<script>")


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-11-21'--", "x" * 100_000])
def test_what_is_no_day_is_refused(catalog: CatalogSite, day: str) -> None:
    stub = catalog.stub(statistics_pb2_grpc.StatisticsStub, catalog.admin_token)
    for request in ({"min_day": day}, {"max_day": day}):
        with pytest.raises(InvalidRequestError, match="is no day") as caught:
            stub.ListArrivals(statistics_pb2.ListArrivalsRequest(**request))
        assert len(str(caught.value)) < 200


def test_the_command_shows_totals_and_the_last_days(
    filled: CatalogSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "client.cfg"
    monkeypatch.setenv("LIBRARIAN_CLIENT_CONFIG", str(config))
    write_connection("home", ConnectionSettings(filled.address, filled.admin_token), config)
    shown = CliRunner().invoke(program, ["statistics", "home"])
    assert (shown.exit_code, "3.0 kB" in shown.stdout) == (0, True), shown.output
    document = json.loads(CliRunner().invoke(program, ["statistics", "home", "--json"]).stdout)
    assert (document["files"], document["days"][0]["files"]) == (3, 3)
    with filled.database.readings.begin() as db:
        assert db.scalars(select(Store.instance_count)).all() == [3]


def test_a_reader_is_told_which_copies_are_suspect(filled: CatalogSite, site: Librarian) -> None:
    assert site.list_suspect_instances() == []
    with filled.database.transactions.begin() as db:
        for row in db.scalars(select(Instance).order_by(Instance.id).limit(2)):
            row.problem = "Its checksum differs."
    found = site.list_suspect_instances()
    assert [(one.file_name, one.problem) for one in found] == [
        ("zen.0.uv", "Its checksum differs."),
        ("zen.1.uv", "Its checksum differs."),
    ]
    assert site.get_totals().suspect_instances == 2


def test_suspect_copies_are_told_page_by_page(filled: CatalogSite) -> None:
    with filled.database.transactions.begin() as db:
        for row in db.scalars(select(Instance)):
            row.problem = "It is gone."
    stub = filled.stub(instances_pb2_grpc.InstancesStub, filled.admin_token)
    request = instances_pb2.ListSuspectInstancesRequest(page_size=2)
    first = stub.ListSuspectInstances(request)
    assert [one.file_name for one in first.instances] == ["zen.0.uv", "zen.1.uv"]
    request.page_token = first.next_page_token
    rest = stub.ListSuspectInstances(request)
    assert [one.file_name for one in rest.instances] == ["zen.2.uv"]
    assert rest.next_page_token == ""
    for token in ("x", "-1", "9" * 19, "0" * 50, "\u0661"):
        request.page_token = token
        with pytest.raises(InvalidRequestError):
            stub.ListSuspectInstances(request)
