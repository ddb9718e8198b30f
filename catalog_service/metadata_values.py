"""Custom metadata in SQL: one expression of a key's value, for its index and for searches by it.

A file's metadata are one JSON object. SQLite and PostgreSQL use the index of an expression only
for the very same expression, so this is the one place that writes it. The name of the key stands
in it as a literal, which is safe: it comes from the table of keys and is letters, digits and `_`.
"""

import re
from enum import Enum
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Double, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from catalog_service.tables import File

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class MetadataType(Enum):
    """The type of all values of a metadata key."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    # In JSON as text, `2018-10-01T00:00:00.000000Z`: its order is that of time.
    TIME = "TIME"


def is_key_name(name: str) -> bool:
    """Tell whether a metadata key may have that name."""
    return _NAME.fullmatch(name) is not None


def value_column(key_name: str, type: MetadataType) -> ColumnElement[Any]:
    """Return the value that a file has for a key, which is null when it has none.

    A number is a double, a truth value is one of SQL's, texts and times are texts that compare by
    their bytes.
    """
    if not is_key_name(key_name):
        raise ValueError(f"{key_name!r} cannot be the name of a metadata key.")
    return _VALUES[type](File.custom, key_name)


class _Value(FunctionElement[Any]):
    """What the JSON object in a column has for a key."""

    inherit_cache = True

    def __init__(self, column: Any, key_name: str) -> None:
        super().__init__(column, _KeyName(key_name))

    def self_group(self, against: Any = None) -> "_Value":
        """Return it as it is: SQLAlchemy would add `= 1` to truth values on SQLite."""
        return self


class _KeyName(ColumnElement[str]):
    """The name of a key, as a literal."""

    inherit_cache = False
    type = Text()

    def __init__(self, key_name: str) -> None:
        self.key_name = key_name


class _TextValue(_Value):
    inherit_cache = True
    type = Text()


class _NumberValue(_Value):
    inherit_cache = True
    type = Double()


class _BooleanValue(_Value):
    inherit_cache = True
    type = Boolean()


_VALUES: dict[MetadataType, type[_Value]] = {
    MetadataType.TEXT: _TextValue,
    MetadataType.NUMBER: _NumberValue,
    MetadataType.BOOLEAN: _BooleanValue,
    MetadataType.TIME: _TextValue,
}


@compiles(_KeyName)
def _write_key_name(element: _KeyName, compiler: SQLCompiler, **options: Any) -> str:
    return f"'{element.key_name}'"


@compiles(_KeyName, "sqlite")
def _write_json_path(element: _KeyName, compiler: SQLCompiler, **options: Any) -> str:
    return f"'$.{element.key_name}'"


def _written(element: _Value, compiler: SQLCompiler, options: dict[str, Any]) -> tuple[str, ...]:
    return tuple(compiler.process(clause, **options) for clause in element.clauses)


@compiles(_Value, "sqlite")
def _write_on_sqlite(element: _Value, compiler: SQLCompiler, **options: Any) -> str:
    return "json_extract({}, {})".format(*_written(element, compiler, options))


@compiles(_TextValue, "postgresql")
def _write_text(element: _TextValue, compiler: SQLCompiler, **options: Any) -> str:
    return '(({} ->> {}) COLLATE "C")'.format(*_written(element, compiler, options))


@compiles(_NumberValue, "postgresql")
def _write_number(element: _NumberValue, compiler: SQLCompiler, **options: Any) -> str:
    return "(({} ->> {})::double precision)".format(*_written(element, compiler, options))


@compiles(_BooleanValue, "postgresql")
def _write_boolean(element: _BooleanValue, compiler: SQLCompiler, **options: Any) -> str:
    return "(({} ->> {})::boolean)".format(*_written(element, compiler, options))
