"""What a search means, as a tree: the same whatever form it was written in."""

from dataclasses import dataclass

Value = str | int | float


@dataclass(frozen=True)
class Constant:
    """Matches everything or nothing."""

    value: bool


@dataclass(frozen=True)
class Comparison:
    """Compares an attribute with a value; an attribute that is not known never matches."""

    attribute: str
    operator: str
    value: Value


@dataclass(frozen=True)
class And:
    """Matches what all of the clauses match."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True)
class Or:
    """Matches what at least one of the clauses matches."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True)
class NoneOf:
    """Matches what each of the clauses is known not to match."""

    clauses: tuple["Clause", ...]


Clause = Constant | Comparison | And | Or | NoneOf
