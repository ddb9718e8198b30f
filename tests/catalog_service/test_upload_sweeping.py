"""What no one finishes is finished or cleared away, and so is what the dead began."""

import fcntl
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from catalog_service import ingest, upload_sweeping
from catalog_service.clock import database_time
from catalog_service.tables import File, Store, Upload
from catalog_service.upload_claims import CLAIM
from librarian.checksums import checksum_of
from librarian.errors import (
    BusyError,
    NotReachableError,
    StateError,
    UnknownFileError,
)
from librarian.service.workers import this_worker
from librarian.v1 import uploads_pb2
from tests.catalog_service.ingest_site import STORE, IngestSite, bring, new_upload


def test_an_abandoned_upload_leaves_no_file_on_record(site: IngestSite) -> None:
    """The first predecessor put the file on record when the upload began, and left it there."""
    site.start(new_upload("zen.log", b"contents"))
    with pytest.raises(UnknownFileError):
        site.get_file("zen.log")
    assert site.count(File) == 0


def test_a_cancelled_upload_is_discarded_and_cannot_be_completed(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    site.uploads.CancelUpload(uploads_pb2.CancelUploadRequest(id=started.upload.id))
    assert site.complete(started.upload.id)[0].failure.reason == StateError.reason
    assert site.sweeper.run_once()
    assert site.staged() == []


def test_a_finished_upload_cannot_be_cancelled(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    site.complete(started.upload.id)
    with pytest.raises(StateError):
        site.uploads.CancelUpload(uploads_pb2.CancelUploadRequest(id=started.upload.id))


def test_a_sweep_with_nothing_to_do_does_nothing(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    assert not site.sweeper.run_once()


def test_an_upload_that_expired_is_cleared_away(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    age_uploads(site)
    assert site.sweeper.run_once()
    assert site.staged() == []
    assert site.complete(started.upload.id)[0].failure.reason == StateError.reason


def test_an_expired_upload_keeps_its_bytes_while_somebody_writes(site: IngestSite) -> None:
    busy, _ = site.start(new_upload("busy.log", b"contents"), new_upload("idle.log", b"x"))
    bring(busy, b"conte")
    writer = os.open(busy.way_in.staging_path, os.O_RDONLY)
    try:
        fcntl.flock(writer, fcntl.LOCK_EX)
        age_uploads(site)
        site.sweeper.run_once()
        assert site.staged() == [Path(busy.way_in.staging_path).name]
    finally:
        os.close(writer)
    assert site.sweeper.run_once()
    assert site.staged() == []


def test_a_renewed_upload_does_not_expire(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    age_uploads(site)
    request = uploads_pb2.RenewUploadsRequest(ids=[started.upload.id, "unknown"])
    assert site.uploads.RenewUploads(request).renewed_count == 1
    assert not site.sweeper.run_once()


def age_uploads(site: IngestSite) -> None:
    with site.parts.database.transactions.begin() as db:
        for upload in db.execute(select(Upload)).scalars():
            upload.expire_time = upload.create_time


def claim(site: IngestSite, worker: str) -> None:
    """Let some worker be completing all uploads."""
    with site.parts.database.transactions.begin() as db:
        until = database_time(db) + CLAIM
        db.execute(update(Upload).values(worker=worker, worker_until=until))


def test_what_a_dead_worker_had_is_taken_over(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    claim(site, this_worker().rpartition("/")[0] + "/1")
    assert site.complete_one(started.upload.id).file.name == "zen.log"


def test_what_a_live_worker_has_is_left_to_it(
    site: IngestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BUSY_WAIT_SECONDS", 0.1)
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    claim(site, this_worker())
    assert site.complete_one(started.upload.id).failure.reason == BusyError.reason
    assert not site.sweeper.run_once()


def test_what_a_worker_elsewhere_had_is_taken_over_when_its_claim_lapses(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    with site.parts.database.transactions.begin() as db:
        lapsed = database_time(db) - timedelta(seconds=1)
        db.execute(update(Upload).values(worker="elsewhere/1/1", worker_until=lapsed))
    assert site.complete_one(started.upload.id).file.name == "zen.log"


def test_a_claim_from_before_the_clock_was_set_back_is_taken_over(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    with site.parts.database.transactions.begin() as db:
        then = database_time(db) + timedelta(hours=1)
        db.execute(update(Upload).values(worker="elsewhere/1/1", worker_until=then))
    assert site.complete_one(started.upload.id).file.name == "zen.log"


def test_who_waits_for_a_writer_does_not_ask_all_the_time(
    site: IngestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BUSY_WAIT_SECONDS", 2.0)
    [started] = site.start(new_upload("zen.log", b"contents"))
    writer = os.open(started.way_in.staging_path, os.O_RDONLY)
    fcntl.flock(writer, fcntl.LOCK_EX)
    assert site.complete_one(started.upload.id).failure.reason == BusyError.reason
    os.close(writer)
    with site.parts.database.readings.begin() as db:
        assert db.execute(select(Upload.fence)).scalar_one() < 10


def test_an_agent_that_is_down_is_told_and_fails_nothing_for_good(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    site.agent.running.stop(0)
    assert site.complete_one(started.upload.id).failure.reason == NotReachableError.reason
    request = uploads_pb2.GetUploadRequest(id=started.upload.id)
    assert site.uploads.GetUpload(request).state == uploads_pb2.Upload.RECEIVING


def test_a_verified_upload_that_no_one_completes_is_completed(site: IngestSite) -> None:
    """In both predecessors the bytes of one whose process died then lay there without a row."""
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    with site.parts.database.transactions.begin() as db:
        inode = (Path(started.way_in.staging_path) / "data").stat().st_ino
        row = {"state": "VERIFIED", "inode": inode, "claimed_name": "zen.log"}
        db.execute(update(Upload).values(**row, checksum=checksum_of(b"contents")))
    assert site.sweeper.run_once()
    assert site.get_file("zen.log").checksum == checksum_of(b"contents")
    assert site.staged() == []


def test_a_store_that_is_away_keeps_no_other_from_being_cleared(
    site: IngestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_sweeping, "BATCH", 1)
    away = site.add_store("away")
    wanted = [new_upload(f"{name}.log", b"", store_name=name) for name in ("away", STORE, STORE)]
    for number, item in enumerate(wanted):
        item.request_id = str(number)
    for started in site.start(*wanted):
        site.uploads.CancelUpload(uploads_pb2.CancelUploadRequest(id=started.upload.id))
    away.rename(away.with_name("unmounted"))
    for _ in range(2):
        site.sweeper.run_once()
    with site.parts.database.readings.begin() as db:
        discarded = select(Store.name).join(Upload).where(Upload.discarded)
        assert db.execute(discarded).scalars().all() == [STORE, STORE]


def test_uploads_long_over_are_forgotten(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Upload).values(expire_time=database_time(db) - timedelta(days=8)))
    site.sweeper.run_once()
    assert site.count(Upload) == 0
    assert site.get_file("zen.log").instance_count == 1
