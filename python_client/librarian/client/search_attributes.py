"""What can be searched, as data: for whoever offers the clauses of the language to choose from.

It is the language's own table (`catalog_service/search/attributes.py`) in the words of people; a
test compares the two.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from librarian.client.records import MetadataKey
from librarian.client.searches import ItemKind


class ValueKind(Enum):
    """What a clause compares with."""

    TEXT = "text"
    PATTERN = "pattern"
    REGEX = "regex"
    TEXTS = "texts"
    WHOLE_NUMBER = "whole-number"
    NUMBER = "number"
    NUMBERS = "numbers"
    NUMBER_RANGE = "number-range"
    HOURS_RANGE = "hours-range"
    # A time, a Julian date or an age; ranges have no ages.
    TIME = "time"
    TIME_RANGE = "time-range"
    # A time or an age of when a file was put on record.
    MOMENT = "moment"
    # A time of metadata, which is never an age.
    DATE = "date"
    DATE_RANGE = "date-range"
    BOOLEAN = "boolean"
    METADATA_KEY = "metadata-key"
    NOTHING = "nothing"


RANGES = frozenset(
    {
        ValueKind.NUMBER_RANGE,
        ValueKind.HOURS_RANGE,
        ValueKind.TIME_RANGE,
        ValueKind.DATE_RANGE,
    }
)
"""The kinds of which a clause takes two."""


class Unit(Enum):
    """What the numbers of an attribute count."""

    NONE = ""
    BYTES = "bytes"
    DAYS = "days"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to compare an attribute: a clause of the JSON form, and how people say it."""

    clause: str
    label: str
    value: ValueKind


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a search can ask about."""

    name: str
    label: str
    operators: tuple[Operator, ...]
    example: str = ""
    unit: Unit = Unit.NONE


_Operators = tuple[tuple[str, str, ValueKind], ...]

_TEXT: _Operators = (
    ("is-exactly", "is", ValueKind.TEXT),
    ("is-not", "is not", ValueKind.TEXT),
    ("matches", "matches, with * and ?", ValueKind.PATTERN),
    ("matches-any-case", "matches in any case", ValueKind.PATTERN),
    ("matches-regex", "matches the expression", ValueKind.REGEX),
    ("in", "is one of", ValueKind.TEXTS),
)
_EQUAL: _Operators = (
    ("is-exactly", "is", ValueKind.WHOLE_NUMBER),
    ("is-not", "is not", ValueKind.WHOLE_NUMBER),
)
_COMPARED: _Operators = (
    ("at-least", "is at least", ValueKind.NUMBER),
    ("at-most", "is at most", ValueKind.NUMBER),
    ("greater-than", "is more than", ValueKind.NUMBER),
    ("less-than", "is less than", ValueKind.NUMBER),
    ("in-range", "is from … to", ValueKind.NUMBER_RANGE),
    ("not-in-range", "is outside", ValueKind.NUMBER_RANGE),
)
_TIME: _Operators = (
    ("at-least", "is at or after", ValueKind.TIME),
    ("less-than", "is before", ValueKind.TIME),
    ("greater-than", "is after", ValueKind.TIME),
    ("at-most", "is at or before", ValueKind.TIME),
    ("in-range", "is between the times", ValueKind.TIME_RANGE),
    ("not-in-range", "is outside the times", ValueKind.TIME_RANGE),
)
_IN_DATES = {ValueKind.TIME: ValueKind.DATE, ValueKind.TIME_RANGE: ValueKind.DATE_RANGE}
_METADATA: Mapping[str, _Operators] = {
    "TEXT": _TEXT,
    "NUMBER": (
        ("is-exactly", "is", ValueKind.NUMBER),
        ("is-not", "is not", ValueKind.NUMBER),
        ("in", "is one of", ValueKind.NUMBERS),
        *_COMPARED,
    ),
    "BOOLEAN": (
        ("is-exactly", "is", ValueKind.BOOLEAN),
        ("is-not", "is not", ValueKind.BOOLEAN),
    ),
    "TIME": (
        ("is-exactly", "is at", ValueKind.DATE),
        ("is-not", "is not at", ValueKind.DATE),
        *((operator, label, _IN_DATES[kind]) for operator, label, kind in _TIME),
    ),
}
_METADATA_EXAMPLES = {"TEXT": "a text", "NUMBER": "12", "BOOLEAN": "true", "TIME": "2018-11-10"}


def _compared(
    name: str, label: str, operators: _Operators, example: str = "", unit: Unit = Unit.NONE
) -> Attribute:
    made = tuple(Operator(f"{name}-{end}", words, kind) for end, words, kind in operators)
    return Attribute(name, label, made, example, unit)


def _special(name: str, label: str, example: str, *operators: tuple[str, str]) -> Attribute:
    made = tuple(Operator(clause, words, ValueKind.TEXT) for clause, words in operators)
    return Attribute(name, label, made, example)


def _with(attribute: Attribute, *more: Operator) -> Attribute:
    operators = (*attribute.operators, *more)
    return Attribute(attribute.name, attribute.label, operators, attribute.example, attribute.unit)


_OBSID = _compared("obsid", "Observation (obsid)", _EQUAL + _COMPARED, "1225829885")
_SESSION = _compared("session-id", "Observing session", _EQUAL + _COMPARED, "1225829885")
_START = _compared("start-time-jd", "Start", _TIME, "2018-11-10")
_STOP = _compared("stop-time-jd", "Stop", _TIME, "2018-11-10")
_LST = _with(
    _compared("start-lst-hr", "Sidereal time (LST)", _COMPARED, "23.5", Unit.HOURS),
    Operator("start-lst-hr-in-wrapping-range", "wraps from … to", ValueKind.HOURS_RANGE),
)
_FILE_COUNT = _compared("num-files", "Number of files", _EQUAL + _COMPARED, "2")
_TOTAL = _compared("total-size", "Size of all files", _EQUAL + _COMPARED, "5 GB", Unit.BYTES)
_DURATION = _compared("duration", "Duration", _COMPARED, "10m", Unit.DAYS)

_ATTRIBUTES: Mapping[str, tuple[Attribute, ...]] = {
    "files": (
        _compared("name", "Name", _TEXT, "zen.2458432.*"),
        _compared("type", "Type", _TEXT, "uvh5"),
        _compared("size", "Size", _EQUAL + _COMPARED, "5 GB", Unit.BYTES),
        Attribute(
            "create-time",
            "Put on record",
            (
                Operator("not-older-than", "is after", ValueKind.MOMENT),
                Operator("not-newer-than", "is before", ValueKind.MOMENT),
            ),
            "2018-11-10",
        ),
        _START,
        _STOP,
        _LST,
        _with(_OBSID, Operator("obsid-is-null", "is none", ValueKind.NOTHING)),
        _SESSION,
        _compared("num-instances", "Copies here", _EQUAL + _COMPARED, "2"),
        _compared("num-unavailable-instances", "Copies gone", _EQUAL + _COMPARED, "0"),
        _special("store", "Store", "store", ("has-instance-on", "has a copy on")),
        _special("librarian", "Neighbour", "karoo", ("has-remote-instance-at", "has a copy at")),
        _special("event", "Event", "checked", ("has-event", "has"), ("lacks-event", "lacks")),
        _compared("source", "Source", _TEXT, "correlator"),
        _special("checksum", "Checksum", "md5:…", ("checksum-is-exactly", "is")),
        Attribute(
            "metadata",
            "Metadata",
            (Operator("has-metadata", "has the key", ValueKind.METADATA_KEY),),
            "antenna",
        ),
    ),
    "observations": (_OBSID, _START, _STOP, _LST, _SESSION, _DURATION, _FILE_COUNT, _TOTAL),
    "sessions": (
        _SESSION,
        _START,
        _STOP,
        _DURATION,
        _compared("age", "Time since its end", _COMPARED, "3d", Unit.DAYS),
        _compared("num-obs", "Number of observations", _EQUAL + _COMPARED, "50"),
        _FILE_COUNT,
        _TOTAL,
        _special("event", "Event", "checked", ("no-file-has-event", "no file has")),
    ),
}


def search_attributes(
    item_kind: ItemKind, metadata_keys: Iterable[MetadataKey] = ()
) -> Iterator[Attribute]:
    """Yield what a search of this kind can ask about; files have a site's metadata keys, too."""
    yield from _ATTRIBUTES[item_kind]
    for key in metadata_keys if item_kind == "files" else ():
        yield metadata_attribute(key)


def metadata_attribute(key: MetadataKey) -> Attribute:
    """Return what a search can ask about one key of metadata."""
    operators, example = _METADATA[key.type], _METADATA_EXAMPLES[key.type]
    return _compared(f"meta.{key.name}", f"Metadata: {key.name}", operators, example)
