"""Events of files as people read them: an icon, the type, and the details one by one."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from librarian.client.records import FileEvent

_LONG_CHARACTERS = 300
_ICONS = {
    "create_instance": "plus-lg",
    "verify_instance": "shield-check",
    "update_metadata": "tag",
    "launch_copy": "send",
    "copy_finished": "check-circle",
    "delete_instance": "trash",
}
_OTHER_ICON = "record-circle"


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail of an event; a long one is folded."""

    name: str
    text: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event for people."""

    time: datetime
    type: str
    icon: str
    details: list[Detail]


def show_event(event: FileEvent) -> ShownEvent:
    """Return an event as it is shown."""
    icon = _ICONS.get(event.type) or _ICONS.get(event.type.partition(":")[0], _OTHER_ICON)
    details = [_detail(name, value) for name, value in event.payload.items()]
    return ShownEvent(event.time, event.type, icon, details)


def _detail(name: str, value: Any) -> Detail:
    text = _text_of(value)
    return Detail(name, text, len(text) > _LONG_CHARACTERS or "\n" in text)


def _text_of(value: Any) -> str:
    """Return a value as text: a text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    plain = json.dumps(value, ensure_ascii=False)
    if len(plain) <= _LONG_CHARACTERS:
        return plain
    return json.dumps(value, ensure_ascii=False, indent=2)
