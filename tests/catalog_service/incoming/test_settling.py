"""How what was sent is completed, cleared away, and told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update

from catalog_service.ingest import Ingest
from catalog_service.ingest_round import Answer
from catalog_service.loops.incoming_loop import IncomingLoop
from catalog_service.rpc.confirmations import Confirmations
from catalog_service.tables import (
    Agent,
    IncomingBatch,
    Observation,
    ObservingSession,
    Upload,
)
from librarian.errors import StateError
from librarian.v1 import incoming_pb2 as pb
from librarian.v1 import observations_pb2
from librarian.v1 import transfer_records_pb2 as records_pb2
from tests.catalog_service.incoming.incoming_site import (
    BATCH,
    OTHER_BATCH,
    SITE_ID,
    IncomingSite,
    bring,
    checksum_of,
    incoming_site,
    offered,
)
from tests.catalog_service.ingest_site import STORE, PlainSecrets
from tests.catalog_service.neighbour_rows import add_librarian
from tests.polling import wait_until

OBSID = 1224000000
LONG_AGO = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def rsync_site(database_url: str, tmp_path: Path) -> Iterator[IncomingSite]:
    """Give a site that rsync may bring files to, and that completes nothing by itself."""
    with incoming_site(database_url, tmp_path, runs=False, ssh_host="127.0.0.1") as running:
        yield running


def change_uploads(site: IncomingSite, **values: object) -> None:
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Upload).values(values))


def test_what_rsync_brought_is_adopted_and_its_directory_goes(rsync_site: IncomingSite) -> None:
    site = rsync_site
    files = [offered("one.dat", b"one", 1), offered("two.dat", b"two", 2, parent_dirs="")]
    response = site.offer(*files)
    assert list(response.way_in.ways) == [
        pb.PUSH_WAY_SHARED,
        pb.PUSH_WAY_RSYNC,
        pb.PUSH_WAY_STREAM,
    ]
    assert response.way_in.ssh_host == "127.0.0.1"
    brought = Path(response.way_in.rsync_path)
    (brought / "2458432").mkdir()
    (brought / "2458432" / "one.dat").write_bytes(b"one")
    (brought / "two.dat").write_bytes(b"two")
    site.finish(*(answer.upload_id for answer in response.files), way=pb.PUSH_WAY_RSYNC)

    assert site.loop.run_once()

    assert {n: f.checksum for n, f in site.watch().items()} == {
        1: checksum_of(b"one"),
        2: checksum_of(b"two"),
    }
    site.wait_until_nothing_is_staged()
    assert not brought.exists()
    with site.parts.database.readings.begin() as db:
        assert db.scalars(select(IncomingBatch.store_id)).all() == [None]


def test_what_rsync_did_not_bring_fails_alone(rsync_site: IncomingSite) -> None:
    site = rsync_site
    wanted = [pb.PUSH_WAY_RSYNC]
    response = site.offer(*(offered(f"{n}", b"x", n) for n in (1, 2)), ways=wanted)
    assert list(response.way_in.ways) == wanted
    brought = Path(response.way_in.rsync_path) / "2458432"
    brought.mkdir()
    (brought / "2").write_bytes(b"x")
    site.finish(*(answer.upload_id for answer in response.files), way=pb.PUSH_WAY_RSYNC)
    assert site.loop.run_once()
    reasons = {number: file.failure.reason for number, file in site.watch().items()}
    assert reasons == {1: "CORRUPT_CONTENTS", 2: ""}


def test_what_was_sent_waits_for_an_agent_that_is_away(still_site: IncomingSite) -> None:
    site = still_site
    response = site.offer(offered("one.dat", b"one"))
    [answer] = response.files
    bring(response.way_in, answer.upload_id, b"one")
    site.finish(answer.upload_id)
    with site.parts.database.transactions.begin() as db:
        address = db.scalars(select(Agent.address)).one()
        db.execute(update(Agent).values(address="127.0.0.1:1"))
    assert site.loop.run_once()
    # Nothing else gives the file up meanwhile, for a try leaves it its long lease.
    with site.parts.database.readings.begin() as db:
        assert db.scalars(select(Upload.expire_time)).one() > datetime.now(UTC) + timedelta(days=6)
    change_uploads(site, worker_until=LONG_AGO)
    site.ingest.sweeper.run_once()
    assert site.state_of(answer.upload_id) == "RECEIVING"
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Agent).values(address=address))
    assert IncomingLoop(site.parts).run_once()
    assert site.watch()[1].checksum == checksum_of(b"one")


def test_an_offer_has_a_longer_lease_than_a_clients_upload(still_site: IncomingSite) -> None:
    site = still_site
    [answer] = site.offer(offered("one.dat")).files
    with site.parts.database.readings.begin() as db:
        expires = db.scalars(select(Upload.expire_time)).one()
    assert expires > datetime.now(UTC) + timedelta(days=6)
    change_uploads(site, expire_time=datetime.now(UTC) - timedelta(seconds=1))
    site.wait_until_nothing_is_staged()
    with pytest.raises(StateError):
        site.finish(answer.upload_id)


def test_batches_of_which_nothing_is_left_are_forgotten(site: IncomingSite) -> None:
    site.arrive((offered("one.dat", b"one"), b"one"))
    site.wait_until_nothing_is_staged()
    change_uploads(site, expire_time=LONG_AGO)
    with site.parts.database.transactions.begin() as db:
        db.execute(update(IncomingBatch).values(create_time=LONG_AGO))
    site.ingest.sweeper.run_once()
    site.ingest.sweeper.run_once()
    assert (site.ingest.count(Upload), site.ingest.count(IncomingBatch)) == (0, 0)


def test_a_site_restored_to_before_the_offer_takes_it_anew(still_site: IncomingSite) -> None:
    site, file = still_site, offered("one.dat", b"one")
    response = site.offer(file)
    bring(response.way_in, response.files[0].upload_id, b"on")
    with site.parts.database.transactions.begin() as db:
        db.execute(delete(Upload))
        db.execute(delete(IncomingBatch))
    response = site.offer(file)
    bring(response.way_in, response.files[0].upload_id, b"one")
    site.finish(response.files[0].upload_id)
    assert site.loop.run_once()
    assert site.watch()[1].checksum == checksum_of(b"one")


def test_an_observation_that_this_site_has_grouped_stays_in_its_own_session(
    site: IncomingSite,
) -> None:
    with site.parts.database.transactions.begin() as db:
        db.add(ObservingSession(id=OBSID - 5, start_time_jd=2458420.5, stop_time_jd=2458420.6))
        db.flush()
        db.add(Observation(obsid=OBSID, start_time_jd=2458420.5, session_id=OBSID - 5))
    session = observations_pb2.ObservingSession(
        id=OBSID, start_time_jd=2458420.5, stop_time_jd=2458420.9
    )

    def file(number: int, obsid: int) -> pb.OfferedFile:
        observation = observations_pb2.Observation(
            obsid=obsid, start_time_jd=2458420.5 + (obsid - OBSID) / 86400
        )
        return offered(
            f"{number}.dat", b"x", number, observation=observation, observing_session=session
        )

    files = [file(1, OBSID), file(2, OBSID + 60), file(3, OBSID + 60), file(4, OBSID + 80_000)]
    site.arrive(*((one, b"x") for one in files))

    with site.parts.database.readings.begin() as db:
        rows = db.execute(select(Observation.obsid, Observation.session_id)).all()
        sessions = db.scalars(select(ObservingSession).order_by(ObservingSession.id)).all()
    # The last lies outside of what the neighbour says of the session.
    assert sorted(rows) == [(OBSID, OBSID - 5), (OBSID + 60, OBSID), (OBSID + 80_000, None)]
    counts = [(s.id, s.observation_count, s.file_count, s.total_bytes) for s in sessions]
    assert counts == [(OBSID - 5, 0, 1, 1), (OBSID, 1, 2, 2)]


def test_a_neighbour_that_this_site_knows_is_told_a_few_times(site: IncomingSite) -> None:
    site.arrive((offered("before.dat", b""), b""), batch="0" * 32)
    with site.parts.database.transactions.begin() as db:
        add_librarian(db, "telescope", site_id=SITE_ID)
    site.arrive((offered("one.dat", b"one"), b"one"))
    site.arrive((offered("two.dat", b"two", 2), b"two"), batch=OTHER_BATCH)

    class Parts:
        database = site.parts.database
        secrets = PlainSecrets()

    confirmations = Confirmations(Parts())
    claim = records_pb2.ClaimConfirmationsRequest(worker="w")
    claimed = confirmations.claim(claim)
    assert claimed.neighbour.name == "telescope"
    arrived = {(t.transfer_id, t.file_name, t.checksum) for t in claimed.transfers}
    assert arrived == {(1, "one.dat", checksum_of(b"one")), (2, "two.dat", checksum_of(b"two"))}
    record = records_pb2.RecordConfirmationsRequest
    confirmations.record(record(upload_ids=[f"{BATCH}-0"], told=True))
    tries = 0
    while left := list(confirmations.claim(claim).upload_ids):
        assert left == [f"{OTHER_BATCH}-0"]
        confirmations.record(record(upload_ids=left, told=False))
        tries += 1
    assert tries == 5


def test_a_secret_that_cannot_be_read_keeps_no_other_neighbour_untold(
    sqlite_site: IncomingSite,
) -> None:
    site = sqlite_site
    with site.parts.database.transactions.begin() as db:
        add_librarian(db, "lost", site_id=SITE_ID, secret=b"lost")
        add_librarian(db, "good", site_id="good")
    site.offer(offered("one.dat", b"one"))
    site.offer(offered("two.dat", b"two", 2), batch=OTHER_BATCH)
    with site.parts.database.transactions.begin() as db:
        db.execute(update(Upload).values(untold_tries=0))
        db.get_one(IncomingBatch, OTHER_BATCH).site_id = "good"

    class Secrets(PlainSecrets):
        def decrypt(self, data: bytes) -> bytes:
            if data == b"lost":
                raise InvalidToken
            return super().decrypt(data)

    class Parts:
        database = site.parts.database
        secrets = Secrets()

    confirmations = Confirmations(Parts())
    claim = records_pb2.ClaimConfirmationsRequest(worker="w")
    names = [confirmations.claim(claim).neighbour.name for _ in range(2)]
    assert sorted(names) == ["", "good"]


def test_what_nobody_foresaw_of_one_batch_holds_no_other_up(
    sqlite_site: IncomingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sqlite_site
    response = site.offer(offered("bad", b"x", 1))
    bring(response.way_in, response.files[0].upload_id, b"x")
    site.finish(response.files[0].upload_id)
    other = site.offer(offered("good", b"y", 2), batch=OTHER_BATCH)
    bring(other.way_in, other.files[0].upload_id, b"y")
    site.finish(other.files[0].upload_id, batch=OTHER_BATCH)
    finish = Ingest.finish

    def break_down(ingest: Ingest, ids: Sequence[str]) -> Mapping[str, Answer]:
        if response.files[0].upload_id in ids:
            raise ZeroDivisionError
        return finish(ingest, ids)

    monkeypatch.setattr(Ingest, "finish", break_down)
    wait_until(
        lambda: site.loop.run_once() and site.state_of(other.files[0].upload_id) == "DONE",
        what="the good batch to be completed",
        timeout_seconds=60,
    )
    assert site.state_of(response.files[0].upload_id) == "RECEIVING"


def test_the_small_files_of_a_batch_are_completed_together(sqlite_site: IncomingSite) -> None:
    site = sqlite_site
    response = site.offer(*(offered(f"{n}.dat", b"x", n) for n in range(1, 301)))
    for answer in response.files:
        bring(response.way_in, answer.upload_id, b"x")
    site.finish(*(answer.upload_id for answer in response.files))
    assert site.loop.run_once()
    assert not site.loop.run_once()
    assert len([file for file in site.watch().values() if file.checksum]) == 300


def test_a_large_file_holds_no_small_one_up(
    sqlite_site: IncomingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sqlite_site
    monkeypatch.setattr("catalog_service.incoming_settling._PART_BYTES", 10)
    response = site.offer(offered("large", b"x" * 20, 1), offered("small", b"x", 2))
    for answer, size in zip(response.files, (20, 1), strict=True):
        bring(response.way_in, answer.upload_id, b"x" * size)
    site.finish(*(answer.upload_id for answer in response.files))
    assert site.loop.run_once()
    assert [site.state_of(a.upload_id) for a in response.files] == ["RECEIVING", "DONE"]
    assert response.way_in.store_name == STORE
    assert site.loop.run_once()
    assert [site.state_of(a.upload_id) for a in response.files] == ["DONE", "DONE"]
