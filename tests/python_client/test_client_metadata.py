"""Custom metadata by the client."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from librarian import Librarian, UploadItem
from librarian.errors import InvalidRequestError, UnknownFileError
from tests.system.site import Site

NOON = datetime(2018, 10, 1, 12, 0, 0, 5, tzinfo=UTC)
METADATA: dict[str, Any] = {
    "antenna": 12,
    "quality": 0.25,
    "pol": "xx",
    "good": False,
    "seen": NOON.astimezone(timezone(timedelta(hours=2))),
}
UNSENDABLE: dict[str, Any] = {
    "none": None,
    "a list": [1],
    "too large a number": 2**60,
    "bytes": b"xx",
    "half a character": "\ud800",
    "no calendar": datetime.min.replace(tzinfo=timezone(timedelta(hours=2))),
}


def test_a_file_has_the_metadata_that_it_was_uploaded_with(
    librarian: Librarian, flat: Path, name: str
) -> None:
    librarian.upload(flat, name, null_obsid=True, metadata=METADATA)
    file = librarian.get_file(name)
    assert file.metadata == METADATA
    assert {key: type(value) for key, value in file.metadata.items()} == {
        key: type(value) for key, value in METADATA.items()
    }


def test_a_time_without_a_zone_is_in_utc(librarian: Librarian, put_flat: str) -> None:
    changed = librarian.update_metadata(put_flat, {"seen": NOON.replace(tzinfo=None)})
    assert changed.metadata == {"seen": NOON}


def test_a_record_is_json_with_metadata_only_where_there_are_any(
    librarian: Librarian, put_flat: str
) -> None:
    assert "metadata" not in librarian.get_file(put_flat).to_json()
    changed = librarian.update_metadata(put_flat, {"antenna": 12, "seen": NOON})
    assert changed.to_json()["metadata"] == {"antenna": 12, "seen": NOON.isoformat()}


def test_metadata_are_set_and_removed(librarian: Librarian, put_flat: str) -> None:
    librarian.update_metadata(put_flat, METADATA)
    changed = librarian.update_metadata(put_flat, {"antenna": 13}, remove=["pol", "good"])
    assert changed == librarian.get_file(put_flat)
    assert changed.metadata == {"antenna": 13, "quality": 0.25, "seen": NOON}
    assert [event.type for event in librarian.list_file_events(put_flat)] == [
        "create_instance",
        "update_metadata",
        "update_metadata",
    ]


def test_keys_are_listed_with_their_types(librarian: Librarian, put_flat: str) -> None:
    librarian.update_metadata(put_flat, METADATA)
    types = {key.name: key.type for key in librarian.list_metadata_keys()}
    assert types.items() >= {("antenna", "NUMBER"), ("good", "BOOLEAN"), ("seen", "TIME")}


@pytest.mark.parametrize("value", UNSENDABLE)
def test_a_value_that_cannot_be_sent_is_told(
    librarian: Librarian, put_flat: str, value: str
) -> None:
    with pytest.raises(InvalidRequestError, match="'bad'"):
        librarian.update_metadata(put_flat, {"bad": UNSENDABLE[value]})


def test_one_that_cannot_be_sent_holds_back_no_other_upload(
    librarian: Librarian, flat: Path, name: str
) -> None:
    bad: Any = {"bad": None}
    items = [
        UploadItem(flat, f"bad.{name}", null_obsid=True, metadata=bad),
        UploadItem(flat, f"good.{name}", null_obsid=True, metadata={"antenna": 12}),
    ]
    refused, done = librarian.upload_many(items)
    assert isinstance(refused.error, InvalidRequestError)
    assert done.file is not None
    assert librarian.get_file(f"good.{name}").metadata == {"antenna": 12}


def test_registered_files_have_metadata(client_site: Site, librarian: Librarian, name: str) -> None:
    (client_site.layout.store / name).write_bytes(b"contents")
    list(librarian.register("store", [name], null_obsid=True, metadata={"antenna": 7}))
    assert librarian.get_file(name).metadata == {"antenna": 7}


def test_a_file_that_is_not_there_is_told(librarian: Librarian) -> None:
    with pytest.raises(UnknownFileError):
        librarian.update_metadata("nowhere", {"antenna": 12})
