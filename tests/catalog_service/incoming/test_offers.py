"""What becomes of what neighbours offer."""

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog_service.tables import Agent, File, IncomingBatch, Instance, MetadataKey, Upload
from librarian.v1 import files_pb2, observations_pb2
from librarian.v1 import incoming_pb2 as pb
from tests.catalog_service.incoming.incoming_site import (
    BATCH,
    OTHER_BATCH,
    SITE_ID,
    IncomingSite,
    bring,
    checksum_of,
    offered,
)
from tests.catalog_service.ingest_site import STORE, new_upload
from tests.catalog_service.ingest_site import bring as bring_as_client

OBSID = 1224000000
Verdict = pb.OfferAnswer


def verdicts(response: pb.OfferFilesResponse) -> list[str]:
    return [Verdict.Verdict.Name(answer.verdict) for answer in response.files]


def test_each_file_is_judged_alone(still_site: IncomingSite) -> None:
    site = still_site
    site.ingest.upload("held.dat", b"held")
    site.ingest.upload("other.dat", b"other")
    with site.parts.database.transactions.begin() as db:
        db.add(MetadataKey(name="antenna", type="TEXT"))
    number = {"antenna": files_pb2.MetadataValue(number=1)}
    nothing = {"antenna": files_pb2.MetadataValue()}

    response = site.offer(
        offered("new.dat", number=1),
        offered("held.dat", b"held", 2),
        offered("other.dat", b"quite another", 3),
        offered("-rf", number=4),
        offered("up.dat", number=5, parent_dirs="../up"),
        offered("sum.dat", number=6, file={"checksum": "crc32:00000000"}),
        offered("key.dat", number=7, file={"metadata": number}),
        offered("value.dat", number=8, file={"metadata": nothing}),
        offered("source.dat", number=9, file={"source": "x" * 65}),
        offered("new.dat", number=10),
        offered("lst.dat", number=11, observation={"obsid": OBSID, "start_lst_hr": 25.0}),
    )

    assert verdicts(response) == [
        *("ACCEPTED", "HELD", "CONFLICT", "REFUSED", "REFUSED", "REFUSED", "CONFLICT"),
        *("REFUSED", "REFUSED", "LATER", "REFUSED"),
    ]
    assert all(answer.message for answer in response.files[2:])
    assert site.ingest.count(Upload) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "\0"},
        {"parent_dirs": "\0"},
        {"file": {"checksum": "\0"}},
        {"file": {"source": "\0"}},
        {"file": {"metadata": {"\0": files_pb2.MetadataValue(number=1)}}},
        {"file": {"metadata": {"key": files_pb2.MetadataValue(text="\0")}}},
        {"file": {"create_time": datetime(5, 1, 1, tzinfo=UTC)}},
        {"file": {"create_time": datetime(9999, 12, 31, tzinfo=UTC)}},
        {"file": {"obsid": (1 << 63) - 1}},
        {"observation": {"obsid": OBSID, "start_time_jd": math.nan}},
        {"observing_session": {"id": -(1 << 63)}},
    ],
    ids=str,
)
def test_what_no_database_takes_is_refused_alone(
    still_site: IncomingSite, changes: dict[str, Any]
) -> None:
    bad = offered(**{"name": "bad.dat", **changes})
    response = still_site.offer(bad, offered("good.dat", number=2))
    assert verdicts(response) == ["REFUSED", "ACCEPTED"]


def test_an_observation_that_is_another_here_is_a_conflict(site: IncomingSite) -> None:
    def file(number: int, start_time_jd: float) -> pb.OfferedFile:
        observation = observations_pb2.Observation(obsid=OBSID, start_time_jd=start_time_jd)
        return offered(f"{number}.dat", b"", number, observation=observation)

    site.arrive((file(1, 2458420.5), b""))
    # What a site derives from the obsid alone is as much as a second off.
    response = site.offer(file(2, 2458420.5 + 1 / 86400), file(3, 2458420.6), batch=OTHER_BATCH)
    assert verdicts(response) == ["ACCEPTED", "CONFLICT"]


def test_a_file_without_an_instance_here_is_accepted(site: IncomingSite) -> None:
    md5 = f"md5:{hashlib.md5(b'lost').hexdigest()}"  # noqa: S324 - the predecessors' records.
    site.ingest.upload("lost.dat", b"lost", checksum=md5)
    (site.ingest.agent.directory / "stores" / STORE / "2458432" / "lost.dat").unlink()
    with site.parts.database.transactions.begin() as db:
        db.execute(update(File).values(instance_count=0))
        db.execute(update(Instance).values(available=False))

    settled = site.arrive((offered("lost.dat", b"lost"), b"lost"))

    assert settled[1].checksum == checksum_of(b"lost")
    assert site.ingest.get_file("lost.dat").instance_count == 1
    assert site.ingest.get_file("lost.dat").checksum == md5


def test_another_kind_of_checksum_here_costs_a_reading_not_a_second_copy(
    site: IncomingSite,
) -> None:
    md5 = f"md5:{hashlib.md5(b'old').hexdigest()}"  # noqa: S324 - the predecessors' records.
    site.ingest.upload("old.dat", b"old", checksum=md5)
    settled = site.arrive((offered("old.dat", b"old"), b"old"))
    assert settled[1].checksum == checksum_of(b"old")
    assert verdicts(site.offer(offered("old.dat", b"old"))) == ["HELD"]
    settled = site.arrive((offered("old.dat", b"odd"), b"odd"), batch=OTHER_BATCH)
    assert settled[1].failure.reason == "FILE_MISMATCH"
    assert site.ingest.get_file("old.dat").instance_count == 1


def test_what_fits_is_accepted_in_order_and_the_rest_waits_for_room(
    still_site: IncomingSite,
) -> None:
    site = still_site
    site.ingest.change_store(STORE, free_bytes=250)
    site.ingest.add_store("small", free_bytes=100)
    files = [offered(f"{n}.dat", b"x" * 100, n) for n in range(1, 5)]

    response = site.offer(*files)

    assert verdicts(response) == ["ACCEPTED", "ACCEPTED", "NO_ROOM", "NO_ROOM"]
    assert response.way_in.store_name == STORE
    assert verdicts(site.offer(*files)) == verdicts(response)
    site.ingest.change_store(STORE, free_bytes=400)
    assert verdicts(site.offer(*files)) == ["ACCEPTED"] * 4


def test_a_batch_waits_for_a_silent_agent_unless_another_store_takes_it(
    still_site: IncomingSite,
) -> None:
    site, file = still_site, offered("one.dat")
    first = site.offer(file)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    site.ingest.change_store(STORE, report_time=long_ago)
    assert verdicts(site.offer(file, offered("two.dat", number=2))) == ["LATER", "LATER"]
    assert site.state_of(first.files[0].upload_id) == "RECEIVING"

    site.ingest.add_store("pot2")
    second = site.offer(file)

    assert verdicts(second) == ["ACCEPTED"]
    assert second.way_in.store_name == "pot2"
    assert site.state_of(first.files[0].upload_id) == "CANCELLED"


def test_all_that_is_accepted_is_on_the_store_of_the_way_in(still_site: IncomingSite) -> None:
    site = still_site
    site.ingest.change_store(STORE, free_bytes=1000)
    site.ingest.add_store("small", free_bytes=60)
    files = [offered("large", b"x" * 100, 1), offered("small", b"x" * 50, 2)]
    first = site.offer(*files)
    assert (verdicts(first), first.way_in.store_name) == (["ACCEPTED"] * 2, STORE)
    site.ingest.change_store(STORE, problem="is away")
    moved = site.offer(*files)
    assert (verdicts(moved), moved.way_in.store_name) == (["LATER", "ACCEPTED"], "small")
    assert site.state_of(first.files[0].upload_id) == "RECEIVING"
    site.ingest.change_store(STORE, problem="")

    # It comes in another batch, on whichever store that one gets.
    again = site.offer(*files)

    assert (verdicts(again), again.way_in.store_name) == (["NO_ROOM", "ACCEPTED"], "small")
    assert site.state_of(first.files[0].upload_id) == "CANCELLED"
    assert site.offer(*files) == again
    other = site.offer(files[0], batch=OTHER_BATCH)
    assert (verdicts(other), other.way_in.store_name) == (["ACCEPTED"], STORE)


def test_what_has_another_store_than_its_batch_is_begun_anew(still_site: IncomingSite) -> None:
    site = still_site
    site.ingest.change_store(STORE, free_bytes=1000)
    site.ingest.add_store("small", free_bytes=60)
    files = [offered("large", b"x" * 100, 1), offered("small", b"x" * 50, 2)]
    first = site.offer(*files)
    site.ingest.change_store(STORE, problem="is away")
    site.offer(*files)
    site.ingest.change_store(STORE, problem="")
    site.ingest.change_store("small", free_bytes=200)

    again = site.offer(*files)

    assert (verdicts(again), again.way_in.store_name) == (["ACCEPTED"] * 2, "small")
    assert again.files[0].upload_id != first.files[0].upload_id
    for answer, contents in zip(again.files, (b"x" * 100, b"x" * 50), strict=True):
        bring(again.way_in, answer.upload_id, contents)
    site.finish(*(answer.upload_id for answer in again.files))
    assert site.loop.run_once()
    assert [bool(file.checksum) for file in site.watch().values()] == [True, True]


def test_an_agent_that_is_away_puts_off_what_was_accepted(sqlite_site: IncomingSite) -> None:
    with sqlite_site.parts.database.transactions.begin() as db:
        db.execute(update(Agent).values(address="127.0.0.1:1"))
    response = sqlite_site.offer(offered("one.dat"))
    assert verdicts(response) == ["LATER"]
    assert not response.HasField("way_in")
    assert sqlite_site.ingest.count(Upload) == 1


def test_two_offers_of_a_batch_at_once_get_one_answer(still_site: IncomingSite) -> None:
    files = [offered(f"{n}.dat", number=n) for n in range(1, 40)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: still_site.offer(*files), range(4)))
    assert [list(a.files) for a in answers] == [list(answers[0].files)] * 4
    assert set(verdicts(answers[0])) == {"ACCEPTED"}
    assert still_site.ingest.count(Upload) == 39
    assert still_site.ingest.count(IncomingBatch) == 1


def test_another_site_of_an_account_does_not_become_the_batchs(sqlite_site: IncomingSite) -> None:
    sqlite_site.offer(offered("one.dat"))
    stub = sqlite_site.stub()
    file = offered("two.dat", number=2)
    stub.OfferFiles(pb.OfferFilesRequest(site_id="other", batch_id=BATCH, fence=1, files=[file]))
    with sqlite_site.parts.database.readings.begin() as db:
        assert db.scalars(select(IncomingBatch.site_id)).all() == [SITE_ID]


def test_equal_bytes_under_two_names_from_two_neighbours_do_not_disturb_each_other(
    site: IncomingSite,
) -> None:
    def push(pair: tuple[str, str]) -> dict[int, pb.SettledFile]:
        account, batch = pair
        files = [offered(f"{account}-{n}.dat", b"same", n) for n in range(1, 6)]
        return site.arrive(*((file, b"same") for file in files), batch=batch, account=account)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(push, [("here", BATCH), ("there", OTHER_BATCH)]))

    for settled in results:
        assert [file.checksum for file in settled.values()] == [checksum_of(b"same")] * 5
    assert site.ingest.count(Instance) == 10


def test_a_clients_upload_of_the_same_name_and_a_push_leave_each_other_alone(
    site: IncomingSite,
) -> None:
    [started] = site.ingest.start(new_upload("one.dat", b"one"))
    bring_as_client(started, b"one")
    late = site.offer(offered("one.dat", b"one"), batch=OTHER_BATCH)
    response = site.offer(offered("one.dat", b"one"))
    bring(response.way_in, response.files[0].upload_id, b"one")
    site.finish(response.files[0].upload_id)
    assert site.watch()[1].checksum == checksum_of(b"one")
    # The client's own is untouched until it says that it is done.
    assert site.state_of(started.upload.id) == "RECEIVING"
    assert site.ingest.complete_one(started.upload.id).file.source == "correlator"
    assert site.ingest.count(Instance) == 1
    # What was accepted before it was there is not waited for.
    assert verdicts(site.offer(offered("one.dat", b"one"), batch=OTHER_BATCH)) == ["HELD"]
    assert site.state_of(late.files[0].upload_id) == "CANCELLED"


def test_the_same_name_from_two_neighbours_with_other_contents_goes_to_the_first(
    site: IncomingSite,
) -> None:
    first = site.offer(offered("one.dat", b"one"), account="here")
    second = site.offer(offered("one.dat", b"two"), account="there", batch=OTHER_BATCH)
    assert verdicts(first) == verdicts(second) == ["ACCEPTED"]
    bring(first.way_in, first.files[0].upload_id, b"one")
    bring(second.way_in, second.files[0].upload_id, b"two")
    site.finish(second.files[0].upload_id, account="there", batch=OTHER_BATCH)
    assert not site.watch(OTHER_BATCH, "there")[1].HasField("failure")
    site.finish(first.files[0].upload_id, account="here")
    assert site.watch(BATCH, "here")[1].failure.reason == "FILE_MISMATCH"
    assert site.ingest.get_file("one.dat").checksum == checksum_of(b"two")
