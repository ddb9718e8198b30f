"""Custom metadata as people read them, each with its type and a search for others like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from librarian.client.records import MetadataValue
from web_frontend.searching.quoting import quote_value


@dataclass(frozen=True, slots=True)
class ShownMetadata:
    """A value for people; `time` is filled in for times, `text` for all."""

    key: str
    type: str
    text: str
    time: datetime | None
    search: str


def show_metadata(metadata: Mapping[str, MetadataValue]) -> list[ShownMetadata]:
    """Return metadata by key as they are shown."""
    return [_shown(key, value) for key, value in sorted(metadata.items())]


def _shown(key: str, value: MetadataValue) -> ShownMetadata:
    match value:
        case bool():
            kind, text, sought = "true or false", str(value).lower(), str(value).lower()
        case int() | float():
            kind, text, sought = "number", f"{value!r}", f"{value!r}"
        case datetime():
            moment = value.astimezone(UTC)
            sought = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            return ShownMetadata(key, "time", moment.isoformat(), moment, f"meta.{key}:{sought}")
        case _:
            kind, text, sought = "text", value, quote_value(value)
    return ShownMetadata(key, kind, text, None, f"meta.{key}:{sought}")
