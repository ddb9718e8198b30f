"""How much of a neighbour's is kept, and for how long."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from catalog_service.tables import Upload
from librarian.errors import StateError, UnknownUploadError
from librarian.v1 import incoming_pb2 as pb
from tests.catalog_service.incoming.incoming_site import (
    BATCH,
    OTHER_BATCH,
    IncomingSite,
    offered,
)
from tests.catalog_service.incoming.test_offers import verdicts
from tests.catalog_service.ingest_site import STORE


def test_a_batch_takes_so_many_files_and_no_more(
    still_site: IncomingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_service.incoming_offers._MAX_BATCH_FILES", 12)
    files = [offered(f"{n}.dat", number=n) for n in range(1, 15)]
    first = still_site.offer(*files[:11])
    assert set(verdicts(first)) == {"ACCEPTED"}
    rest = still_site.offer(*files[11:])
    assert verdicts(rest) == ["ACCEPTED", "NO_ROOM", "NO_ROOM"]
    # What a neighbour does not keep together, it offers in another batch.
    assert "another" in rest.files[1].message
    assert still_site.offer(*files[:11]).files == first.files
    assert [one.upload_id for one in rest.files] == [f"{BATCH}-11", "", ""]


def test_a_call_about_some_uploads_reads_no_others(still_site: IncomingSite) -> None:
    site = still_site
    ids = [a.upload_id for a in site.offer(*(offered(f"{n}", number=n) for n in (1, 2, 3))).files]
    locked: list[object] = []

    def note(_: object, cursor: object, statement: str, parameters: object, *__: object) -> None:
        if statement.startswith("SELECT upload.id, upload.state, upload.sent"):
            locked.append(str(parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        site.finish(ids[0])
        withdraw = pb.WithdrawFilesRequest(batch_id=BATCH, fence=1, upload_ids=[ids[1]])
        assert site.stub().WithdrawFiles(withdraw).withdrawn_count == 1
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert [[one in text for one in ids] for text in map(str, locked)] == [
        [True, False, False],
        [False, True, False],
    ]
    assert [site.state_of(one) for one in ids] == ["RECEIVING", "CANCELLED", "RECEIVING"]
    for upload_id in (f"{BATCH}-9", "\0"):
        with pytest.raises(UnknownUploadError):
            site.finish(ids[0], upload_id)
    everything = pb.WithdrawFilesRequest(batch_id=BATCH, fence=1)
    assert site.stub().WithdrawFiles(everything).withdrawn_count == 2


def last_renewed(site: IncomingSite, minutes_ago: int) -> None:
    """Have all uploads renewed so long ago."""
    with site.parts.database.transactions.begin() as db:
        ago = timedelta(minutes=minutes_ago)
        for upload in db.scalars(select(Upload)):
            upload.expire_time -= ago


def test_what_is_left_behind_in_a_batch_that_nobody_drives_makes_room_for_another(
    still_site: IncomingSite,
) -> None:
    site, file = still_site, offered("one.dat", b"x" * 100)
    site.ingest.change_store(STORE, free_bytes=150)
    [old] = site.offer(file).files
    last_renewed(site, 10)
    # It may still be driven.
    assert verdicts(site.offer(file, batch=OTHER_BATCH)) == ["NO_ROOM"]
    assert site.state_of(old.upload_id) == "RECEIVING"
    last_renewed(site, 10)
    assert verdicts(site.offer(file, batch="b" * 32, account="another")) == ["NO_ROOM"]
    assert verdicts(site.offer(offered("two.dat", b"x" * 100), batch=OTHER_BATCH)) == ["NO_ROOM"]
    assert site.state_of(old.upload_id) == "RECEIVING"

    assert verdicts(site.offer(file, batch=OTHER_BATCH)) == ["ACCEPTED"]

    assert site.state_of(old.upload_id) == "CANCELLED"
    with pytest.raises(StateError, match="another batch"):
        site.finish(old.upload_id)
    site.ingest.sweeper.run_once()
    assert site.ingest.staged() == [f"{OTHER_BATCH}-0"]


def test_what_was_sent_is_kept_however_long_ago_it_was_renewed(still_site: IncomingSite) -> None:
    site, file = still_site, offered("one.dat")
    [old] = site.offer(file).files
    site.finish(old.upload_id)
    last_renewed(site, 60)
    site.offer(file, batch=OTHER_BATCH)
    assert site.state_of(old.upload_id) == "RECEIVING"
