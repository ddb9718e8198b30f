"""Tree to SQL: each value a person typed is bound, none becomes a part of a statement.

Negation is pushed down to the comparisons, where what is not known matches neither a comparison
nor its contrary: so it needs no third truth value in SQL, and its indexes serve both.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from catalog_service.search.attributes import ItemKind
from catalog_service.search.file_conditions import OF_OBSERVATION, file_condition
from catalog_service.search.lookups import Lookups
from catalog_service.search.observation_conditions import observation_condition, session_condition
from catalog_service.search.tree import (
    And,
    Clause,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
    Saved,
)
from catalog_service.tables import File, Observation

Group = And | Or | NoneOf


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition on the item's table, or on that of a file's observation."""

    expression: ColumnElement[bool]
    of_observation: bool = False


def condition(clause: Clause, item: ItemKind, lookups: Lookups) -> ColumnElement[bool]:
    """Return the condition on the item's table that a tree without saved searches means."""
    return _on_item(_part(clause, item, lookups, negated=False))


def _part(clause: Clause, item: ItemKind, lookups: Lookups, *, negated: bool) -> _Part:
    if isinstance(clause, Constant):
        return _Part(true() if clause.value != negated else false())
    if isinstance(clause, Comparison):
        return _comparison(clause, item, lookups, negated=negated)
    if isinstance(clause, ObservationMatches):
        inner = _part(clause.clause, ItemKind.OBSERVATIONS, lookups, negated=negated)
        return _Part(inner.expression, of_observation=True)
    if isinstance(clause, Saved):
        raise ValueError(f"The saved search {clause.name!r} was not expanded.")
    is_and = _joins_by_and(clause, negated=negated)
    members = _members(clause, negated=negated, is_and=is_and)
    parts = [_part(inner, item, lookups, negated=inverse) for inner, inverse in members]
    return _joined(_all if is_and else _any, parts)


def _joins_by_and(group: Group, *, negated: bool) -> bool:
    """Say whether a group means "and": none of several is the contrary of each."""
    return isinstance(group, Or) if negated else isinstance(group, And | NoneOf)


def _members(group: Group, *, negated: bool, is_and: bool) -> Iterator[tuple[Clause, bool]]:
    """Yield what a group joins, and whether negated; also of groups in it that join alike."""
    inverse = negated != isinstance(group, NoneOf)
    for inner in group.clauses:
        if isinstance(inner, Group) and _joins_by_and(inner, negated=inverse) == is_and:
            yield from _members(inner, negated=inverse, is_and=is_and)
        else:
            yield inner, inverse


def _all(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    return and_(true(), *conditions)


def _any(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(false(), *conditions)


def _joined(
    join: Callable[[Iterable[ColumnElement[bool]]], ColumnElement[bool]], parts: list[_Part]
) -> _Part:
    """Join conditions; those on the observation go side by side into one look at it."""
    on_observation = [part.expression for part in parts if part.of_observation]
    conditions = [part.expression for part in parts if not part.of_observation]
    if on_observation and not conditions:
        return _Part(join(on_observation), of_observation=True)
    if on_observation:
        conditions.append(_on_item(_Part(join(on_observation), of_observation=True)))
    return _Part(join(conditions))


def _on_item(part: _Part) -> ColumnElement[bool]:
    if not part.of_observation:
        return part.expression
    found = select(Observation.obsid).where(part.expression).correlate(None)
    matching: ColumnElement[bool] = File.obsid.in_(found)
    return matching


def _comparison(clause: Comparison, item: ItemKind, lookups: Lookups, *, negated: bool) -> _Part:
    of_observation = item is ItemKind.FILES and clause.attribute in OF_OBSERVATION
    options: dict[str, Any] = {"negated": negated}
    if item is ItemKind.FILES and not of_observation:
        return _Part(file_condition(clause, lookups=lookups, **options))
    write = session_condition if item is ItemKind.SESSIONS else observation_condition
    return _Part(write(clause, now=lookups.now, **options), of_observation)
