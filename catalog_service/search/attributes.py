"""What can be searched, and by which clauses: the language grows by rows of these tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum


class ItemKind(Enum):
    """What a search finds."""

    FILES = "files"
    OBSERVATIONS = "observations"
    SESSIONS = "sessions"


class Kind(Enum):
    """The kind of value that a clause takes, in the words of its error message."""

    TEXT = "a text in quotes"
    PATTERN = "a pattern in quotes"
    REGEX = "a regular expression in quotes"
    TEXTS = "a list of texts in quotes"
    WHOLE_NUMBER = "a whole number"
    NUMBER = "a number"
    NUMBER_RANGE = "two numbers in brackets"
    # A Julian date as a number, or a time as text; the tree has the Julian date.
    JD = "a Julian date or a time in quotes"
    JD_RANGE = "two Julian dates, or times in quotes, in brackets"
    # The tree has an Age or an aware datetime.
    MOMENT = "a number of days or a time in quotes"
    HOURS_RANGE = "two numbers of hours from 0 to 24 in brackets"
    ANYTHING = "anything"
    # What fits the type of a metadata key, which only the catalogue knows.
    SCALAR = "a text in quotes, a number, true or false"
    SCALARS = "a list of texts or numbers"
    SCALAR_RANGE = "two numbers, or texts in quotes, in brackets"
    METADATA_KEY = "the name of a metadata key in quotes"


@dataclass(frozen=True, slots=True)
class ClauseForm:
    """A clause that compares an attribute, and the kind of value it takes."""

    attribute: str
    operator: str
    kind: Kind


_TEXT = {
    "is-exactly": Kind.TEXT,
    "is-not": Kind.TEXT,
    "matches": Kind.PATTERN,
    "matches-any-case": Kind.PATTERN,
    "matches-regex": Kind.REGEX,
    "in": Kind.TEXTS,
}
# Ends of ranges belong to them.
_NUMBER = {
    "greater-than": Kind.NUMBER,
    "less-than": Kind.NUMBER,
    "at-least": Kind.NUMBER,
    "at-most": Kind.NUMBER,
    "in-range": Kind.NUMBER_RANGE,
    "not-in-range": Kind.NUMBER_RANGE,
}
_WHOLE_NUMBER = {"is-exactly": Kind.WHOLE_NUMBER, "is-not": Kind.WHOLE_NUMBER} | _NUMBER
_JD = {
    operator: Kind.JD_RANGE if kind is Kind.NUMBER_RANGE else Kind.JD
    for operator, kind in _NUMBER.items()
}

METADATA_PREFIX = "meta."
METADATA_OPERATORS: Mapping[str, Kind] = {
    "is-exactly": Kind.SCALAR,
    "is-not": Kind.SCALAR,
    "matches": Kind.PATTERN,
    "matches-any-case": Kind.PATTERN,
    "matches-regex": Kind.REGEX,
    "in": Kind.SCALARS,
} | {
    operator: Kind.SCALAR_RANGE if kind is Kind.NUMBER_RANGE else Kind.SCALAR
    for operator, kind in _NUMBER.items()
}

_ATTRIBUTES: Mapping[ItemKind, Mapping[str, Mapping[str, Kind]]] = {
    ItemKind.FILES: {
        "name": _TEXT,
        "type": _TEXT,
        "source": _TEXT,
        "size": _WHOLE_NUMBER,
        "obsid": _WHOLE_NUMBER,
        "num-instances": _WHOLE_NUMBER,
        "num-unavailable-instances": _WHOLE_NUMBER,
        "start-time-jd": _JD,
        "stop-time-jd": _JD,
        "start-lst-hr": _NUMBER,
        "session-id": _WHOLE_NUMBER,
    },
    ItemKind.OBSERVATIONS: {
        "obsid": _WHOLE_NUMBER,
        "start-time-jd": _JD,
        "stop-time-jd": _JD,
        "start-lst-hr": _NUMBER,
        "session-id": _WHOLE_NUMBER,
        # In days.
        "duration": _NUMBER,
        "num-files": _WHOLE_NUMBER,
        "total-size": _WHOLE_NUMBER,
    },
    ItemKind.SESSIONS: {
        "session-id": _WHOLE_NUMBER,
        "start-time-jd": _JD,
        "stop-time-jd": _JD,
        # In days; the age is that of the stop.
        "duration": _NUMBER,
        "age": _NUMBER,
        "num-obs": _WHOLE_NUMBER,
        "num-files": _WHOLE_NUMBER,
        "total-size": _WHOLE_NUMBER,
    },
}

_LST_WRAPS = ClauseForm("start-lst-hr", "in-wrapping-range", Kind.HOURS_RANGE)
_SPECIAL: Mapping[ItemKind, Mapping[str, ClauseForm]] = {
    ItemKind.FILES: {
        # Later and earlier than a moment; the ends do not belong to it.
        "not-older-than": ClauseForm("create-time", "newer-than", Kind.MOMENT),
        "not-newer-than": ClauseForm("create-time", "older-than", Kind.MOMENT),
        "obsid-is-null": ClauseForm("obsid", "is-null", Kind.ANYTHING),
        "checksum-is-exactly": ClauseForm("checksum", "is-exactly", Kind.TEXT),
        "start-lst-hr-in-wrapping-range": _LST_WRAPS,
        "has-instance-on": ClauseForm("store", "has", Kind.TEXT),
        "has-remote-instance-at": ClauseForm("librarian", "has", Kind.TEXT),
        "has-event": ClauseForm("event", "has", Kind.TEXT),
        "lacks-event": ClauseForm("event", "lacks", Kind.TEXT),
        "has-metadata": ClauseForm("metadata", "has", Kind.METADATA_KEY),
    },
    ItemKind.OBSERVATIONS: {"start-lst-hr-in-wrapping-range": _LST_WRAPS},
    # True when no file of the observing session has an event of that type.
    ItemKind.SESSIONS: {"no-file-has-event": ClauseForm("event", "lacks", Kind.TEXT)},
}

# Names that the predecessor's users know, and ones that people would expect.
_ALIASES: Mapping[ItemKind, Mapping[str, str]] = {
    ItemKind.FILES: {
        "name-like": "name-matches",
        "source-is": "source-is-exactly",
        "newer-than": "not-older-than",
        "older-than": "not-newer-than",
        "at-least-instances": "num-instances-at-least",
    }
    | {f"instance-count-{operator}": f"num-instances-{operator}" for operator in _WHOLE_NUMBER},
    ItemKind.OBSERVATIONS: {},
    ItemKind.SESSIONS: {},
}

_FORMS: Mapping[ItemKind, Mapping[str, ClauseForm]] = {
    item: {
        f"{attribute}-{operator}": ClauseForm(attribute, operator, kind)
        for attribute, operators in attributes.items()
        for operator, kind in operators.items()
    }
    | dict(_SPECIAL[item])
    for item, attributes in _ATTRIBUTES.items()
}
_CLAUSES = {
    item: {(form.attribute, form.operator): clause for clause, form in forms.items()}
    for item, forms in _FORMS.items()
}


def find_form(item: ItemKind, clause: str) -> ClauseForm | None:
    """Return the form of a clause by its name or alias, or None when there is none."""
    form = _FORMS[item].get(_ALIASES[item].get(clause, clause))
    return _metadata_form(clause) if form is None and item is ItemKind.FILES else form


def clause_name(item: ItemKind, attribute: str, operator: str) -> str:
    """Return the name of the clause that compares like this."""
    if attribute.startswith(METADATA_PREFIX):
        return f"{attribute}-{operator}"
    return _CLAUSES[item][attribute, operator]


def clause_names(item: ItemKind) -> Iterable[str]:
    """Return the names and aliases of all clauses that are not about one metadata key."""
    return [*_FORMS[item], *_ALIASES[item]]


def _metadata_form(clause: str) -> ClauseForm | None:
    attribute, dash, operator = clause.partition("-")
    kind = METADATA_OPERATORS.get(operator)
    if not (dash and kind and attribute.startswith(METADATA_PREFIX)):
        return None
    return ClauseForm(attribute, operator, kind)
