"""Writes any search tree in the text form, as short as reads back to the same tree."""

import re
from collections.abc import Iterator

from catalog_service.search.attributes import METADATA_PREFIX, ItemKind, clause_name
from catalog_service.search.patterns import Wildcard, pattern_parts
from catalog_service.search.text_form import parse_text
from catalog_service.search.text_keys import Key, Shape, find_short
from catalog_service.search.text_numbers import write_exactly, write_numbers
from catalog_service.search.tree import (
    And,
    Clause,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
    Saved,
    Scalar,
)
from librarian.errors import InvalidRequestError

_BARE = re.compile(r"[\w./+-]+")
_BARE_NAME = re.compile(r"(?!(?:true|false)$)[A-Za-z]\w*", re.IGNORECASE)
_TEXT_SIGNS = {"is-exactly": "", "is-not": "!="}


def write_text(clause: Clause, item: ItemKind) -> str:
    """Return a search in the text form; `parse_text` gives the same tree for it."""
    match clause:
        case And(clauses):
            return " ".join(_term(inner, item) for inner in clauses)
        case Or(clauses):
            return " or ".join(_term(inner, item) for inner in clauses)
        case _:
            return _term(clause, item)


def _term(clause: Clause, item: ItemKind) -> str:
    """Write a clause so that it can stand beside others."""
    match clause:
        case Constant(value):
            return "always-true" if value else "always-false"
        case NoneOf(clauses):
            several = " or ".join(_term(inner, item) for inner in clauses)
            return f"-{several}" if len(clauses) == 1 else f"-({several})"
        case ObservationMatches(inner):
            return f"obs:({write_text(inner, ItemKind.OBSERVATIONS)})"
        case Saved(name):
            return f"@{_quoted(name)}"
        case Comparison():
            return _write_comparison(clause, item)
        case And() | Or():
            return f"({write_text(clause, item)})"


def _write_comparison(comparison: Comparison, item: ItemKind) -> str:
    if comparison.operator == "in":
        return _write_list(comparison)
    for text in _candidates(comparison, item):
        try:
            if parse_text(text, item) == comparison:
                return text
        except InvalidRequestError:
            # What is short for most values says nothing for this one.
            continue
    name = clause_name(item, comparison.attribute, comparison.operator)
    return f"{name}:{_full_value(comparison)}"


def _write_list(comparison: Comparison) -> str:
    values = comparison.value if isinstance(comparison.value, tuple) else ()
    write = _scalar if comparison.attribute.startswith(METADATA_PREFIX) else _any_quoted
    return f"{comparison.attribute}:in({' '.join(write(value) for value in values)})"


def _candidates(comparison: Comparison, item: ItemKind) -> Iterator[str]:
    """Yield the short ways to write a comparison, the best first; some may mean something else."""
    found = find_short(item, comparison.attribute, comparison.operator)
    if found is None:
        return
    name, key = found
    if comparison.operator == "is-null":
        yield f"{name}:none"
    if key.shape in (Shape.TEXT, Shape.PATTERN, Shape.FIXED):
        values = _texts(key, comparison)
    elif key.shape is Shape.METADATA:
        values = _metadata(key, comparison)
    else:
        values = write_numbers(key, comparison)
    for value in values:
        yield f"{name}:{value}"


def _texts(key: Key, comparison: Comparison) -> Iterator[str]:
    text = str(comparison.value)
    if comparison.operator in ("matches", "matches-any-case"):
        yield _glob(text)
    elif comparison.operator == "matches-regex":
        yield f"~{_quoted(text)}"
    else:
        yield f"{_TEXT_SIGNS.get(comparison.operator, '')}{_quoted(text)}"


def _metadata(key: Key, comparison: Comparison) -> Iterator[str]:
    if comparison.operator.startswith("matches"):
        yield from _texts(key, comparison)
    elif comparison.operator in _TEXT_SIGNS and not isinstance(comparison.value, tuple):
        yield f"{_TEXT_SIGNS[comparison.operator]}{_scalar(comparison.value)}"
    else:
        yield from write_numbers(key, comparison, _scalar)


def _glob(pattern: str) -> str:
    return "".join(
        {"%": "*", "_": "?"}[part.sign] if isinstance(part, Wildcard) else _quoted(part)
        for part in pattern_parts(pattern)
    )


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if _BARE_NAME.fullmatch(value) else _in_quotes(value)
    return repr(value)


def _any_quoted(value: Scalar) -> str:
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Write a text bare where it has no sign that means something, else in quotes."""
    return text if _BARE.fullmatch(text) else _in_quotes(text)


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _full_value(comparison: Comparison) -> str:
    value = comparison.value
    if isinstance(value, str):
        return _in_quotes(value)
    return write_exactly(value)
