"""A new file goes where there is most room left, and nowhere else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from catalog_service import upload_starts
from catalog_service.store_choice import Candidate, load_candidates
from catalog_service.tables import Agent
from librarian.errors import StoreFullError, StoreUnusableError, UnknownStoreError
from librarian.v1 import uploads_pb2
from tests.catalog_service.ingest_site import STORE, IngestSite, new_upload

TEN = b"x" * 10


def test_the_store_with_most_room_is_taken(site: IngestSite) -> None:
    site.add_store("roomy", free_bytes=1 << 50)
    [started] = site.start(new_upload("zen.log", TEN))
    assert started.upload.store_name == "roomy"


def test_a_store_may_be_named(site: IngestSite) -> None:
    site.add_store("roomy", free_bytes=1 << 50)
    [started] = site.start(new_upload("zen.log", TEN, store_name=STORE))
    assert started.upload.store_name == STORE


def test_room_is_reserved_within_a_call_and_between_calls(site: IngestSite) -> None:
    site.change_store(STORE, free_bytes=25)
    items = [new_upload(f"{number}.log", TEN) for number in range(3)]
    assert [one.failure.reason for one in site.start(*items)] == ["", "", StoreFullError.reason]
    [later] = site.start(new_upload("later.log", TEN))
    assert later.failure.reason == StoreFullError.reason
    assert STORE in later.failure.message
    assert "10 bytes" in later.failure.message


def test_two_calls_at_once_do_not_get_the_same_room(
    site: IngestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.change_store(STORE, free_bytes=15)
    both_looked = threading.Barrier(2)

    def look_and_wait(db: Session) -> list[Candidate]:
        candidates = load_candidates(db)
        # Who is kept from looking comes later: then the first waits for it in vain.
        with suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=1)
        return candidates

    monkeypatch.setattr(upload_starts, "load_candidates", look_and_wait)
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda name: site.start(new_upload(name, TEN))[0], ["a", "b"])
        reasons = sorted(answer.failure.reason for answer in answers)
    assert reasons == ["", StoreFullError.reason]


def test_room_of_a_file_on_record_is_not_given_again_before_the_next_report(
    site: IngestSite,
) -> None:
    site.change_store(STORE, free_bytes=15)
    site.upload("a.log", TEN)
    [other] = site.start(new_upload("b.log", TEN))
    assert other.failure.reason == StoreFullError.reason


def test_room_of_a_cancelled_upload_is_free_again(site: IngestSite) -> None:
    site.change_store(STORE, free_bytes=15)
    [started] = site.start(new_upload("a.log", TEN))
    site.uploads.CancelUpload(uploads_pb2.CancelUploadRequest(id=started.upload.id))
    [other] = site.start(new_upload("b.log", TEN))
    assert other.upload.store_name == STORE


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enabled": False}, "disabled"),
        ({"ingestible": False}, "no new files"),
        ({"problem": "The disk is not there."}, "The disk is not there."),
        ({"report_time": None}, "silent"),
        ({"report_time": datetime.now(UTC) - timedelta(hours=1)}, "silent"),
    ],
)
def test_a_store_that_cannot_be_used_is_told(
    site: IngestSite, changes: dict[str, Any], said: str
) -> None:
    site.change_store(STORE, **changes)
    [started] = site.start(new_upload("zen.log", TEN))
    assert started.failure.reason == StoreUnusableError.reason
    assert said in started.failure.message


def test_a_silent_agent_takes_nothing(site: IngestSite) -> None:
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Agent).values(report_time=datetime.now(UTC) - timedelta(minutes=1)))
    [started] = site.start(new_upload("zen.log", TEN))
    assert started.failure.reason == StoreUnusableError.reason


def test_an_unknown_store_is_told(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", TEN, store_name="nowhere"))
    assert started.failure.reason == UnknownStoreError.reason


def test_an_upload_moves_on_when_its_store_can_no_longer_be_used(site: IngestSite) -> None:
    [first] = site.start(new_upload("zen.log", TEN))
    site.add_store("pot2")
    site.change_store(STORE, problem="The disk is not there.")
    [again] = site.start(new_upload("zen.log", TEN))
    assert (first.upload.store_name, again.upload.store_name) == (STORE, "pot2")
