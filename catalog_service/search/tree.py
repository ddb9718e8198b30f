"""What a search means, as a tree: the same whatever form it was written in."""

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

    The attributes, operators and values are those of `attributes.py`.
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
