"""Whose turn it is: what cannot be completed keeps nothing else waiting."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from catalog_service.ingest import Ingest
from catalog_service.ingest_round import Answer
from catalog_service.loops.back_off import BackOff
from catalog_service.tables import Agent
from librarian.v1 import incoming_pb2 as pb
from tests.catalog_service.incoming.incoming_site import (
    BATCH,
    OTHER_BATCH,
    IncomingSite,
    bring,
    offered,
)
from tests.polling import wait_until

CONTENTS = b"x" * 20


@pytest.fixture(autouse=True)
def each_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_service.incoming_settling._PART_BYTES", 10)


def sent(site: IncomingSite, count: int, batch: str = BATCH) -> tuple[str, list[str]]:
    """Send files that are each completed alone; return where they lie, and their uploads."""
    files = [offered(f"{batch[0]}{n}.dat", CONTENTS, n) for n in range(1, count + 1)]
    response: pb.OfferFilesResponse = site.offer(*files, batch=batch)
    ids = [answer.upload_id for answer in response.files]
    for upload_id in ids:
        bring(response.way_in, upload_id, CONTENTS)
    site.finish(*ids, batch=batch)
    return response.way_in.staging_path, ids


@contextmanager
def still_written(place: Path) -> Iterator[None]:
    """Hold a staging place as one who still writes there does."""
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def test_a_file_that_cannot_be_completed_holds_no_other_of_its_batch_up(
    still_site: IncomingSite,
) -> None:
    site = still_site
    staging_path, ids = sent(site, 3)
    with still_written(Path(staging_path) / ids[0]):
        for _ in ids:
            assert site.loop.run_once()
        assert [site.state_of(one) for one in ids] == ["RECEIVING", "DONE", "DONE"]
    wait_until(
        lambda: site.loop.run_once() and site.state_of(ids[0]) == "DONE",
        what="the file to be completed after all",
    )


def test_a_batch_of_which_all_fails_lets_another_have_its_turn(
    sqlite_site: IncomingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sqlite_site
    _, bad = sent(site, 5)
    _, [good] = sent(site, 1, OTHER_BATCH)
    finish = Ingest.finish

    def break_down(ingest: Ingest, ids: Sequence[str]) -> Mapping[str, Answer]:
        if set(ids) & set(bad):
            raise ZeroDivisionError
        return finish(ingest, ids)

    monkeypatch.setattr(Ingest, "finish", break_down)
    assert site.loop.run_once()
    assert site.loop.run_once()
    assert site.state_of(good) == "DONE"


def test_an_agent_that_is_away_is_asked_once_for_all_that_waits_for_it(
    sqlite_site: IncomingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, tried = sqlite_site, []
    sent(site, 3)
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Agent).values(address="127.0.0.1:1"))
    finish = Ingest.finish

    def counted(ingest: Ingest, ids: Sequence[str]) -> Mapping[str, Answer]:
        tried.append(ids)
        return finish(ingest, ids)

    monkeypatch.setattr(Ingest, "finish", counted)
    assert site.loop.run_once()
    # Nothing is to be had yet, and there is something to be tried again.
    assert site.loop.run_once()
    assert len(tried) == 1


def test_what_is_put_off_waits_longer_each_time_whatever_becomes_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    back_off: BackOff[str] = BackOff()
    back_off.note(["bad", "good"], ["bad"])
    back_off.note(["good"], [])
    assert back_off.waiting() == {"bad"}
    waits = []
    for _ in range(8):
        started = now
        while back_off.waiting():
            now += 0.5
        waits.append(now - started)
        back_off.note(["bad"], ["bad"])
    assert waits == [0.5, 1, 2, 4, 8, 10, 10, 10]
    assert back_off.tries() == {"bad": 9}
    back_off.note(["bad"], [])
    assert not back_off.has_any()
    assert not back_off.waiting()
