"""Custom metadata that files come with, and that are changed later, over real connections."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog_service.metadata import load_keys
from catalog_service.tables import File, MetadataKey
from librarian.errors import InvalidRequestError, UnknownFileError
from librarian.v1 import files_pb2
from tests.catalog_service.ingest_site import IngestSite, bring, new_upload

Value = files_pb2.MetadataValue

ANTENNA = {"antenna": Value(number=12)}
MEANINGLESS: dict[str, Any] = {
    "unset": Value(),
    "infinite": Value(number=float("inf")),
    "too long": Value(text="x" * 2000),
    "no calendar": Value(),
}
MEANINGLESS["no calendar"].time.seconds = 1 << 60


def of_all_types() -> dict[str, Value]:
    values = {"pol": Value(text="xx"), "good": Value(boolean=False), "quality": Value(number=0.25)}
    values["seen"] = Value()
    values["seen"].time.FromJsonString("2018-10-01T12:00:00.000005Z")
    return values


def metadata_of(site: IngestSite, name: str) -> dict[str, Value]:
    return dict(site.get_file(name).metadata)


def change(site: IngestSite, name: str, *remove: str, **new: Value) -> files_pb2.File:
    request = files_pb2.UpdateMetadataRequest(file_name=name, set=new, remove=remove)
    file: files_pb2.File = site.files.UpdateMetadata(request)
    return file


def keys_of(site: IngestSite) -> set[str]:
    with site.parts.database.readings.begin() as db:
        return set(load_keys(db))


def test_an_uploaded_file_has_what_was_given(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", metadata=of_all_types())
    assert metadata_of(site, "zen.log") == of_all_types()


def test_a_registered_file_has_what_was_given(site: IngestSite, root: Path) -> None:
    for name in ("a.log", "b.log"):
        (root / name).write_bytes(b"contents")
    assert site.register(["a.log", "b.log"], metadata=of_all_types()).registered_count == 2
    assert metadata_of(site, "a.log") == metadata_of(site, "b.log") == of_all_types()


def test_a_file_without_metadata_makes_no_key(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    assert (metadata_of(site, "zen.log"), site.count(MetadataKey)) == ({}, 0)


def test_what_is_on_record_keeps_its_metadata(site: IngestSite, root: Path) -> None:
    site.upload("zen.log", b"contents", metadata=ANTENNA)
    site.upload("zen.log", b"contents", metadata={"antenna": Value(number=13)})
    (root / "zen.log").write_bytes(b"contents")
    site.register(["zen.log"], metadata={"antenna": Value(number=14)})
    assert site.get_file("zen.log").instance_count == 2
    assert metadata_of(site, "zen.log") == ANTENNA


def test_who_repeats_an_upload_that_was_broken_off_may_correct_its_metadata(
    site: IngestSite,
) -> None:
    site.start(new_upload("zen.log", b"contents", metadata={"antena": Value(number=1)}))
    [started] = site.start(new_upload("zen.log", b"contents", metadata=ANTENNA))
    bring(started, b"contents")
    site.complete(started.upload.id)
    assert metadata_of(site, "zen.log") == ANTENNA


@pytest.mark.parametrize("value", MEANINGLESS)
def test_metadata_that_cannot_be_fail_one_upload_before_any_bytes_move(
    site: IngestSite, value: str
) -> None:
    good, bad = (
        new_upload("good.log", b"contents", metadata=ANTENNA),
        new_upload("bad.log", b"contents", metadata={"bad": MEANINGLESS[value]}),
    )
    started = site.start(bad, good)
    assert started[0].failure.reason == InvalidRequestError.reason
    assert started[1].HasField("way_in")
    assert keys_of(site) == {"antenna"}


def test_a_value_of_another_type_is_refused_at_the_start(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", metadata=ANTENNA)
    wrong = {"antenna": Value(text="12"), "new_key": Value(number=1)}
    [started] = site.start(new_upload("b.log", b"contents", metadata=wrong))
    assert "'antenna' takes a number at this site, not '12'" in started.failure.message
    assert keys_of(site) == {"antenna"}


def test_what_is_refused_for_another_reason_makes_no_key(site: IngestSite) -> None:
    [started] = site.start(new_upload("a.log", b"x", store_name="nowhere", metadata=ANTENNA))
    assert started.HasField("failure")
    assert keys_of(site) == set()


def test_uploads_of_one_call_agree_on_the_type_of_a_new_key(site: IngestSite) -> None:
    first = new_upload("a.log", b"contents", metadata=ANTENNA)
    second = new_upload("b.log", b"contents", metadata={"antenna": Value(text="twelve")})
    started = site.start(first, second)
    assert [answer.HasField("failure") for answer in started] == [False, True]


def test_a_registration_with_wrong_metadata_registers_nothing(site: IngestSite, root: Path) -> None:
    (root / "a.log").write_bytes(b"contents")
    with pytest.raises(InvalidRequestError, match="no value"):
        site.register(["a.log"], metadata={"bad": Value()})
    assert site.count(File) == 0


def test_a_change_answers_with_the_file_and_is_logged(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", metadata=of_all_types())
    changed = change(site, "zen.log", "good", "never_there", pol=Value(text="yy"), **ANTENNA)
    expected = {**of_all_types(), **ANTENNA, "pol": Value(text="yy")}
    del expected["good"]
    assert dict(changed.metadata) == metadata_of(site, "zen.log") == expected
    event = site.list_events("zen.log")[-1]
    assert event.type == "update_metadata"
    assert json.loads(event.payload_json) == {
        "set": {"pol": "yy", "antenna": 12},
        "removed": ["good"],
        "before": {"good": False, "pol": "xx"},
    }


def test_a_change_again_changes_and_logs_nothing(site: IngestSite) -> None:
    site.upload("zen.log", b"contents")
    for _ in range(2):
        change(site, "zen.log", "pol", **ANTENNA)
    assert [event.type for event in site.list_events("zen.log")].count("update_metadata") == 1


@pytest.mark.parametrize("name", ["nowhere.log", "", "a\0b"])
def test_a_change_of_a_file_that_is_not_there_is_told(site: IngestSite, name: str) -> None:
    with pytest.raises(UnknownFileError):
        change(site, name, **ANTENNA)
    assert keys_of(site) == set()


@pytest.mark.parametrize("key", ["", "1st", "a b", "a'b", "x" * 65, "ü", "a\0b"])
def test_a_key_that_cannot_be_is_told(site: IngestSite, key: str) -> None:
    site.upload("zen.log", b"contents")
    with pytest.raises(InvalidRequestError, match="name of a metadata key"):
        change(site, "zen.log", **{key: Value(number=1)})
    with pytest.raises(InvalidRequestError, match="name of a metadata key"):
        change(site, "zen.log", key)


def test_keys_are_listed_with_their_types(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", metadata=of_all_types())
    answer = site.files.ListMetadataKeys(files_pb2.ListMetadataKeysRequest())
    name_of = files_pb2.MetadataKey.Type.Name
    assert [(key.name, name_of(key.type)) for key in answer.keys] == [
        ("good", "BOOLEAN"),
        ("pol", "TEXT"),
        ("quality", "NUMBER"),
        ("seen", "TIME"),
    ]


def test_metadata_are_kept_as_json_that_databases_can_read(site: IngestSite) -> None:
    site.upload("zen.log", b"contents", metadata={**of_all_types(), **ANTENNA})
    with site.parts.database.readings.begin() as db:
        kept = db.execute(select(File.custom)).scalar_one()
    assert kept == {
        "antenna": 12,
        "good": False,
        "pol": "xx",
        "quality": 0.25,
        "seen": "2018-10-01T12:00:00.000005Z",
    }
