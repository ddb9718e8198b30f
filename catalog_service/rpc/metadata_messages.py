"""Custom metadata as messages, and messages as custom metadata."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_service.metadata import MetadataValue
from catalog_service.metadata_values import MetadataType
from librarian.v1 import files_pb2 as pb

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86400
_NANOS_PER_MICROSECOND = 1000


def fill_time(message: Any, time: datetime) -> None:
    """Write an aware time into a protobuf timestamp."""
    since = time - _EPOCH
    message.seconds = since.days * _DAY_SECONDS + since.seconds
    message.nanos = since.microseconds * _NANOS_PER_MICROSECOND


def fill_metadata(messages: Any, kept: Mapping[str, Any], time_keys: Collection[str]) -> None:
    """Write the JSON object that is kept of a file into a message's map."""
    for key, value in kept.items():
        _fill_value(messages[key], value, is_time=key in time_keys)


def read_metadata(messages: Mapping[str, pb.MetadataValue]) -> dict[str, Any]:
    """Return the metadata that a caller gives; a value that says nothing is None, for refusal."""
    return {key: _read_value(message) for key, message in messages.items()}


def key_message(name: str, type: MetadataType) -> pb.MetadataKey:
    """Return a key of custom metadata."""
    return pb.MetadataKey(name=name, type=type.value)


def _fill_value(message: pb.MetadataValue, value: Any, *, is_time: bool) -> None:
    if is_time:
        fill_time(message.time, datetime.fromisoformat(value))
    elif isinstance(value, bool):
        message.boolean = value
    elif isinstance(value, str):
        message.text = value
    else:
        message.number = value


def _read_value(message: pb.MetadataValue) -> MetadataValue | None:
    match message.WhichOneof("value"):
        case "text":
            return message.text
        case "number":
            return message.number
        case "boolean":
            return message.boolean
        case "time":
            return read_time(message.time)
    return None


def read_time(message: Any) -> datetime | None:
    """Return the time of a protobuf timestamp, or None for one of no calendar."""
    micros = message.nanos // _NANOS_PER_MICROSECOND
    try:
        return _EPOCH + timedelta(seconds=message.seconds, microseconds=micros)
    except OverflowError:
        return None
