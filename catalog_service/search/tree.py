"""What a search means, as a tree: the same whatever form it was written in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text something stands: line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Age:
    """A moment that many days before the search."""

    days: float


Scalar = str | int | float | bool
Value = Scalar | datetime | Age | tuple[float, float] | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """Matches everything or nothing."""

    value: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares an attribute with a value; an attribute that is not known never matches.

    The attributes, operators and values are those of `attributes.py`; Julian dates are floats, or
    an Age, which stands for the Julian date so many days before the search.
    """

    attribute: str
    operator: str
    value: Value
    # Where its value stands, for errors that only the catalogue can find.
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Matches what all of the clauses match."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Matches what at least one of the clauses matches."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Matches what each of the clauses is known not to match."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class ObservationMatches:
    """Matches files whose observation matches a search of observations."""

    clause: "Clause"


@dataclass(frozen=True, slots=True)
class Saved:
    """Stands for a saved search, `name` or `owner/name`."""

    name: str
    place: Place | None = field(default=None, compare=False)


Clause = Constant | Comparison | And | Or | NoneOf | ObservationMatches | Saved


# A tree has one form: groups of one clause are that clause, groups within groups of their own kind
# are one group, and what is not to match one of several is one list. Parsers build it by these.
def all_of(clauses: Iterable[Clause]) -> Clause:
    """Return the clause that matches what all of the clauses match."""
    kept = _flattened(And, clauses)
    return kept[0] if len(kept) == 1 else And(kept)


def any_of(clauses: Iterable[Clause]) -> Clause:
    """Return the clause that matches what at least one of the clauses matches."""
    kept = _flattened(Or, clauses)
    return kept[0] if len(kept) == 1 else Or(kept)


def none_of(clauses: Iterable[Clause]) -> Clause:
    """Return the clause that matches what each of the clauses is known not to match."""
    return NoneOf(_flattened(Or, clauses))


def _flattened(group: type[And] | type[Or], clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    return tuple(
        inner
        for clause in clauses
        for inner in (clause.clauses if isinstance(clause, group) else (clause,))
    )
