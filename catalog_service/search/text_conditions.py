"""Texts in SQL: what each comparison of a text means to SQLite and to PostgreSQL.

Case counts. SQLite's own LIKE takes the letters of ASCII alike in both cases, so it serves for
what matches in any case, and other patterns become a GLOB there.
"""

import json
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, TypeDecorator, and_, bindparam, not_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from catalog_service.search.patterns import ANY_RUN, Part, Wildcard, pattern_parts
from catalog_service.sqlite_functions import MATCHES_REGEX

_LAST_CHARACTER = "\U0010ffff"


def text_condition(
    column: ColumnElement[str], operator: str, value: Any, *, negated: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a text compares, or is known not to."""
    found = _positive(column, operator.replace("is-not", "is-exactly"), value)
    return not_(found) if negated != (operator == "is-not") else found


def matches(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Return the condition that a column matches a pattern; it uses the column's plain index."""
    parts = pattern_parts(pattern)
    prefix = parts[0] if parts and isinstance(parts[0], str) else ""
    if len(parts) == bool(prefix):
        return column == prefix
    like = _Like(column, bindparam(None, pattern, type_=_PatternType()))
    return and_(*_bounds(column, prefix), like)


def is_one_of(column: Any, values: tuple[str, ...] | tuple[float, ...]) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values, with one parameter."""
    written = _OneNumberOf if values and isinstance(values[0], float) else _OneOf
    return written(column, bindparam(None, list(values), type_=_ListType()))


def _positive(column: ColumnElement[str], operator: str, value: Any) -> ColumnElement[bool]:
    match operator:
        case "is-exactly":
            equal: ColumnElement[bool] = column == value
            return equal
        case "in":
            return is_one_of(column, value)
        case "matches":
            return matches(column, value)
        case "matches-any-case":
            return _AnyCaseLike(column, bindparam(None, value, type_=_AnyCasePatternType()))
        case "matches-regex":
            return _Regex(column, bindparam(None, value, type_=Text()))
    raise ValueError(f"No condition is known for the operator {operator!r} on a text.")


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


class _AnyCasePatternType(TypeDecorator[str]):
    """A pattern in the form that LIKE takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        return "".join(map(_like_text, pattern_parts(value or "")))


class _PatternType(TypeDecorator[str]):
    """A pattern in the form that the database's own case-sensitive operator takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        write = _glob_text if dialect.name == "sqlite" else _like_text
        return "".join(map(write, pattern_parts(value or "")))


def _glob_text(part: Part) -> str:
    if isinstance(part, Wildcard):
        return "*" if part.sign == ANY_RUN else "?"
    return "".join(f"[{c}]" if c in "*?[" else c for c in part)


def _like_text(part: Part) -> str:
    if isinstance(part, Wildcard):
        return part.sign
    return "".join(f"\\{c}" if c in "%_\\" else c for c in part)


class _ListType(TypeDecorator[list[Any]]):
    """Many values as one text: a JSON list on SQLite, an array's text on PostgreSQL.

    The latter is read many times faster than an array of as many literals.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> str:
        values = value or []
        if dialect.name == "sqlite":
            return json.dumps(values)
        return "{" + ",".join(map(_array_text, values)) + "}"


def _array_text(text: str | float) -> str:
    if isinstance(text, float):
        return repr(text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _TextOperator(FunctionElement[bool]):
    """A comparison of a column with one value, which each database writes in its own way."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_TextOperator":
        """Return it as it is: SQLAlchemy would add `= 1` on SQLite, which then uses no index."""
        return self


class _Like(_TextOperator):
    inherit_cache = True


class _AnyCaseLike(_TextOperator):
    inherit_cache = True


class _Regex(_TextOperator):
    inherit_cache = True


class _OneOf(_TextOperator):
    inherit_cache = True


class _OneNumberOf(_TextOperator):
    inherit_cache = True


_WRITTEN: dict[type[_TextOperator], tuple[str, str]] = {
    _Like: (r"({0} LIKE {1} ESCAPE '\')", "({0} GLOB {1})"),
    _AnyCaseLike: (r"({0} ILIKE {1} ESCAPE '\')", r"({0} LIKE {1} ESCAPE '\')"),
    _Regex: ("({0} ~ {1})", MATCHES_REGEX + "({0}, {1})"),
    _OneNumberOf: (
        "({0} = ANY (CAST({1} AS double precision[])))",
        "({0} IN (SELECT value FROM json_each({1})))",
    ),
    _OneOf: ("({0} = ANY (CAST({1} AS text[])))", "({0} IN (SELECT value FROM json_each({1})))"),
}


@compiles(_TextOperator)
def _write(element: _TextOperator, compiler: SQLCompiler, **options: Any) -> str:
    on_postgresql, on_sqlite = _WRITTEN[type(element)]
    form = on_sqlite if compiler.dialect.name == "sqlite" else on_postgresql
    return form.format(*(compiler.process(part, **options) for part in element.clauses))
