"""Files come in whole or not at all, however often and by whomever the calls are made."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog_service.tables import File, FileEvent, Instance, Observation, Store
from librarian.checksums import checksum_of
from librarian.errors import (
    FileMismatchError,
    InvalidRequestError,
    UnknownUploadError,
)
from librarian.v1 import files_pb2, observations_pb2, uploads_pb2
from tests.catalog_service.ingest_site import STORE, IngestSite, bring, new_upload

NONE_RENEWED = uploads_pb2.RenewUploadsResponse()
DATASET = {"header": b"h", "visdata": b"0123", "more/flags": b""}


def test_an_upload_puts_a_file_on_record_and_in_place(site: IngestSite, root: Path) -> None:
    answer = site.upload("zen.log", b"contents")
    file = site.get_file("zen.log")
    assert answer.file == file
    assert (file.type, file.size_bytes, file.source) == ("log", 8, "telescope")
    assert file.checksum == checksum_of(b"contents")
    assert file.instance_count == 1
    assert (root / "2458432/zen.log").read_bytes() == b"contents"


def test_a_file_in_place_is_read_only_and_nothing_is_left_in_staging(
    site: IngestSite, root: Path
) -> None:
    site.upload("zen.log", b"contents")
    assert stat.S_IMODE(os.stat(root / "2458432/zen.log").st_mode) & 0o222 == 0
    assert site.staged() == []


def test_a_dataset_is_one_file(site: IngestSite, root: Path) -> None:
    file = site.upload("zen.uv", DATASET).file
    assert (file.type, file.size_bytes) == ("uv", 5)
    assert (root / "2458432/zen.uv/visdata").read_bytes() == b"0123"
    assert site.staged() == []


def test_the_same_calls_again_change_nothing(site: IngestSite) -> None:
    first = site.upload("zen.log", b"contents")
    again = [site.upload("zen.log", b"contents") for _ in range(3)]
    assert [answer.file for answer in again] == [first.file] * 3
    assert (site.count(File), site.count(Instance), site.count(FileEvent)) == (1, 1, 1)


def test_completing_again_answers_the_file(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"contents")
    answers = [site.complete(started.upload.id)[0] for _ in range(3)]
    assert [answer.file.name for answer in answers] == ["zen.log"] * 3


def test_a_repeated_start_goes_on_with_the_same_upload(site: IngestSite) -> None:
    [first] = site.start(new_upload("zen.log", b"contents"))
    [again] = site.start(new_upload("zen.log", b"contents"))
    assert again.upload.id == first.upload.id
    assert again.way_in.staging_path == first.way_in.staging_path


def test_a_repeated_start_may_say_what_the_first_left_out(site: IngestSite) -> None:
    [first] = site.start(new_upload("zen.log", b"contents", null_obsid=False))
    bring(first, b"contents")
    [again] = site.start(new_upload("zen.log", b"contents", null_obsid=True))
    assert again.upload.id == first.upload.id
    assert site.complete_one(first.upload.id).file.name == "zen.log"


def test_an_id_that_no_upload_can_have_is_unknown(site: IngestSite) -> None:
    assert site.complete("a\0b")[0].failure.reason == UnknownUploadError.reason
    assert site.uploads.RenewUploads(uploads_pb2.RenewUploadsRequest(ids=["a\0b"])) == NONE_RENEWED
    with pytest.raises(UnknownUploadError):
        site.uploads.GetUpload(uploads_pb2.GetUploadRequest(id="a\0b"))


def test_a_request_id_is_good_for_one_upload_only(site: IngestSite) -> None:
    site.start(new_upload("zen.log", b"contents"))
    [other] = site.start(new_upload("other.log", b"more", request_id="request of zen.log"))
    assert other.failure.reason == "CONFLICT"


def test_two_items_of_one_call_with_one_request_id_are_one_upload(site: IngestSite) -> None:
    item = new_upload("zen.log", b"contents")
    first, second = site.start(item, item)
    assert first.upload.id == second.upload.id


def test_other_contents_are_never_accepted_under_a_known_name(site: IngestSite, root: Path) -> None:
    """Accepted without comparing by the first predecessor, which then delivered wrong bytes."""
    site.upload("zen.log", b"contents")
    answer = site.upload("zen.log", b"CONTENTS", request_id="other", parent_dirs="elsewhere")
    assert answer.failure.reason == FileMismatchError.reason
    assert site.get_file("zen.log").checksum == checksum_of(b"contents")
    assert not (root / "elsewhere/zen.log").exists()
    assert site.staged() == []


@pytest.mark.parametrize(
    "changes",
    [{"size_bytes": 9}, {"checksum": checksum_of(b"CONTENTS")}],
    ids=["by size", "by checksum"],
)
def test_other_contents_are_refused_before_any_byte_is_sent(
    site: IngestSite, changes: dict[str, Any]
) -> None:
    site.upload("zen.log", b"contents")
    [started] = site.start(new_upload("zen.log", b"CONTENTS", request_id="other", **changes))
    assert started.failure.reason == FileMismatchError.reason


def test_contents_known_by_their_checksum_need_not_be_sent(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    checksum = checksum_of(b"contents")
    [started] = site.start(new_upload("zen.log", b"contents", request_id="b", checksum=checksum))
    assert started.file.name == "zen.log"
    assert not started.HasField("way_in")


def test_the_same_contents_again_are_success_and_are_not_kept_twice(site: IngestSite) -> None:
    first = site.upload("zen.log", b"contents")
    again = site.upload("zen.log", b"contents", request_id="other", parent_dirs="elsewhere")
    assert again.file == first.file
    assert (site.count(Instance), site.staged()) == (1, [])


def test_equal_contents_by_another_kind_of_checksum_are_equal(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    md5 = checksum_of(b"contents", "md5")
    again = site.upload("zen.log", b"contents", request_id="other", checksum=md5)
    assert again.file.checksum == checksum_of(b"contents")


def test_other_contents_by_another_kind_of_checksum_are_refused(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    md5 = checksum_of(b"CONTENTS", "md5")
    answer = site.upload("zen.log", b"CONTENTS", request_id="other", checksum=md5)
    assert answer.failure.reason == FileMismatchError.reason


def test_each_item_of_a_batch_fails_alone(site: IngestSite) -> None:
    names = ["good.log", "bad/name.log", "", "also-good.log", "-option.log", "x" * 256]
    started = site.start(*[new_upload(name, b"x", request_id=f"r{name}") for name in names])
    assert [one.failure.reason for one in started] == [
        "", "INVALID_REQUEST", "INVALID_REQUEST", "", "INVALID_REQUEST", "INVALID_REQUEST"
    ]  # fmt: skip


def test_contents_that_do_not_match_their_checksum_are_refused(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"CONTENTS")
    [answer] = site.complete(started.upload.id, checksum=checksum_of(b"contents"))
    assert answer.failure.reason == "CORRUPT_CONTENTS"
    assert site.staged() == []
    assert site.count(File) == 0


def test_after_a_failure_the_same_call_begins_anew(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"CONTENTS")
    site.complete(started.upload.id, checksum=checksum_of(b"contents"))
    [again] = site.start(new_upload("zen.log", b"contents"))
    assert again.upload.id != started.upload.id
    bring(again, b"contents")
    assert site.complete(again.upload.id)[0].file.name == "zen.log"


def test_a_failure_is_told_again_to_who_asks_again(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    bring(started, b"CONTENTS")
    checksum = checksum_of(b"contents")
    first, again = (site.complete(started.upload.id, checksum=checksum)[0] for _ in range(2))
    assert again.failure == first.failure


def test_what_lies_in_the_way_is_not_touched(site: IngestSite, root: Path) -> None:
    (root / "2458432").mkdir()
    (root / "2458432/zen.log").write_bytes(b"mine")
    answer = site.upload("zen.log", b"contents")
    assert answer.failure.reason == "CONFLICT"
    assert (root / "2458432/zen.log").read_bytes() == b"mine"
    assert (site.count(File), site.staged()) == (0, [])


def test_an_upload_is_its_accounts_own(site: IngestSite) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"), account="eve")
    assert site.complete(started.upload.id)[0].failure.reason == UnknownUploadError.reason
    with pytest.raises(UnknownUploadError):
        site.uploads.GetUpload(uploads_pb2.GetUploadRequest(id=started.upload.id))


def test_counts_are_kept(site: IngestSite) -> None:
    observation = observations_pb2.Observation(obsid=1_200_000_000)
    for name in ("a.log", "b.log"):
        site.upload(name, b"12345", observation=observation)
    site.upload("c.log", b"1")
    with site.parts.database.readings.begin() as db:
        found = db.execute(select(Observation)).scalar_one()
        assert (found.file_count, found.total_bytes) == (2, 10)
        assert db.execute(select(Store.instance_count)).scalar_one() == 3


def test_an_upload_logs_that_it_made_an_instance(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    request = files_pb2.ListFileEventsRequest(file_name="zen.log")
    [event] = site.files.ListFileEvents(request).events
    assert event.type == "create_instance"
    assert event.payload_json == f'{{"store_name": "{STORE}", "parent_dirs": "2458432"}}'


def test_more_than_a_thousand_uploads_in_one_call_are_refused(site: IngestSite) -> None:
    item = new_upload("zen.log", b"")
    with pytest.raises(InvalidRequestError):
        site.start(*[item] * 1001)


def test_an_empty_file_is_a_file(site: IngestSite) -> None:
    assert site.upload("empty.log", b"").file.size_bytes == 0
