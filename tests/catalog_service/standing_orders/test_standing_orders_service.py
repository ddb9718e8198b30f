"""Standing orders over a whole catalogue: made, listed, changed, previewed and deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog_service.saved_searches import NewSearch, save_search
from catalog_service.tables import File, Librarian, Transfer
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    UnknownLibrarianError,
    UnknownStandingOrderError,
)
from librarian.v1 import accounts_pb2, standing_orders_pb2_grpc
from librarian.v1 import standing_orders_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite
from tests.catalog_service.neighbour_rows import add_librarian, add_remote_instance, add_transfer
from tests.catalog_service.staging_rows import add_agent, add_file, add_instance, add_store
from tests.polling import wait_until

LONG_NAME = "every-night-of-the-h6c-season-that-was-inspected.v2"

WRONG: dict[str, dict[str, Any]] = {
    "name": {"name": "a b"},
    "no name": {"name": ""},
    "long name": {"name": "x" * 65},
    "search": {"search": "typ:uvh5"},
    "store": {"search": "store:nowhere"},
    "saved search": {"search": "@nothing"},
    "long search": {"search": "name:" + "x" * 70_000},
    "priority": {"priority": 101},
    "hours": {"hours": "8-20"},
    "time zone": {"hours": "20:00-08:00", "timezone": "Mars/Olympus"},
    "bandwidth": {"bandwidth_bytes_per_second": -1},
}

Orders = Callable[[str], Any]


@pytest.fixture
def orders(catalog: CatalogSite) -> Orders:
    """Return the service as an account of a role sees it; there is a neighbour, `centre`."""
    with catalog.database.transactions.begin() as db:
        add_librarian(db)

    def calls(role: str = "READWRITE") -> Any:
        token = catalog.add(role.lower(), getattr(accounts_pb2, role))
        return catalog.stub(standing_orders_pb2_grpc.StandingOrdersStub, token)

    return calls


def described(**changes: Any) -> pb.CreateStandingOrderRequest:
    values = {"name": "night", "librarian_name": "centre", "search": "type:uvh5", "enabled": True}
    return pb.CreateStandingOrderRequest(order=pb.StandingOrder(**{**values, **changes}))


def add_files(catalog: CatalogSite, *names: str) -> None:
    """Put files of 10 bytes with an instance on record, without news."""
    with catalog.database.transactions.begin() as db:
        store = add_store(db, add_agent(db))
        for name in names:
            file = add_file(db, name)
            add_instance(db, file, store)


def states(catalog: CatalogSite) -> list[str]:
    with catalog.database.readings.begin() as db:
        return list(db.scalars(select(Transfer.state).order_by(Transfer.id)))


def test_an_order_is_kept_as_it_was_described(orders: Orders) -> None:
    calls = orders("READWRITE")
    terms = {"hours": "20:00-08:00", "timezone": "Africa/Johannesburg", "priority": 3}
    made = calls.CreateStandingOrder(
        described(name=LONG_NAME, bandwidth_bytes_per_second=20_000_000, enabled=False, **terms)
    )
    assert (made.name, made.owner, made.librarian_name) == (LONG_NAME, "readwrite", "centre")
    assert (made.hours, made.timezone, made.priority) == tuple(terms.values())
    assert (made.enabled, made.back_filling, made.error) == (False, False, "")
    assert calls.GetStandingOrder(pb.GetStandingOrderRequest(name=LONG_NAME)) == made
    assert list(calls.ListStandingOrders(pb.ListStandingOrdersRequest()).orders) == [made]


def test_the_same_order_again_is_that_order_and_another_of_its_name_a_conflict(
    orders: Orders,
) -> None:
    calls = orders("READWRITE")
    made = calls.CreateStandingOrder(described(enabled=False))
    assert calls.CreateStandingOrder(described(enabled=False)) == made
    with pytest.raises(ConflictError, match="already"):
        calls.CreateStandingOrder(described(search="*", enabled=False))


def test_what_is_wrong_is_refused_in_a_sentence(orders: Orders) -> None:
    calls = orders("READWRITE")
    for changes in WRONG.values():
        with pytest.raises(InvalidRequestError):
            calls.CreateStandingOrder(described(**changes))
    with pytest.raises(UnknownLibrarianError, match="moon"):
        calls.CreateStandingOrder(described(librarian_name="moon"))
    assert not calls.ListStandingOrders(pb.ListStandingOrdersRequest()).orders


def test_changes_that_are_wrong_change_nothing(orders: Orders) -> None:
    calls = orders("READWRITE")
    made = calls.CreateStandingOrder(described(enabled=False))
    for what in ("search", "saved search", "priority", "hours", "time zone", "bandwidth"):
        with pytest.raises(InvalidRequestError):
            calls.UpdateStandingOrder(pb.UpdateStandingOrderRequest(name="night", **WRONG[what]))
    assert calls.GetStandingOrder(pb.GetStandingOrderRequest(name="night")) == made
    for call, request in [
        (calls.UpdateStandingOrder, pb.UpdateStandingOrderRequest(name="day")),
        (calls.GetStandingOrder, pb.GetStandingOrderRequest(name="day\0")),
        (calls.DeleteStandingOrder, pb.DeleteStandingOrderRequest(name="day")),
        (calls.PreviewStandingOrder, pb.PreviewStandingOrderRequest(name="day")),
    ]:
        with pytest.raises(UnknownStandingOrderError, match="day"):
            call(request)


def test_who_may_not_change_files_may_only_look(orders: Orders) -> None:
    orders("READWRITE").CreateStandingOrder(described(enabled=False))
    calls = orders("READONLY")
    assert len(calls.ListStandingOrders(pb.ListStandingOrdersRequest()).orders) == 1
    assert calls.PreviewStandingOrder(pb.PreviewStandingOrderRequest(name="night")).examples == []
    appender = orders("READAPPEND")
    for call, request in [
        (appender.CreateStandingOrder, described(name="other")),
        (appender.UpdateStandingOrder, pb.UpdateStandingOrderRequest(name="night", enabled=True)),
        (appender.DeleteStandingOrder, pb.DeleteStandingOrderRequest(name="night")),
    ]:
        with pytest.raises(NotAllowedError):
            call(request)


def test_orders_run_with_one_process_and_changes_reach_what_is_queued(
    catalog: CatalogSite, orders: Orders
) -> None:
    add_files(catalog, "a.uvh5", "b.uvh5", "c.log")
    calls = orders("READWRITE")
    assert calls.CreateStandingOrder(described()).back_filling
    wait_until(lambda: states(catalog) == ["QUEUED"] * 2, what="both to be queued")

    def filled() -> bool:
        found = calls.GetStandingOrder(pb.GetStandingOrderRequest(name="night"))
        return not found.back_filling

    wait_until(filled, what="the end of the back-fill")
    calls.UpdateStandingOrder(pb.UpdateStandingOrderRequest(name="night", priority=77))
    with catalog.database.readings.begin() as db:
        assert list(db.scalars(select(Transfer.priority))) == [77, 77]
    deleted = calls.DeleteStandingOrder(pb.DeleteStandingOrderRequest(name="night"))
    assert deleted.cancelled_count == 2
    assert states(catalog) == ["CANCELLED"] * 2
    assert not calls.ListStandingOrders(pb.ListStandingOrdersRequest()).orders


def test_a_preview_counts_what_would_go_and_queues_nothing(
    catalog: CatalogSite, orders: Orders
) -> None:
    add_files(catalog, "a.uvh5", "b.uvh5", "sent.uvh5", "there.uvh5", "failed.uvh5", "c.log")
    with catalog.database.transactions.begin() as db:
        centre = db.scalars(select(Librarian)).one()
        add_file(db, "gone.uvh5")
        known = {file.name: file for file in db.scalars(select(File))}
        add_transfer(db, known["sent.uvh5"], centre)
        add_transfer(db, known["failed.uvh5"], centre, "FAILED")
        add_remote_instance(db, known["there.uvh5"], centre)
    calls = orders("READWRITE")
    request = pb.PreviewStandingOrderRequest(librarian_name="centre", search="type:uvh5")
    preview = calls.PreviewStandingOrder(request)
    assert (preview.file_count, preview.total_bytes) == (2, 20)
    assert (preview.there_count, preview.without_instance_count) == (2, 1)
    assert preview.ended_count == 1
    assert list(preview.examples) == ["a.uvh5", "b.uvh5"]
    assert not preview.HasField("seconds")
    assert sorted(states(catalog)) == ["FAILED", "QUEUED"]
    with catalog.database.transactions.begin() as db:
        db.execute(update(Librarian).values(rate_bytes_per_second=10.0))
    assert calls.PreviewStandingOrder(request).seconds == 2.0
    request.bandwidth_bytes_per_second = 5
    assert calls.PreviewStandingOrder(request).seconds == 4.0


def test_a_preview_of_an_order_is_as_its_owner_sees_it(
    catalog: CatalogSite, orders: Orders
) -> None:
    add_files(catalog, "a.uvh5")
    calls = orders("READWRITE")
    with catalog.database.transactions.begin() as db:
        save_search(db, "readwrite", NewSearch("mine", "type:uvh5", "files", False))
    calls.CreateStandingOrder(described(search="@mine", enabled=False))
    reader = orders("READONLY")
    preview = reader.PreviewStandingOrder(pb.PreviewStandingOrderRequest(name="night"))
    assert preview.file_count == 1
    request = pb.PreviewStandingOrderRequest(librarian_name="centre", search="@mine")
    with pytest.raises(InvalidRequestError, match="mine"):
        reader.PreviewStandingOrder(request)
    request = pb.PreviewStandingOrderRequest(librarian_name="moon", search="*")
    with pytest.raises(UnknownLibrarianError):
        reader.PreviewStandingOrder(request)
