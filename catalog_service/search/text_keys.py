"""The keys of the text form: short names of attributes, and how their values are written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from catalog_service.search.attributes import METADATA_PREFIX, ItemKind


class Shape(Enum):
    """How the values of a key are written, in the words of its error message."""

    TEXT = "a text, a pattern such as zen.*, !=text, ~regex or in(text text)"
    PATTERN = "a text or a pattern such as zen.*"
    FIXED = "a text"
    NUMBER = "a number, !=5, >5, <5, >=5, <=5, 1..5 or !1..5"
    SIZE = "a size, such as 5GB, !=5GB, >5GB, <5GB, >=5GB, <=5GB, 1GB..5GB or !1GB..5GB"
    DAYS = "a time span, such as >10m, <10m, >=3h, <=2d, 10m..3h or !10m..3h"
    HOURS = "hours, such as >5.5, <5.5, >=5.5, <=5.5, 23..1 or !1..5"
    JD = "a time, such as 2018-10-01, >2458392.5, <3d or 2018-10-01..2018-10-07"
    MOMENT = "an age or a time, such as <3d, >3d, >2018-10-01 or 2018-10-01..2018-10-07"
    METADATA = "a text, a number, true, false, a comparison such as >5 or ~regex, or in(1 2)"


@dataclass(frozen=True, slots=True)
class Key:
    """What a key is about; an operator when it has but one."""

    attribute: str
    shape: Shape
    operator: str = ""


_OBSERVED = {
    "start": Key("start-time-jd", Shape.JD),
    "stop": Key("stop-time-jd", Shape.JD),
    "session": Key("session-id", Shape.NUMBER),
}
_LST = {"lst": Key("start-lst-hr", Shape.HOURS)}
_KEYS: Mapping[ItemKind, Mapping[str, Key]] = {
    ItemKind.FILES: {
        "name": Key("name", Shape.TEXT),
        "type": Key("type", Shape.TEXT),
        "source": Key("source", Shape.TEXT),
        "iname": Key("name", Shape.PATTERN, "matches-any-case"),
        "itype": Key("type", Shape.PATTERN, "matches-any-case"),
        "isource": Key("source", Shape.PATTERN, "matches-any-case"),
        "size": Key("size", Shape.SIZE),
        "obsid": Key("obsid", Shape.NUMBER),
        "instances": Key("num-instances", Shape.NUMBER),
        "unavailable": Key("num-unavailable-instances", Shape.NUMBER),
        **_OBSERVED,
        **_LST,
        "created": Key("create-time", Shape.MOMENT),
        "checksum": Key("checksum", Shape.FIXED, "is-exactly"),
        "store": Key("store", Shape.FIXED, "has"),
        "at": Key("librarian", Shape.FIXED, "has"),
        "event": Key("event", Shape.FIXED, "has"),
        "lacks-event": Key("event", Shape.FIXED, "lacks"),
        "meta": Key("metadata", Shape.FIXED, "has"),
    },
    ItemKind.OBSERVATIONS: {
        "obsid": Key("obsid", Shape.NUMBER),
        **_OBSERVED,
        **_LST,
        "duration": Key("duration", Shape.DAYS),
        "files": Key("num-files", Shape.NUMBER),
        "size": Key("total-size", Shape.SIZE),
    },
    ItemKind.SESSIONS: {
        **_OBSERVED,
        "duration": Key("duration", Shape.DAYS),
        "age": Key("age", Shape.DAYS),
        "obs": Key("num-obs", Shape.NUMBER),
        "files": Key("num-files", Shape.NUMBER),
        "size": Key("total-size", Shape.SIZE),
        "lacks-event": Key("event", Shape.FIXED, "lacks"),
    },
}
# Attributes stand for their keys, where a key has not taken the name.
_ATTRIBUTES: Mapping[ItemKind, Mapping[str, Key]] = {
    item: {key.attribute: key for key in keys.values() if not key.operator}
    for item, keys in _KEYS.items()
}
_SHORT = {
    item: {(key.attribute, key.operator): name for name, key in keys.items()}
    for item, keys in _KEYS.items()
}
ANY_CASE_PREFIX = "i"


def find_key(item: ItemKind, name: str) -> Key | None:
    """Return what a key is about, or None when there is no such key."""
    # The key of metadata has no dash: with one it is a clause's full name.
    if item is ItemKind.FILES and "-" not in name:
        if name.startswith(METADATA_PREFIX):
            return Key(name, Shape.METADATA)
        if name.startswith(ANY_CASE_PREFIX + METADATA_PREFIX):
            return Key(name[len(ANY_CASE_PREFIX) :], Shape.PATTERN, "matches-any-case")
    return _KEYS[item].get(name) or _ATTRIBUTES[item].get(name)


def find_short(item: ItemKind, attribute: str, operator: str) -> tuple[str, Key] | None:
    """Return the key by which an attribute is compared like this, or None when there is none."""
    if attribute.startswith(METADATA_PREFIX):
        any_case = ANY_CASE_PREFIX if operator == "matches-any-case" else ""
        name: str | None = any_case + attribute
    else:
        short = _SHORT[item]
        name = short.get((attribute, operator)) or short.get((attribute, ""))
    key = find_key(item, name) if name else None
    return (name, key) if name and key else None


def key_names(item: ItemKind) -> Iterable[str]:
    """Return all keys but those of metadata."""
    return [*_KEYS[item], *(["obs", "meta.KEY"] if item is ItemKind.FILES else [])]
