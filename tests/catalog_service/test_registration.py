"""Files that lie under a store already go on record where they are."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from catalog_service.tables import File, FileEvent, Instance, Store, Upload
from librarian.checksums import checksum_of
from librarian.errors import (
    InvalidRequestError,
    NotReachableError,
    StoreUnusableError,
    UnknownStoreError,
)
from librarian.v1 import instances_pb2, observations_pb2
from tests.catalog_service.ingest_site import STORE, IngestSite, bring, new_upload

OBSID = 1_200_000_000


def put(root: Path, path: str, contents: bytes = b"contents") -> str:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(contents)
    return path


def count(site: IngestSite, table: type) -> int:
    with site.parts.database.readings.begin() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_file_goes_on_record_where_it_lies(site: IngestSite, root: Path) -> None:
    done = site.register([put(root, "2458432/zen.log")])
    file = site.get_file("zen.log")
    assert (done.registered_count, done.registered_bytes) == (1, 8)
    assert (file.checksum, file.source) == (checksum_of(b"contents"), "telescope")
    [instance] = site.list_instances("zen.log")
    assert (instance.parent_dirs, instance.path) == ("2458432", f"{root}/2458432/zen.log")


def test_registering_again_changes_nothing(site: IngestSite, root: Path) -> None:
    path = put(root, "2458432/zen.log")
    site.register([path])
    done = site.register([path, path], [path])
    assert (done.registered_count, done.known_count, len(done.failures)) == (0, 3, 0)
    assert [count(site, table) for table in (File, Instance, FileEvent)] == [1, 1, 1]


def test_what_is_wrong_with_one_path_holds_back_no_other(site: IngestSite, root: Path) -> None:
    good = put(root, "good.log")
    bad = ["missing.log", "../outside", "/etc/passwd", put(root, "bad\tname.log")]
    done = site.register([bad[0], good, *bad[1:]])
    assert done.registered_count == 1
    assert sorted(failure.path for failure in done.failures) == sorted(bad)


def test_other_contents_under_a_known_name_are_a_failure_of_that_path(
    site: IngestSite, root: Path
) -> None:
    site.upload("zen.log", b"first")
    done = site.register([put(root, "other/zen.log", b"other"), put(root, "good.log")])
    assert [(f.path, f.reason) for f in done.failures] == [("other/zen.log", "FILE_MISMATCH")]
    assert done.registered_count == 1
    assert site.get_file("zen.log").instance_count == 1


def test_a_name_used_twice_in_one_call_with_other_contents_is_a_failure(
    site: IngestSite, root: Path
) -> None:
    paths = [put(root, "a/zen.log", b"first"), put(root, "b/zen.log", b"other")]
    done = site.register(paths)
    assert done.registered_count == 1
    assert [(f.path, f.reason) for f in done.failures] == [("b/zen.log", "FILE_MISMATCH")]


def test_two_copies_of_a_file_are_two_instances_of_it(site: IngestSite, root: Path) -> None:
    done = site.register([put(root, "a/zen.log"), put(root, "b/zen.log")])
    assert (done.registered_count, len(done.failures)) == (2, 0)
    assert site.get_file("zen.log").instance_count == 2
    assert count(site, File) == 1
    with site.parts.database.readings.begin() as db:
        assert db.execute(select(Store.instance_count)).scalar_one() == 2


def test_everything_beneath_a_directory_can_be_registered(site: IngestSite, root: Path) -> None:
    for number in range(20):
        put(root, f"night/{number % 3}/zen{number}.log", b"%d" % number)
    done = site.register(["night"], recursive=True)
    assert done.registered_count == 20
    assert site.register(["night"], recursive=True).known_count == 20


def test_a_directory_is_registered_as_one_dataset(site: IngestSite, root: Path) -> None:
    put(root, "night/zen.uv/header")
    put(root, "night/zen.uv/visdata")
    site.register(["night/zen.uv"])
    assert (site.get_file("zen.uv").size_bytes, count(site, File)) == (16, 1)


def test_files_without_an_observation_are_refused_unless_declared(
    site: IngestSite, root: Path
) -> None:
    done = site.register([put(root, "zen.log")], null_obsid=False)
    assert [(f.path, f.reason) for f in done.failures] == [("zen.log", "INVALID_REQUEST")]


def test_a_caller_may_say_the_observation_of_all_files(site: IngestSite, root: Path) -> None:
    observation = observations_pb2.Observation(obsid=OBSID)
    site.register([put(root, "a.log"), put(root, "b.log")], observation=observation)
    assert site.get_file("a.log").obsid == OBSID
    assert site.get_observation(OBSID).file_count == 2


def test_a_name_that_an_upload_has_claimed_waits(site: IngestSite, root: Path) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    with site.parts.database.transactions.begin() as db:
        upload = db.execute(select(Upload)).scalar_one()
        upload.state, upload.claimed_name = "VERIFIED", "zen.log"
    done = site.register([put(root, "elsewhere/zen.log")])
    assert [failure.reason for failure in done.failures] == ["BUSY"]


def test_an_unknown_store_is_told(site: IngestSite) -> None:
    with pytest.raises(UnknownStoreError):
        site.register(["zen.log"], store_name="pot9")


def test_a_disabled_store_is_told(site: IngestSite) -> None:
    site.add_store("pot2", enabled=False)
    with pytest.raises(StoreUnusableError):
        site.register(["zen.log"], store_name="pot2")


def test_an_agent_that_is_down_is_told(site: IngestSite, root: Path) -> None:
    site.agent.running.stop(0)
    with pytest.raises(NotReachableError):
        site.register([put(root, "zen.log")])


def test_an_observation_and_none_contradict_each_other(site: IngestSite) -> None:
    observation = observations_pb2.Observation(obsid=OBSID)
    with pytest.raises(InvalidRequestError):
        site.register(["zen.log"], observation=observation, null_obsid=True)


def test_more_than_a_thousand_paths_in_one_message_are_refused(site: IngestSite) -> None:
    with pytest.raises(InvalidRequestError):
        site.register(["zen.log"] * 1001)


def test_a_registered_file_is_open_to_readers(site: IngestSite, root: Path) -> None:
    site.register([put(root, "2458432/zen.log")])
    opened = site.open_file("zen.log")
    [way_out] = opened.ways_out
    assert (opened.size_bytes, way_out.instance.store_name) == (8, STORE)
    assert way_out.agent_address == site.agent.running.address


def test_an_instance_that_vanished_is_not_hidden(site: IngestSite, root: Path) -> None:
    site.register([put(root, "2458432/zen.log")])
    shutil.rmtree(root / "2458432")
    done = site.register(["2458432/zen.log"])
    assert [failure.path for failure in done.failures] == ["2458432/zen.log"]
    assert site.list_instances("zen.log")[0].state == instances_pb2.Instance.AVAILABLE
