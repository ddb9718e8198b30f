"""Files that are verified: each copy is read, and what is found is on record then."""

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from catalog_service.rpc.verification import VerifyServicer
from catalog_service.tables import Instance
from librarian.errors import BusyError, NoInstanceError, UnknownFileError
from librarian.v1 import instances_pb2, instances_pb2_grpc
from tests.catalog_service.ingest_site import IngestSite
from tests.polling import wait_until

NAME = "zen.2458432.34569.uvh5"
CONTENTS = b"visibilities"


@pytest.fixture
def copies(site: IngestSite, root: Path) -> list[Path]:
    """Put a file with two copies on record; return where they lie."""
    site.upload(NAME, CONTENTS)
    other = site.add_store("pot2") / "again" / NAME
    other.parent.mkdir()
    other.write_bytes(CONTENTS)
    assert site.register([f"again/{NAME}"], store_name="pot2").registered_count == 1
    return [root / "2458432" / NAME, other]


def verify(site: IngestSite, **options: Any) -> list[instances_pb2.VerifiedInstance]:
    request = instances_pb2.VerifyFileRequest(file_name=NAME)
    return list(site.instances.VerifyFile(request, **options).instances)


def events(site: IngestSite) -> list[dict[str, Any]]:
    found = [event for event in site.list_events(NAME) if event.type == "verify_instance"]
    return [json.loads(event.payload_json) for event in found]


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"visibilitiez")


def test_good_copies_are_told_to_be_good_and_when(site: IngestSite, copies: list[Path]) -> None:
    before = [one.verify_time.ToDatetime() for one in site.list_instances(NAME)]
    found = verify(site)
    assert [(one.instance.store_name, one.instance.problem, one.error) for one in found] == [
        ("pot1", "", ""),
        ("pot2", "", ""),
    ]
    after = [one.verify_time.ToDatetime() for one in site.list_instances(NAME)]
    assert all(late > early for early, late in zip(before, after, strict=True))
    assert events(site) == [
        {"store_name": "pot1", "parent_dirs": "2458432", "good": True, "error": ""},
        {"store_name": "pot2", "parent_dirs": "again", "good": True, "error": ""},
    ]


@pytest.mark.parametrize("harm", [spoil, Path.unlink])
def test_a_bad_copy_is_on_record_as_bad_until_it_is_mended(
    site: IngestSite, copies: list[Path], harm: Any
) -> None:
    [first, _] = before = site.list_instances(NAME)
    harm(copies[0])
    [bad, good] = verify(site)
    assert bad.error == ""
    assert bad.instance.problem
    assert bad.instance.verify_time == first.verify_time
    assert good.instance.problem == ""
    assert site.list_instances(NAME) == [bad.instance, good.instance] != before
    assert [(one["good"], one["error"]) for one in events(site)] == [
        (False, bad.instance.problem),
        (True, ""),
    ]
    copies[0].unlink(missing_ok=True)
    copies[0].write_bytes(CONTENTS)
    assert [one.instance.problem for one in verify(site)] == ["", ""]


def test_a_copy_that_is_bad_is_read_after_a_better_one(
    site: IngestSite, copies: list[Path]
) -> None:
    spoil(copies[0])
    verify(site)
    assert [one.instance.store_name for one in site.open_file(NAME).ways_out] == ["pot2", "pot1"]


def test_a_copy_that_cannot_be_read_now_stays_as_it_was(
    site: IngestSite, copies: list[Path]
) -> None:
    before = site.list_instances(NAME)
    copies[1].parents[1].rename(copies[1].parents[1].with_name("away"))
    [good, unread] = verify(site)
    assert (good.error, unread.instance) == ("", before[1])
    assert "cannot be looked at now" in unread.error
    assert [one["store_name"] for one in events(site)] == ["pot1"]


def test_an_agent_that_is_away_is_told(site: IngestSite, copies: list[Path]) -> None:
    before = site.list_instances(NAME)
    site.agent.running.stop(0)
    found = verify(site)
    assert [one.instance for one in found] == before
    assert all("Nothing answers" in one.error for one in found)
    assert events(site) == []


def test_only_so_many_files_are_read_at_once(site: IngestSite, copies: list[Path]) -> None:
    taken = VerifyServicer._verifying
    places = [taken.acquire(blocking=False) for _ in range(4)]
    try:
        assert all(places)
        with pytest.raises(BusyError, match="repeat the call later"):
            verify(site)
    finally:
        for _ in places:
            taken.release()
    assert len(verify(site)) == 2


def test_what_nobody_waits_for_any_more_is_not_read_on(
    site: IngestSite, copies: list[Path]
) -> None:
    taken = VerifyServicer._verifying
    copies[0].chmod(0o644)
    with copies[0].open("wb") as file:
        # Sparse, and more than is read within a test.
        file.truncate(64 << 30)
    with grpc.insecure_channel(site.address) as channel:
        stub = instances_pb2_grpc.InstancesStub(channel)
        call = stub.VerifyFile.future(
            instances_pb2.VerifyFileRequest(file_name=NAME),
            metadata=[("authorization", "Bearer telescope")],
        )
        wait_until(lambda: taken._value == 3, what="the reading to begin")
        call.cancel()
        wait_until(lambda: taken._value == 4, what="the reading to end")


def test_what_has_no_copy_to_read_is_told(site: IngestSite) -> None:
    with pytest.raises(UnknownFileError):
        verify(site)
    site.upload(NAME, CONTENTS)
    with site.parts.database.transactions.begin() as db:
        db.query(Instance).one().available = False
    with pytest.raises(NoInstanceError):
        verify(site)
