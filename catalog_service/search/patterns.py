"""Patterns: `%` stands for any run of characters, `_` for one; a backslash takes their meaning.

Case counts on both databases. SQLite's own LIKE ignores it, so there a pattern becomes a GLOB.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, TypeDecorator, and_, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from librarian.errors import InvalidRequestError

MAX_PATTERN_CHARACTERS = 1024

_ANY_RUN = "%"
_ANY_ONE = "_"
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class _Wildcard:
    sign: str


_Part = str | _Wildcard


def check_pattern(pattern: str) -> str:
    """Return the pattern unchanged, or raise InvalidRequestError when it can't be used."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise InvalidRequestError(
            f"A pattern has at most {MAX_PATTERN_CHARACTERS:,} characters, this one has "
            f"{len(pattern):,}."
        )
    _parts(pattern)
    return pattern


def matches(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Return the condition that a column matches a pattern; it uses the column's plain index."""
    parts = _parts(pattern)
    prefix = parts[0] if parts and isinstance(parts[0], str) else ""
    if len(parts) == bool(prefix):
        return column == prefix
    like = _Like(column, bindparam(None, pattern, type_=_PatternType()))
    return and_(*_bounds(column, prefix), like)


def _bounds(column: ColumnElement[str], prefix: str) -> list[ColumnElement[bool]]:
    """Say between which texts all lie that begin with the prefix: an index can find those."""
    if not prefix:
        return []
    following = _following_text(prefix)
    return [column >= prefix, column < following] if following else [column >= prefix]


def _following_text(prefix: str) -> str:
    """Return the first text after all that begin with the prefix, or nothing when none is."""
    kept = prefix.rstrip(_LAST_CHARACTER)
    if not kept:
        return ""
    # Half of a surrogate pair is no character of its own.
    code = 0xE000 if kept[-1] == "\ud7ff" else ord(kept[-1]) + 1
    return kept[:-1] + chr(code)


def _parts(pattern: str) -> list[_Part]:
    """Split a pattern into texts and wildcards, with neighbouring texts joined."""
    parts: list[_Part] = []
    characters = iter(pattern)
    for character in characters:
        if character in (_ANY_RUN, _ANY_ONE):
            parts.append(_Wildcard(character))
            continue
        text = _escaped(characters) if character == "\\" else character
        if parts and isinstance(parts[-1], str):
            parts[-1] += text
        else:
            parts.append(text)
    return parts


def _escaped(characters: Any) -> str:
    for character in characters:
        return str(character)
    raise InvalidRequestError(
        "A pattern can't end with one backslash: write two for a backslash itself."
    )


class _PatternType(TypeDecorator[str]):
    """A pattern in the form that the database's own operator takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        parts = _parts(value or "")
        write = _glob_text if dialect.name == "sqlite" else _like_text
        return "".join(write(part) for part in parts)


def _glob_text(part: _Part) -> str:
    if isinstance(part, _Wildcard):
        return "*" if part.sign == _ANY_RUN else "?"
    return "".join(f"[{c}]" if c in "*?[" else c for c in part)


def _like_text(part: _Part) -> str:
    if isinstance(part, _Wildcard):
        return part.sign
    return "".join(f"\\{c}" if c in "%_\\" else c for c in part)


class _Like(FunctionElement[bool]):
    """The database's own case-sensitive match of a column with a pattern."""

    type = Boolean()
    inherit_cache = True


@compiles(_Like)
def _write_like(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return rf"{column} LIKE {pattern} ESCAPE '\'"


@compiles(_Like, "sqlite")
def _write_glob(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} GLOB {pattern}"
