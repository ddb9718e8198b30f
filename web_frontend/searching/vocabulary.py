"""What the builder offers to choose from: the language's clauses, and shorthands of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from librarian.client.records import MetadataKey
from librarian.client.search_attributes import (
    RANGES,
    Attribute,
    Operator,
    Unit,
    ValueKind,
    search_attributes,
)
from librarian.client.searches import ItemKind


class Shorthand(Enum):
    """What people say of an attribute, and the language with more than one word."""

    CONTAINS = "contains"
    BEGINS = "begins with"
    # From the start of one day to the end of another, or of the same.
    DAYS = "is on the days from … to"
    WITHIN = "is within the last"


SAVED_SEARCH = "saved-search"


@dataclass(frozen=True, slots=True)
class Choice:
    """One comparison that a row can make."""

    clause: str
    label: str
    attribute: str
    form: ValueKind | Shorthand
    unit: Unit
    example: str

    @property
    def input_type(self) -> str:
        """What a browser shall help to type: text, a date, a number, or nothing at all."""
        match self.form:
            case Shorthand.DAYS | ValueKind.DATE | ValueKind.DATE_RANGE:
                return "date"
            case ValueKind.NOTHING:
                return "none"
            case _:
                return "text"

    @property
    def has_second(self) -> bool:
        """Whether a row has two values."""
        return self.form is Shorthand.DAYS or self.form in RANGES


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """The comparisons of one attribute."""

    label: str
    choices: tuple[Choice, ...]


class Vocabulary:
    """All that the rows of one kind of search can say."""

    def __init__(self, item_kind: ItemKind, metadata_keys: Iterable[MetadataKey] = ()) -> None:
        attributes = [*search_attributes(item_kind, metadata_keys), _SAVED]
        self.groups = [
            ChoiceGroup(attribute.label, tuple(_choices(attribute))) for attribute in attributes
        ]
        self._choices = {choice.clause: choice for group in self.groups for choice in group.choices}

    def find(self, clause: str) -> Choice | None:
        """Return a comparison by its clause, or None when there is none."""
        return self._choices.get(clause)

    def shorthand(self, attribute: str, shorthand: Shorthand) -> Choice | None:
        """Return the shorthand of an attribute, where it has that one."""
        return self.find(shorthand_clause(attribute, shorthand))


def shorthand_clause(attribute: str, shorthand: Shorthand) -> str:
    """Return the name by which a row calls a shorthand; it is no clause of the language."""
    return f"{attribute}:{shorthand.name.lower()}"


_SAVED = Attribute(
    SAVED_SEARCH,
    "Saved search",
    (Operator(SAVED_SEARCH, "is found by", ValueKind.TEXT),),
    "its name",
)


def _choices(attribute: Attribute) -> Iterator[Choice]:
    """Yield the shorthands first: they are what most people mean."""
    kinds = {operator.value for operator in attribute.operators}
    for shorthand in _shorthands(kinds):
        yield Choice(
            shorthand_clause(attribute.name, shorthand),
            shorthand.value,
            attribute.name,
            shorthand,
            attribute.unit,
            "3d" if shorthand is Shorthand.WITHIN else attribute.example,
        )
    for operator in attribute.operators:
        yield Choice(
            operator.clause,
            operator.label,
            attribute.name,
            operator.value,
            attribute.unit,
            attribute.example,
        )


def _shorthands(kinds: set[ValueKind]) -> list[Shorthand]:
    if ValueKind.PATTERN in kinds:
        return [Shorthand.CONTAINS, Shorthand.BEGINS]
    if kinds & {ValueKind.TIME, ValueKind.MOMENT}:
        return [Shorthand.DAYS, Shorthand.WITHIN]
    return []
