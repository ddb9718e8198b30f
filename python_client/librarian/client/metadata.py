"""Custom metadata: what people say of a file beside what it is."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from librarian.client.messages import read_file
from librarian.client.records import File, MetadataKey, MetadataValue
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import files_pb2, files_pb2_grpc

# Beyond this not every whole number is a double.
_LARGEST_WHOLE = 2**53


class MetadataCalls(SiteCalls):
    """What one can say of files, and by which keys."""

    def update_metadata(
        self,
        name: str,
        set: Mapping[str, MetadataValue] | None = None,
        remove: Iterable[str] = (),
    ) -> File:
        """Set and remove custom metadata of a file, and return it; the change is logged with it.

        Raises UnknownFileError, and InvalidRequestError for a value not of its key's type.
        """
        request = files_pb2.UpdateMetadataRequest(file_name=name, remove=remove)
        fill_metadata(request.set, set or {})
        return read_file(self._link.catalog(files_pb2_grpc.FilesStub).UpdateMetadata(request))

    def list_metadata_keys(self) -> list[MetadataKey]:
        """Return the metadata keys of the site, by name."""
        stub = self._link.catalog(files_pb2_grpc.FilesStub)
        answer = stub.ListMetadataKeys(files_pb2.ListMetadataKeysRequest())
        name_of = files_pb2.MetadataKey.Type.Name
        return [MetadataKey(key.name, name_of(key.type)) for key in answer.keys]


def check_metadata(values: Mapping[str, MetadataValue]) -> None:
    """Raise InvalidRequestError for metadata that cannot be sent."""
    fill_metadata(files_pb2.File().metadata, values)


def fill_metadata(messages: Any, values: Mapping[str, MetadataValue]) -> None:
    """Write custom metadata into a message; raise InvalidRequestError for what none can be."""
    for key, value in values.items():
        if not isinstance(key, str):
            raise InvalidRequestError(f"The name of a metadata key is a text, not {key!r}.")
        _fill_value(messages[key], key, value)


def _fill_value(message: files_pb2.MetadataValue, key: str, value: Any) -> None:
    match value:
        case bool():
            message.boolean = value
        case int() if abs(value) > _LARGEST_WHOLE:
            raise InvalidRequestError(
                f"The metadata {key!r} is a number of more than 53 bits: give it as a text."
            )
        case int() | float():
            message.number = value
        case datetime():
            message.time.FromDatetime(_in_utc(key, value))
        case str() if _is_utf8(value):
            message.text = value
        case _:
            raise InvalidRequestError(
                f"The metadata {key!r} is a text, a number, true or false, or a time, not"
                f" {value!r}."
            )


def _in_utc(key: str, time: datetime) -> datetime:
    """Return a time in UTC, which is also that of one without a zone."""
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidRequestError(f"The metadata {key!r} is a time of no calendar.") from None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
