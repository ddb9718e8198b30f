"""Why a file is here or there, or not yet: told in one call."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalog_service import explained_progress
from catalog_service.clock import database_time
from catalog_service.tables import (
    Agent,
    File,
    FileNews,
    Instance,
    Librarian,
    Store,
    Transfer,
    Upload,
)
from librarian.errors import UnknownFileError, UnknownLibrarianError
from librarian.v1 import transfers_pb2 as pb
from tests.catalog_service.neighbour_rows import (
    add_batch,
    add_order,
    add_remote_instance,
    add_transfer,
)
from tests.catalog_service.staging_rows import NOW, add_instance
from tests.catalog_service.transfers.conftest import SendingSite, put_files

NAME = "zen.1.uvh5"


@pytest.fixture
def change(site: SendingSite) -> Any:
    """Return the way to change what is on record: a context that commits."""
    with site.database.transactions.begin() as db:
        put_files(db, [NAME])
    return site.database.transactions.begin


def centre_of(db: Session) -> Librarian:
    return db.query(Librarian).filter_by(name="centre").one()


def file_of(db: Session) -> File:
    return db.query(File).filter_by(name=NAME).one()


def explain(site: SendingSite, name: str = NAME, at: str = "centre") -> pb.ExplainFileResponse:
    answer = site.calls("reader").ExplainFile(
        pb.ExplainFileRequest(file_name=name, librarian_name=at)
    )
    assert isinstance(answer, pb.ExplainFileResponse)
    return answer


def sentences(site: SendingSite) -> list[str]:
    """Return what is said of the file at the centre."""
    return list(explain(site).there[0].sentences)


def here(site: SendingSite) -> list[str]:
    return list(explain(site).here)


def test_every_neighbour_is_told_of_unless_one_is_named(site: SendingSite, change: Any) -> None:
    told = explain(site, at="").there
    assert [there.librarian_name for there in told] == ["archive", "centre", "silent"]
    assert [there.librarian_name for there in explain(site).there] == ["centre"]
    with pytest.raises(UnknownLibrarianError):
        explain(site, at="nowhere")
    for name in ("nothing", "nul\0"):
        with pytest.raises(UnknownFileError):
            explain(site, name)


def test_copies_here_are_told_with_what_is_wrong_with_them(site: SendingSite, change: Any) -> None:
    assert here(site) == ["A copy is on pot1 in 2458396."]
    with change() as db:
        db.query(Instance).one().problem = "Its checksum differs."
        db.query(Store).filter_by(name="pot1").one().enabled = False
        pot = db.query(Store).filter_by(name="pot1").one()
        add_instance(db, file_of(db), pot, "old", available=False)
    assert here(site) == [
        "The copy on pot1 in 2458396 (the store is disabled) is suspect: Its checksum differs.",
        "The copy on pot1 in old (the store is disabled) is gone, and only on record.",
    ]


def test_what_is_on_its_way_in_is_told_also_before_it_is_on_record(site: SendingSite) -> None:
    with site.database.transactions.begin() as db:
        row = {
            "id": "u-1",
            "account_name": "writer",
            "request_id": "1",
            "file_name": "new.uv",
            "parent_dirs": "",
            "size_bytes": 1,
            "null_obsid": True,
            "deletion_allowed": False,
            "store_id": db.query(Store).one().id,
            "state": "RECEIVING",
            "checksum": "",
            "create_time": NOW,
            "expire_time": NOW,
        }
        db.add(Upload(**row))
    answer = explain(site, "new.uv")
    assert list(answer.here) == ["It is being uploaded by writer: its bytes are on their way."]
    assert not answer.there[0].present


def test_what_is_there_is_told_with_the_time(site: SendingSite, change: Any) -> None:
    with change() as db:
        add_remote_instance(db, file_of(db), centre_of(db))
    told = explain(site).there[0]
    assert told.present
    assert list(told.sentences) == [
        "It is there: centre last confirmed it on 2026-03-01 12:00:00 UTC."
    ]


def test_a_queued_transfer_tells_its_place(
    site: SendingSite, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with change() as db:
        others = put_files(db, ["a", "b", "c"])
        for file in others:
            add_transfer(db, file, centre_of(db))
        number = add_transfer(db, file_of(db), centre_of(db)).id
    assert sentences(site) == ["It is queued, with 3 before it in the queue of what people sent."]
    assert explain(site).there[0].transfer.id == number
    monkeypatch.setattr(explained_progress, "_MOST_COUNTED", 2)
    assert "with more than 2 before it" in sentences(site)[0]
    with change() as db:
        db.query(Transfer).filter(Transfer.id < number).update({"state": "SENDING"})
    assert sentences(site) == ["It is queued, the next of what people sent."]


def test_a_queued_transfer_tells_what_keeps_it(site: SendingSite, change: Any) -> None:
    with change() as db:
        now = database_time(db)
        centre = centre_of(db)
        centre.transfers_enabled = False
        centre.link_state, centre.link_error = "OPEN", "Its port is closed."
        centre.link_open_time, centre.link_try_time = NOW, now + timedelta(days=365)
        closed = (now + timedelta(hours=2)).strftime("%H:00-%H:30")
        order = add_order(db, centre, hours=closed)
        row = add_transfer(db, file_of(db), centre, lane=order.id, order_name="nightly")
        row.attempts, row.error = 3, "The link broke."
        row.run_time = now + timedelta(hours=1)
    told = sentences(site)
    assert told[0].startswith("Transfers to centre are disabled")
    assert "set-librarian-transfer CONN --name centre --enabled" in told[0]
    assert told[1].startswith("Nothing is sent to centre since 2026-03-01 12:00:00 UTC: Its port")
    assert "tried again at " in told[1]
    assert told[2].startswith(f"The standing order 'nightly' sends at {closed} (UTC) only: next")
    assert told[3].startswith("Its last error, after 3 attempts, was: The link broke; it is tried")
    assert told[4] == "It is queued, the next of the standing order 'nightly'."


def test_an_order_whose_time_zone_is_gone_is_told(site: SendingSite, change: Any) -> None:
    with change() as db:
        order = add_order(db, centre_of(db), hours="20:00-08:00", timezone="Mars/Olympus")
        add_transfer(db, file_of(db), centre_of(db), lane=order.id, order_name="nightly")
    assert "'Mars/Olympus', cannot be told any more: run `librarian update-" in sentences(site)[0]


def test_a_transfer_under_way_tells_how_far_it_is(site: SendingSite, change: Any) -> None:
    with change() as db:
        now = database_time(db)
        batch = add_batch(
            db,
            centre_of(db),
            db.query(Agent).filter_by(name="node1").one(),
            way="RSYNC",
            bytes_total=3000,
            bytes_done=1000,
            worker="w",
            lease_until=now + timedelta(hours=1),
            claim_time=now - timedelta(seconds=60),
        )
        instance = db.query(Instance).one()
        add_transfer(
            db, file_of(db), centre_of(db), "SENDING", batch_id=batch.id, instance_id=instance.id
        )
    [told] = sentences(site)
    assert told.startswith(
        "Its bytes are on their way by rsync from pot1: 1,000 of 3,000 bytes of its batch are there"
        ", about "
    )
    assert told.endswith("min left.")
    with change() as db:
        db.query(type(batch)).one().worker = None
    assert sentences(site)[0].endswith("; no transfer service works on it at the moment.")


def test_what_has_ended_tells_why_and_what_to_do(site: SendingSite, change: Any) -> None:
    ended = "on 2026-03-01 12:00:00 UTC"
    for number, (state, begins) in enumerate(
        [
            ("FAILED", f"Transfer 1 failed after 20 attempts {ended} by the way there: Why not;"),
            ("DECLINED", f"centre declined it {ended}: Why not; once that is settled"),
            ("CANCELLED", f"Transfer 3 of it was cancelled {ended}: `librarian retry-transfer"),
            ("CONFIRMED", f"Transfer 4 brought it there {ended}, but it was found missing since"),
        ],
        start=1,
    ):
        with change() as db:
            options = {"error": "Why not.", "attempts": 20, "fault": "LINK"}
            assert add_transfer(db, file_of(db), centre_of(db), state, **options).id == number
        [told] = sentences(site)
        assert told.startswith(begins)
        assert "`librarian " in told


def test_without_a_transfer_the_orders_are_told_of(site: SendingSite, change: Any) -> None:
    assert sentences(site)[0].startswith("Nobody has sent it, and there is no standing order to")
    with change() as db:
        add_order(db, centre_of(db), "other", "name:nothing.%")
    assert sentences(site)[0].startswith("Nobody has sent it, and no standing order to centre")
    with change() as db:
        add_order(db, centre_of(db), "asleep", "name:zen.%", enabled=False)
        add_order(db, centre_of(db), "wrong", "nam:zen")
        add_order(db, centre_of(db), "awake", "name:zen.%", fill_after_id=0)
    told = sentences(site)
    assert told[0].startswith("The standing order 'awake' matches it; it is still looking through")
    assert told[1].startswith("The standing order 'wrong' cannot look at files: ")
    assert told[2] == "The standing order 'asleep' would send it, but is disabled."
    with change() as db:
        db.add(FileNews(file_id=file_of(db).id))
    assert sentences(site)[0].endswith("'awake' matches it, and is about to queue it.")


def test_what_has_no_copy_here_cannot_be_sent(site: SendingSite, change: Any) -> None:
    with change() as db:
        add_order(db, centre_of(db))
        file_of(db).instance_count = 0
    assert sentences(site) == ["No available copy of it is here, so that it cannot be sent."]
