"""The law in plain Python: what a search tree means, with what is not known as None."""

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_service.search.attributes import METADATA_PREFIX
from catalog_service.search.tree import (
    Age,
    And,
    Clause,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
)
from tests.catalog_service.search import trees
from tests.catalog_service.search.catalogues import (
    Catalogue,
    SampleFile,
    SampleObservation,
    SampleSession,
)
from tests.catalog_service.search.trees import NOW

Item = SampleFile | SampleObservation | SampleSession
NOW_JD = 2461101.0


def matches(clause: Clause, item: Item, catalogue: Catalogue) -> bool | None:
    """Say whether a clause matches an item, or None when that is not known."""
    if isinstance(clause, Constant):
        return clause.value
    if isinstance(clause, ObservationMatches):
        assert isinstance(item, SampleFile)
        observation = item.observation
        return None if observation is None else matches(clause.clause, observation, catalogue)
    if isinstance(clause, Comparison):
        return _compare(clause, item, catalogue)
    assert isinstance(clause, And | Or | NoneOf)
    answers = [matches(inner, item, catalogue) for inner in clause.clauses]
    if isinstance(clause, And):
        return _all(answers)
    none = _all(_not(answer) for answer in answers)
    return none if isinstance(clause, NoneOf) else _not(none)


def _all(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    if False in found:
        return False
    return None if None in found else True


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _compare(clause: Comparison, item: Item, catalogue: Catalogue) -> bool | None:
    special = _SPECIAL.get(clause.operator)
    if special is not None:
        return special(clause, item, catalogue)
    actual = _actual(clause.attribute, item)
    if actual is None:
        return None
    value: Any = clause.value
    if clause.attribute == "age":
        # So many days before now it ended: what ended later is younger.
        actual, value = -actual, _moved(value, -NOW_JD)
    elif clause.attribute.endswith("-jd"):
        value = _julian(value)
    elif clause.attribute == "create-time":
        value = _moment(value)
    elif trees.METADATA.get(clause.attribute.removeprefix(METADATA_PREFIX), ("",))[0] == "time":
        value = _times(value)
    return _OPERATORS[clause.operator](actual, value)


def _actual(attribute: str, item: Item) -> Any:
    if attribute.startswith(METADATA_PREFIX):
        assert isinstance(item, SampleFile)
        return item.metadata.get(attribute.removeprefix(METADATA_PREFIX))
    if isinstance(item, SampleFile):
        return _of_file(attribute, item)
    return _of_observation(attribute, item)


def _of_file(attribute: str, file: SampleFile) -> Any:
    if attribute in ("obsid", "start-time-jd", "stop-time-jd", "start-lst-hr", "session-id"):
        return None if file.observation is None else _of_observation(attribute, file.observation)
    if attribute == "num-instances":
        return list(file.copies.values()).count(True)
    if attribute == "num-unavailable-instances":
        return list(file.copies.values()).count(False)
    name = {"size": "size_bytes", "create-time": "create_time"}.get(attribute, attribute)
    return getattr(file, name)


def _of_observation(attribute: str, item: SampleObservation | SampleSession) -> Any:
    start, stop = item.start_time_jd, item.stop_time_jd
    if attribute == "duration":
        return None if stop is None else stop - start
    if attribute == "age":
        return stop
    if attribute == "session-id" and isinstance(item, SampleObservation):
        return None if item.session is None else item.session.id
    names = {
        "session-id": "id",
        "num-obs": "observation_count",
        "num-files": "file_count",
        "total-size": "total_bytes",
    }
    return getattr(item, names.get(attribute, attribute.replace("-", "_")))


def _moved(value: Any, by: float) -> Any:
    return tuple(end + by for end in value) if isinstance(value, tuple) else value + by


def _julian(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_julian, value))
    return NOW_JD - value.days if isinstance(value, Age) else value


def _moment(value: Any) -> Any:
    if not isinstance(value, Age):
        return value
    try:
        return NOW - timedelta(days=value.days)
    except OverflowError:
        edge = datetime.min if value.days > 0 else datetime.max
        return edge.replace(tzinfo=UTC)


def _times(value: Any) -> Any:
    """Return a time as the record has it, whatever way it was typed."""
    if isinstance(value, tuple):
        return tuple(map(_times, value))
    time = datetime.fromisoformat(value).astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _has(clause: Comparison, item: Item, catalogue: Catalogue) -> bool | None:
    if isinstance(item, SampleSession):
        return any(clause.value in file.events for file in _files_of(item, catalogue))
    assert isinstance(item, SampleFile)
    return {
        "event": clause.value in item.events,
        "store": item.copies.get(str(clause.value), False),
        "librarian": clause.value in item.elsewhere,
        "metadata": clause.value in item.metadata,
    }[clause.attribute]


def _lacks(clause: Comparison, item: Item, catalogue: Catalogue) -> bool | None:
    return not _has(clause, item, catalogue)


def _is_null(_: Comparison, item: Item, __: Catalogue) -> bool | None:
    assert isinstance(item, SampleFile)
    return item.observation is None


def _files_of(session: SampleSession, catalogue: Catalogue) -> list[SampleFile]:
    return [
        file
        for file in catalogue.files
        if file.observation is not None and file.observation.session == session
    ]


def _like(actual: str, pattern: str) -> bool:
    sign = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regex = "".join(sign.get(part, re.escape(part[-1])) for part in parts)
    return re.fullmatch(regex, actual, re.DOTALL) is not None


def _small(text: str) -> str:
    """Return a text with the capitals of ASCII made small, and no others."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def _search(actual: str, regex: str) -> bool:
    # Python's `$` also stands before the line break that ends a text; the databases' does not.
    return re.search(regex.replace("$", "\\Z"), actual, re.ASCII | re.DOTALL) is not None


def _wraps(actual: float, value: tuple[float, float]) -> bool:
    first, last = value
    if first <= last:
        return first <= actual <= last
    return actual >= first or actual <= last


_SPECIAL: dict[str, Callable[[Comparison, Item, Catalogue], bool | None]] = {
    "has": _has,
    "lacks": _lacks,
    "is-null": _is_null,
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is-exactly": operator.eq,
    "is-not": operator.ne,
    "in": lambda actual, values: actual in values,
    "matches": _like,
    "matches-any-case": lambda actual, pattern: _like(_small(actual), _small(pattern)),
    "matches-regex": _search,
    "greater-than": operator.gt,
    "less-than": operator.lt,
    "at-least": operator.ge,
    "at-most": operator.le,
    "in-range": lambda actual, ends: min(ends) <= actual <= max(ends),
    "not-in-range": lambda actual, ends: not min(ends) <= actual <= max(ends),
    "in-wrapping-range": _wraps,
    "newer-than": operator.gt,
    "older-than": operator.lt,
}
