"""Files, their events and their instances are found by name."""

from typing import Any

import pytest

from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NoInstanceError,
    NotFoundError,
    UnknownFileError,
)
from librarian.service.tickets import Ticket, read_ticket
from librarian.v1 import files_pb2, instances_pb2, observations_pb2
from tests.catalog_service.ingest_site import STORE, IngestSite


def log(site: IngestSite, **changes: str) -> files_pb2.FileEvent:
    row = {"file_name": "zen.log", "type": "note", "payload_json": '{"by": "ada"}', **changes}
    event: files_pb2.FileEvent = site.files.CreateFileEvent(files_pb2.CreateFileEventRequest(**row))
    return event


@pytest.mark.parametrize("name", ["zen.nowhere", "", "a\0b", "ü" * 400, "'; DROP TABLE file; --"])
def test_an_unknown_file_is_told(site: IngestSite, name: str) -> None:
    with pytest.raises(UnknownFileError):
        site.get_file(name)
    with pytest.raises(UnknownFileError):
        site.list_instances(name)


def test_events_come_oldest_first_page_by_page(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    for number in range(7):
        log(site, type=f"step{number}")
    types, token = [], ""
    while True:
        request = files_pb2.ListFileEventsRequest(
            file_name="zen.log", page_size=3, page_token=token
        )
        page = site.files.ListFileEvents(request)
        types += [event.type for event in page.events]
        token = page.next_page_token
        if not token:
            break
    assert types == ["create_instance", *(f"step{number}" for number in range(7))]


def test_an_event_with_a_request_id_is_logged_once(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    first, again = log(site, request_id="once"), log(site, request_id="once")
    assert first == again
    assert len(site.list_events("zen.log")) == 2


def test_a_request_id_is_good_for_one_event_only(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    log(site, request_id="once")
    with pytest.raises(ConflictError):
        log(site, request_id="once", type="other")


@pytest.mark.parametrize(
    "changes",
    [
        {"payload_json": "[]"},
        {"payload_json": "{"},
        {"payload_json": '{"a": NaN}'},
        {"payload_json": "[" * 100_000},
        {"payload_json": '{"a": "' + "x" * 70_000 + '"}'},
        {"type": ""},
        {"type": "x" * 256},
        {"type": "a\0b"},
        {"request_id": "x" * 129},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(site: IngestSite, changes: dict[str, str]) -> None:
    site.upload("zen.log", b"contents")
    with pytest.raises(InvalidRequestError):
        log(site, **changes)


@pytest.mark.parametrize("page", [{"page_size": -1}, {"page_token": "x"}, {"page_token": "9" * 30}])
def test_a_page_that_cannot_be_is_refused(site: IngestSite, page: dict[str, Any]) -> None:
    site.upload("zen.log", b"contents")
    with pytest.raises(InvalidRequestError):
        site.files.ListFileEvents(files_pb2.ListFileEventsRequest(file_name="zen.log", **page))


def test_instances_say_where_they_lie(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", deletion_allowed=True)
    [instance] = site.list_instances("zen.log")
    root = site.agent.directory / "stores" / STORE
    assert (instance.host, instance.path) == ("node1", f"{root}/2458432/zen.log")
    assert instance.deletion_policy == instances_pb2.Instance.ALLOWED


def test_an_open_file_comes_with_a_ticket_for_that_instance_alone(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    [way_out] = site.open_file("zen.log").ways_out
    ticket = read_ticket(site.agent.running.parts.ticket_key, way_out.ticket)
    assert ticket == Ticket("read", f"{STORE}\n2458432/zen.log")


def test_stores_that_answer_come_first_when_a_file_is_opened(site: IngestSite) -> None:
    root = site.agent.directory / "stores" / STORE
    other = site.add_store("a-pot", problem="The disk is not there.")
    for place in (root, other):
        (place / "zen.log").write_bytes(b"contents")
    site.register(["zen.log"])
    site.register(["zen.log"], store_name="a-pot")
    names = [way.instance.store_name for way in site.open_file("zen.log").ways_out]
    assert names == [STORE, "a-pot"]


def test_a_file_on_disabled_stores_alone_cannot_be_opened(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    site.change_store(STORE, enabled=False)
    with pytest.raises(NoInstanceError, match=STORE):
        site.open_file("zen.log")


def test_an_unknown_observation_is_told(site: IngestSite) -> None:
    for obsid in (5, -1, (1 << 63) - 1):
        with pytest.raises(NotFoundError):
            site.observations.GetObservation(observations_pb2.GetObservationRequest(obsid=obsid))
