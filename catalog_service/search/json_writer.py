"""Writes any search tree in the JSON form, in one way only and with each key once an object."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from catalog_service.search.attributes import ItemKind, clause_name
from catalog_service.search.json_form import OBSERVATION_MATCHES, SAVED
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

_Member = tuple[str, Any]


def write_json(clause: Clause, item: ItemKind) -> str:
    """Return a search in the JSON form; `parse_json` gives the same tree for it."""
    return json.dumps(_object(clause, item), ensure_ascii=False)


def _object(clause: Clause, item: ItemKind) -> dict[str, Any]:
    """Return the object of which all members are to match."""
    clauses = clause.clauses if isinstance(clause, And) else (clause,)
    objects: list[dict[str, Any]] = [{}]
    for key, value in _joined([(inner, _member(inner, item)) for inner in clauses]):
        # A key once an object: the next one goes into another.
        if key in objects[-1]:
            objects.append({})
        objects[-1][key] = value
    return objects[0] if len(objects) == 1 else {"and": objects}


def _joined(members: Sequence[tuple[Clause, _Member]]) -> Iterator[_Member]:
    """Yield members, with neighbours of one key as a list of values where that means both."""
    waiting: list[Any] = []
    for number, (clause, (key, value)) in enumerate(members):
        waiting.append(value)
        following = members[number + 1][1][0] if number + 1 < len(members) else None
        if following == key and _takes_list(clause):
            continue
        yield key, waiting[0] if len(waiting) == 1 else waiting
        waiting = []


def _takes_list(clause: Clause) -> bool:
    """Tell whether a list of values means several clauses; where any value will do, it is one."""
    if isinstance(clause, Comparison):
        return clause.operator != "is-null"
    return isinstance(clause, Saved | ObservationMatches)


def _member(clause: Clause, item: ItemKind) -> _Member:
    match clause:
        case Constant(value):
            return ("always-true" if value else "always-false", True)
        case Comparison(attribute, operator, value):
            return clause_name(item, attribute, operator), _value(attribute, value)
        case Or(clauses):
            return "or", _alternatives(clauses, item)
        case NoneOf(clauses):
            return "none-of", _alternatives(clauses, item)
        case ObservationMatches(inner):
            return OBSERVATION_MATCHES, _object(inner, ItemKind.OBSERVATIONS)
        case Saved(name):
            return SAVED, name
        case And():
            return "and", _object(clause, item)


def _alternatives(clauses: Sequence[Clause], item: ItemKind) -> Any:
    """Return one object of clauses where that can be, else a list of objects."""
    members = [_member(clause, item) for clause in clauses]
    if len({key for key, _value in members}) == len(members) and not any(
        isinstance(clause, And) for clause in clauses
    ):
        return dict(members)
    return [_object(clause, item) for clause in clauses]


def _value(attribute: str, value: Value) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Age):
        # A number is an age where something was put on record, but a date of an observation.
        return value.days if attribute == "create-time" else f"{value.days!r}d"
    return value
