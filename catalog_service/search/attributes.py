"""What can be searched, and by which clauses: the language grows by rows of these tables."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from catalog_service.tables import File


class Kind(Enum):
    """The kind of value that a clause takes, in the words of its error message."""

    TEXT = "a text in quotes"
    PATTERN = "a pattern in quotes"
    WHOLE_NUMBER = "a whole number"
    NUMBER = "a number"


@dataclass(frozen=True)
class ClauseForm:
    """A clause that compares an attribute, and the kind of value it takes."""

    attribute: str
    operator: str
    kind: Kind


COLUMN_BY_ATTRIBUTE: dict[str, InstrumentedAttribute[Any]] = {
    "name": File.name,
    "type": File.type,
    "obsid": File.obsid,
    "size": File.size_bytes,
    "create-time": File.create_time,
}

FORM_BY_CLAUSE = {
    "name-matches": ClauseForm("name", "matches", Kind.PATTERN),
    "name-is-exactly": ClauseForm("name", "is-exactly", Kind.TEXT),
    "type-is-exactly": ClauseForm("type", "is-exactly", Kind.TEXT),
    "obsid-is-exactly": ClauseForm("obsid", "is-exactly", Kind.WHOLE_NUMBER),
    "size-greater-than": ClauseForm("size", "greater-than", Kind.NUMBER),
    "not-older-than": ClauseForm("create-time", "not-older-than", Kind.NUMBER),
}

# Names that the predecessor's users know.
CLAUSE_BY_ALIAS = {"name-like": "name-matches"}
