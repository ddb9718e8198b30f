"""What a search means in words, for people to see whether it says what they want."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from catalog_service.search.attributes import METADATA_PREFIX, ItemKind
from catalog_service.search.mistakes import shown
from catalog_service.search.tree import (
    Age,
    And,
    Clause,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
    Saved,
    Value,
)
from librarian.times import is_plausible_jd, jd_to_datetime

_INDENT = "  "
_MAX_LISTED = 5

_TITLES = {
    ItemKind.FILES: "files where",
    ItemKind.OBSERVATIONS: "observations where",
    ItemKind.SESSIONS: "observing sessions where",
}
_ATTRIBUTES = {
    "create-time": "the time when it was put on record",
    "source": "the source that it came from",
    "num-instances": "the number of its available instances",
    "num-unavailable-instances": "the number of its unavailable instances",
    "start-time-jd": "the start",
    "stop-time-jd": "the stop",
    "start-lst-hr": "the sidereal time at the start",
    "session-id": "the observing session",
    "num-files": "the number of files",
    "num-obs": "the number of observations",
    "total-size": "the size of all files together",
    "age": "the time since the stop",
}
_OBSERVED = frozenset({"start-time-jd", "stop-time-jd", "start-lst-hr", "session-id"})
_TIMES = frozenset({"start-time-jd", "stop-time-jd", "create-time"})
_SIZES = frozenset({"size", "total-size"})
_SPANS = frozenset({"duration", "age"})
_OPERATORS = {
    "is-exactly": "is {}",
    "is-not": "is known and is not {}",
    "matches": "matches the pattern {}",
    "matches-any-case": "matches the pattern {}, in small or capital letters",
    "matches-regex": "has a part that the regular expression {} describes",
    "greater-than": "is more than {}",
    "less-than": "is less than {}",
    "at-least": "is at least {}",
    "at-most": "is at most {}",
    "in": "is one of {}",
    "in-range": "is from {} to {}",
    "in-wrapping-range": "is from {} to {}",
    "not-in-range": "is less than {} or more than {}",
}
_TIME_OPERATORS = {
    "newer-than": "is after {}",
    "older-than": "is before {}",
    "greater-than": "is after {}",
    "less-than": "is before {}",
    "at-least": "is not before {}",
    "at-most": "is not after {}",
    "in-range": "is from {} to {}",
    "not-in-range": "is before {} or after {}",
}
# What was less than an age ago was after it.
_AGE_OPERATORS = {
    "greater-than": "is less than {} ago",
    "less-than": "is more than {} ago",
    "at-least": "is at most {} ago",
    "at-most": "is at least {} ago",
    "newer-than": "is less than {} ago",
    "older-than": "is more than {} ago",
}
_SPECIAL: Mapping[tuple[str, str], str] = {
    ("obsid", "is-null"): "it belongs to no observation",
    ("store", "has"): "an instance of it is available on store {}",
    ("librarian", "has"): "an instance of it is at the librarian {}",
    ("event", "has"): "it has an event of type {}",
    ("event", "lacks"): "it has no event of type {}",
    ("metadata", "has"): "it has the metadata {}",
}
_NO_FILE_HAS_EVENT = "no file of it has an event of type {}"
_SIZE_UNITS = {"PB": 10**15, "TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
_DAY_PARTS = {"days": 1, "hours": 24, "minutes": 1440, "seconds": 86400}


def describe(clause: Clause, item: ItemKind) -> str:
    """Return what a search means, a phrase a line, indented where clauses lie within clauses."""
    return "\n".join([_TITLES[item], *_lines(_together(clause), item, "and", 1)])


def _together(clause: Clause) -> tuple[Clause, ...]:
    return clause.clauses if isinstance(clause, And) else (clause,)


def _lines(clauses: tuple[Clause, ...], item: ItemKind, joint: str, level: int) -> Iterator[str]:
    for number, clause in enumerate(clauses):
        head, inner, inner_item, inner_joint = _parts(clause, item)
        joined = f"{joint} " if number else ""
        yield f"{_INDENT * level}{joined}{head}"
        yield from _lines(inner, inner_item, inner_joint, level + 1)


def _parts(clause: Clause, item: ItemKind) -> tuple[str, tuple[Clause, ...], ItemKind, str]:
    """Return the line of a clause, and what stands below it and how that is joined."""
    match clause:
        case And(clauses):
            return "all of:", clauses, item, "and"
        case Or(clauses):
            return "any of:", clauses, item, "or"
        case NoneOf(clauses):
            return "it is known that none of:", clauses, item, "or"
        case ObservationMatches(inner):
            return "its observation is one where:", _together(inner), ItemKind.OBSERVATIONS, "and"
        case Constant(value):
            return ("anything matches" if value else "nothing matches"), (), item, ""
        case Saved(name):
            return f"the saved search {shown(name)} matches", (), item, ""
        case Comparison():
            return _phrase(clause, item), (), item, ""


def _phrase(comparison: Comparison, item: ItemKind) -> str:
    attribute, operator = comparison.attribute, comparison.operator
    values = _values(comparison)
    special = _SPECIAL.get((attribute, operator))
    if special:
        of_files = item is ItemKind.SESSIONS and attribute == "event"
        return (_NO_FILE_HAS_EVENT if of_files else special).format(*values)
    words = _TIME_OPERATORS if attribute in _TIMES else _OPERATORS
    if isinstance(comparison.value, Age):
        words = _AGE_OPERATORS
    return f"{_noun(attribute, item)} {words[operator].format(*values)}"


def _noun(attribute: str, item: ItemKind) -> str:
    if attribute.startswith(METADATA_PREFIX):
        return f"the metadata {attribute.removeprefix(METADATA_PREFIX)}"
    noun = _ATTRIBUTES.get(attribute, f"the {attribute}")
    of_observation = item is ItemKind.FILES and attribute in _OBSERVED
    return f"{noun} of its observation" if of_observation else noun


def _values(comparison: Comparison) -> list[str]:
    value, attribute = comparison.value, comparison.attribute
    if comparison.operator == "in" and isinstance(value, tuple):
        return [_list(value)]
    if comparison.operator == "in-wrapping-range" and isinstance(value, tuple):
        first, last = value
        through = " through midnight" if first > last else ""  # type: ignore[operator]
        return [f"{first} h{through}", f"{last} h"]
    if isinstance(value, tuple):
        return [_value(attribute, end) for end in value]
    return [_value(attribute, value)]


def _list(values: tuple[object, ...]) -> str:
    first = ", ".join(shown(value) for value in values[:_MAX_LISTED])
    more = len(values) - _MAX_LISTED
    return f"{first} and {more:,} more" if more > 0 else first


def _value(attribute: str, value: Value) -> str:
    if isinstance(value, Age):
        return _span(value.days)
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(attribute, value)
    return shown(value)


def _number(attribute: str, value: int | float) -> str:
    if attribute in _SIZES:
        return _size(value)
    if attribute in _TIMES:
        return _jd(value)
    if attribute in _SPANS:
        return _span(value)
    return f"{value} h" if attribute == "start-lst-hr" else str(value)


def _size(size_bytes: int | float) -> str:
    for unit, factor in _SIZE_UNITS.items():
        if size_bytes >= factor:
            return f"{size_bytes / factor:.6g} {unit} ({size_bytes} bytes)"
    return f"{size_bytes} bytes"


def _jd(jd: float) -> str:
    if not is_plausible_jd(jd):
        return f"the Julian date {jd!r}"
    return f"{_iso(jd_to_datetime(jd))} (Julian date {jd!r})"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _span(days: float) -> str:
    for unit, parts in _DAY_PARTS.items():
        if abs(days) * parts >= 1:
            number = f"{days * parts:.6g}"
            return f"{number} {unit.removesuffix('s') if number == '1' else unit}"
    return f"{days * _DAY_PARTS['seconds']:.6g} seconds"
