"""Files that neighbours push: from the offer until they are on record."""

import json
from datetime import UTC, datetime

import pytest

from librarian.errors import BusyError, InvalidRequestError, StateError, UnknownUploadError
from librarian.v1 import files_pb2, observations_pb2
from librarian.v1 import incoming_pb2 as pb
from tests.catalog_service.incoming.incoming_site import (
    BATCH,
    OTHER_BATCH,
    IncomingSite,
    bring,
    checksum_of,
    offered,
)
from tests.catalog_service.ingest_site import STORE

OBSID = 1224000000
OBSERVATION = observations_pb2.Observation(
    obsid=OBSID, start_time_jd=2458420.5, stop_time_jd=2458420.6, start_lst_hr=3.25
)
SESSION = observations_pb2.ObservingSession(
    id=OBSID - 1000, start_time_jd=2458420.4, stop_time_jd=2458420.9
)
Verdict = pb.OfferAnswer


def test_a_pushed_file_is_on_record_with_its_records_as_they_are_there(site: IncomingSite) -> None:
    time = datetime(2018, 10, 29, 3, 4, 5, 678901, tzinfo=UTC)
    metadata = {"antenna": files_pb2.MetadataValue(number=12)}
    file = offered(
        "zen.uvh5",
        b"bytes",
        observation=OBSERVATION,
        observing_session=SESSION,
        file={"create_time": time, "obsid": OBSID, "metadata": metadata},
    )

    settled = site.arrive((file, b"bytes"))

    assert settled[1].checksum == checksum_of(b"bytes")
    assert not settled[1].HasField("failure")
    kept = site.ingest.get_file("zen.uvh5")
    assert (kept.source, kept.create_time.ToDatetime(UTC)) == ("correlator", time)
    assert kept.metadata["antenna"].number == 12
    found = site.ingest.get_observation(OBSID)
    assert (found.start_time_jd, found.stop_time_jd) == (2458420.5, 2458420.6)
    assert (found.start_lst_hr, found.session_id) == (3.25, SESSION.id)
    [instance] = site.ingest.list_instances("zen.uvh5")
    assert instance.parent_dirs == "2458432"
    [event] = site.ingest.list_events("zen.uvh5")
    assert json.loads(event.payload_json)["came_from"] == "telescope"
    site.wait_until_nothing_is_staged()


def test_each_call_repeated_changes_nothing(site: IncomingSite) -> None:
    file = offered("one.dat", b"one")
    first, second = site.offer(file), site.offer(file)
    assert first.files == second.files
    assert first.way_in.staging_path == second.way_in.staging_path
    [answer] = first.files
    bring(first.way_in, answer.upload_id, b"one")
    assert [site.finish(answer.upload_id), site.finish(answer.upload_id)] == [1, 1]
    assert site.watch() == site.watch()
    assert site.finish(answer.upload_id) == 1
    [again] = site.offer(file).files
    assert again.verdict == Verdict.HELD
    assert len(site.ingest.list_instances("one.dat")) == 1


def test_a_finished_file_is_not_asked_for_again(still_site: IncomingSite) -> None:
    file = offered("one.dat", b"one")
    response = still_site.offer(file)
    bring(response.way_in, response.files[0].upload_id, b"one")
    still_site.finish(response.files[0].upload_id)

    again = still_site.offer(file, fence=2)

    assert [a.verdict for a in again.files] == [Verdict.ARRIVED]
    assert again.files[0].upload_id == response.files[0].upload_id
    assert not again.HasField("way_in")
    assert still_site.loop.run_once()
    assert still_site.watch()[1].checksum == checksum_of(b"one")


def test_what_arrives_corrupt_fails_alone(site: IncomingSite) -> None:
    response = site.offer(*(offered(f"{n}.dat", b"%d" % n, n) for n in range(1, 5)))
    ids = [answer.upload_id for answer in response.files]
    for upload_id, contents in zip(ids, (b"1", b"x", b"3"), strict=False):
        bring(response.way_in, upload_id, contents)
    # That nothing came of the last is no fault of the file either.
    site.finish(*ids)

    failures = {number: file.failure.reason for number, file in site.watch().items()}
    assert failures == {1: "", 2: "CORRUPT_CONTENTS", 3: "", 4: "CORRUPT_CONTENTS"}
    site.wait_until_nothing_is_staged()


def test_a_failed_file_comes_in_another_batch(site: IncomingSite) -> None:
    file = offered("one.dat", b"one")
    assert site.arrive((file, b"eno"))[1].HasField("failure")
    # The batch itself keeps its answer.
    assert [a.verdict for a in site.offer(file).files] == [Verdict.ARRIVED]
    assert site.watch()[1].HasField("failure")

    assert not site.arrive((file, b"one"), batch=OTHER_BATCH)[1].HasField("failure")


def test_a_newer_worker_of_a_batch_shuts_the_older_one_out(still_site: IncomingSite) -> None:
    file = offered("one.dat")
    [answer] = still_site.offer(file, fence=1).files
    still_site.offer(file, fence=2)
    stub = still_site.stub()
    for call in (
        lambda: still_site.offer(file, fence=1),
        lambda: still_site.finish(answer.upload_id, fence=1),
        lambda: stub.RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=1)),
        lambda: stub.WithdrawFiles(pb.WithdrawFilesRequest(batch_id=BATCH, fence=1)),
    ):
        with pytest.raises(BusyError):
            call()
    assert still_site.finish(answer.upload_id, fence=2) == 1


def test_a_withdrawn_file_cannot_be_finished(still_site: IncomingSite) -> None:
    response = still_site.offer(offered("one.dat", number=1), offered("two.dat", number=2))
    one, two = (answer.upload_id for answer in response.files)
    request = pb.WithdrawFilesRequest(batch_id=BATCH, fence=1, upload_ids=[one])
    stub = still_site.stub()
    assert [stub.WithdrawFiles(request).withdrawn_count for _ in range(2)] == [1, 0]
    with pytest.raises(StateError):
        still_site.finish(one, two)
    assert still_site.finish(two) == 1
    still_site.ingest.sweeper.run_once()
    assert still_site.ingest.staged() == [two]


def test_a_withdrawn_file_can_be_offered_anew(site: IncomingSite) -> None:
    file = offered("one.dat", b"one")
    [answer] = site.offer(file).files
    site.stub().WithdrawFiles(pb.WithdrawFilesRequest(batch_id=BATCH, fence=1))
    assert not site.arrive((file, b"one"))[1].HasField("failure")
    assert site.state_of(answer.upload_id) == "CANCELLED"


def test_batches_of_others_are_not_found(still_site: IncomingSite) -> None:
    [answer] = still_site.offer(offered("one.dat")).files
    other = still_site.stub("another")
    for call in (
        lambda: still_site.finish(answer.upload_id, account="another"),
        lambda: other.RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=9)),
        lambda: other.WithdrawFiles(pb.WithdrawFilesRequest(batch_id=BATCH, fence=9)),
        lambda: list(other.WatchBatch(pb.WatchBatchRequest(batch_id=BATCH))),
        lambda: still_site.finish(f"{OTHER_BATCH}-0"),
        lambda: still_site.watch(OTHER_BATCH),
    ):
        with pytest.raises(UnknownUploadError):
            call()
    with pytest.raises(Exception, match="Another account"):
        still_site.offer(offered("one.dat"), account="another", fence=9)
    # Nor did it raise the fence.
    assert still_site.finish(answer.upload_id, fence=1) == 1


def test_a_batch_id_is_hexadecimal(sqlite_site: IncomingSite) -> None:
    for batch_id in ("", "../../etc", "0123456789ABCDEF", "0" * 33, "0" * 15, "0" * 15 + "\0"):
        with pytest.raises(InvalidRequestError):
            sqlite_site.offer(offered("one.dat"), batch=batch_id)


def test_renewing_a_batch_keeps_it(still_site: IncomingSite) -> None:
    response = still_site.offer(offered("one.dat", number=1), offered("two.dat", number=2))
    still_site.finish(response.files[0].upload_id)
    renewed = still_site.stub().RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=1))
    assert renewed.expected_count == 1
    assert renewed.ticket


def test_held_files_are_listed_by_the_bytes_of_their_names(site: IncomingSite) -> None:
    names = ["b.dat", "B.dat", "ä.dat", "a b.dat", "a%.dat"]
    site.arrive(
        *((offered(name, name.encode(), n), name.encode()) for n, name in enumerate(names, 1))
    )
    found: list[pb.HeldFile] = []
    last = False
    while not last:
        after_name = found[-1].name if found else ""
        request = pb.ListHeldFilesRequest(after_name=after_name, page_size=2)
        answer = site.stub().ListHeldFiles(request)
        found, last = [*found, *answer.files], answer.last
    assert [file.name for file in found] == sorted(names, key=str.encode)
    assert {(file.checksum, file.available) for file in found} == {
        (checksum_of(name.encode()), True) for name in names
    }


def test_what_lies_in_its_place_already_is_taken_as_it_is(site: IncomingSite) -> None:
    """Restored from a backup, a site has lost the records of files, and not the files."""
    place = site.ingest.agent.directory / "stores" / STORE / "2458432"
    place.mkdir()
    (place / "kept.dat").write_bytes(b"kept")
    (place / "other.dat").write_bytes(b"rot!")
    inode = (place / "kept.dat").stat().st_ino

    pairs = [(offered(f"{n}.dat", b"kept", i), b"kept") for i, n in enumerate(("kept", "other"), 1)]
    settled = site.arrive(*pairs)

    assert settled[1].checksum == checksum_of(b"kept")
    assert (place / "kept.dat").stat().st_ino == inode
    assert len(site.ingest.list_instances("kept.dat")) == 1
    assert "Something else lies at" in settled[2].failure.message
    assert (place / "other.dat").read_bytes() == b"rot!"
    site.wait_until_nothing_is_staged()
