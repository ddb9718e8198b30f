"""Reads JSON as people type it: comments, trailing commas, repeated keys, and places for errors."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NoReturn

from catalog_service.search.limits import (
    MAX_DEPTH,
    MAX_LIST_VALUES,
    check_bare_size,
    check_list_size,
    check_text_size,
    check_values,
    size_bytes,
    too_deep,
)
from catalog_service.search.mistakes import located, shown
from catalog_service.search.tree import Place
from catalog_service.search.values import LARGEST_WHOLE
from librarian.errors import InvalidRequestError

# A group may be a list of objects; the object around all and a list of ranges come to it.
_MAX_BRACKETS = 2 * MAX_DEPTH + 4
# Lists that end sooner are read slowly, and so have the place of each value.
_LONG_LIST_CHARACTERS = 1000

_BLANK = re.compile(r"(?:[ \t\r\n\ufeff]+|#[^\n]*)*+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])")
_WORD = re.compile(r"[^\s\[\]{},:\"#]{1,60}|.", re.DOTALL)
_BEGINS_WITH_TEXT = re.compile(r'\[[ \t\r\n]*"')
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, a number, true, false or null."""

    value: str | int | float | bool | None
    place: Place


@dataclass(frozen=True, slots=True)
class Texts:
    """A long list of nothing but texts, which have no places of their own."""

    texts: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Array:
    """Any other list."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Object:
    """Members in their order, with repeated keys kept."""

    members: tuple[tuple["Key", "Node"], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Key:
    """The name of a member."""

    name: str
    place: Place


Node = Scalar | Texts | Array | Object


def read_json(text: str) -> Node:
    """Return what a text says, or raise InvalidRequestError with the place of what is wrong."""
    check_text_size(text)
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0
        self._list_characters = 0
        self._list_bytes = 0
        # Of all lists together, and the lists in lists.
        self._values = 0
        # Whether a list is being read that turned out not to be one of texts only.
        self._slowly = False
        # A place that was asked for: most are asked for in their order.
        self._known, self._known_line, self._line_start = 0, 1, 0

    def read(self) -> Node:
        """Read all of the text."""
        node = self._value("an object of clauses in braces")
        if self._next():
            self._refuse("the end of the search")
        check_bare_size(size_bytes(self._text) - self._list_bytes)
        return node

    def _place(self, position: int) -> Place:
        if position < self._known:
            self._known, self._known_line, self._line_start = 0, 1, 0
        lines = self._text.count("\n", self._known, position)
        if lines:
            self._known_line += lines
            self._line_start = self._text.rfind("\n", self._known, position) + 1
        self._known = position
        return Place(self._known_line, position - self._line_start + 1)

    def _next(self) -> str:
        """Go to what comes after blanks and comments, and return its first character."""
        blank = _BLANK.match(self._text, self._position)
        self._position = blank.end() if blank else self._position
        return self._text[self._position : self._position + 1]

    def _refuse(self, expected: str) -> NoReturn:
        word = _WORD.match(self._text, self._position)
        found = shown(word.group()) if word else "the end of the search"
        raise located(f"Expected {expected}, not {found}.", self._place(self._position))

    def _value(self, expected: str) -> Node:
        character = self._next()
        start = self._position
        if character == '"':
            return Scalar(self._string(), self._place(start))
        if character == "{":
            return self._nested(self._object)
        if character == "[":
            return self._quick_list() or self._nested(self._list)
        number = _NUMBER.match(self._text, start)
        if number:
            self._position = number.end()
            return Scalar(self._number(number), self._place(start))
        return self._constant(expected)

    def _string(self) -> str:
        start = self._position
        try:
            text, self._position = scanstring(self._text, start + 1, True)
        except json.JSONDecodeError as error:
            raise self._bad_string(start, error) from None
        return str(text)

    def _bad_string(self, start: int, error: json.JSONDecodeError) -> InvalidRequestError:
        if "escape" in error.msg:
            return located(
                'Expected one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0041; write two backslashes '
                "for one.",
                self._place(error.pos),
            )
        return located(
            "Expected a '\"' that ends the text before its line ends.", self._place(start)
        )

    def _number(self, found: re.Match[str]) -> int | float:
        digits, fraction, exponent = found[0], found[1], found[2]
        # Python itself refuses thousands of digits, with an error of its own.
        if (
            not fraction
            and not exponent
            and len(digits) <= 20
            and abs(int(digits)) <= LARGEST_WHOLE
        ):
            return int(digits)
        number = float(digits)
        if math.isinf(number):
            raise located(f"The number {digits[:20]}… is too large.", self._place(found.start()))
        return number

    def _constant(self, expected: str) -> Scalar:
        word = _WORD.match(self._text, self._position)
        if word is None or word.group() not in _CONSTANTS:
            self._refuse(f"{expected}; texts stand in double quotes")
        place = self._place(self._position)
        self._position = word.end()
        return Scalar(_CONSTANTS[word.group()], place)

    def _quick_list(self) -> Texts | None:
        """Return a long list of nothing but texts, read at once; None when it is not one."""
        start = self._position
        if self._slowly or not _BEGINS_WITH_TEXT.match(self._text, start):
            return None
        end = self._text.find("]", start) + 1
        listed = self._text[start:end]
        if len(listed) < _LONG_LIST_CHARACTERS or not _may_be_texts(listed):
            return None
        try:
            texts = json.loads(listed)
        except ValueError:
            return None
        if set(map(type, texts)) != {str}:
            return None
        self._skip_list(start, end)
        place = self._place(start)
        self._count_values(len(texts), place)
        return Texts(tuple(texts), place)

    def _count_values(self, count: int, place: Place) -> None:
        self._values += count
        check_values(self._values, place)

    def _skip_list(self, start: int, end: int) -> None:
        self._position = end
        self._list_characters += end - start
        self._list_bytes += size_bytes(self._text[start:end])

    def _nested(self, read: Callable[[Place], Node]) -> Node:
        place = self._place(self._position)
        if self._depth == _MAX_BRACKETS:
            raise too_deep(place)
        self._depth += 1
        self._position += 1
        node = read(place)
        self._depth -= 1
        return node

    def _list(self, place: Place) -> Array:
        start = self._position - 1
        slowly = self._slowly
        self._slowly = slowly or bool(_BEGINS_WITH_TEXT.match(self._text, start))
        items: list[Node] = []
        while self._next() != "]":
            items.append(self._value("a value or ']'"))
            check_list_size(len(items), items[-1].place)
            self._count_values(1, items[-1].place)
            self._end_of_member("]")
        self._position += 1
        self._slowly = slowly
        if all(isinstance(item, Scalar) for item in items):
            self._skip_list(start, self._position)
        return Array(tuple(items), place)

    def _object(self, place: Place) -> Object:
        members: list[tuple[Key, Node]] = []
        while (character := self._next()) != "}":
            if character != '"':
                self._refuse("the name of a clause in double quotes, or '}'")
            place_of_key = self._place(self._position)
            key = Key(self._string(), place_of_key)
            if self._next() != ":":
                self._refuse(f"':' after {shown(key.name)}")
            self._position += 1
            members.append((key, self._value("a value")))
            # What is far too long is not read to its end.
            check_bare_size(self._position - self._list_characters)
            self._end_of_member("}")
        self._position += 1
        return Object(tuple(members), place)

    def _end_of_member(self, bracket: str) -> None:
        character = self._next()
        if character == ",":
            self._position += 1
        elif character != bracket:
            self._refuse(f"',' or '{bracket}'")


def _may_be_texts(listed: str) -> bool:
    """Tell whether a list has no more values than it may, and no lists or objects.

    Of a few million values, read at once, Python would make a gigabyte before any were counted.
    """
    nests = "{" in listed or "[" in listed[1:]
    return not nests and listed.count(",") < MAX_LIST_VALUES
