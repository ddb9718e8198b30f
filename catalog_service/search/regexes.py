r"""Regular expressions: the part of their language that means one thing everywhere.

PostgreSQL, RE2 (for SQLite) and Python read what is taken here alike; where they differ, as on
`\b` or `\s`, the expression is refused. Case counts, `.` is any character, `^` and `$` are the
ends of the text, and `\d` and `\w` are of ASCII. An expression may match any part of the text.
"""

import re
from typing import NoReturn

from catalog_service.search.limits import MAX_PATTERN_CHARACTERS
from catalog_service.search.mistakes import located, shown
from catalog_service.search.tree import Place

_MAX_GROUPS_DEEP = 32
_MAX_REPEATS = 255
# An expression with its repeats written out; the engines build as many states.
_MAX_WRITTEN_OUT = 2000

_REPEAT = re.compile(r"\{([0-9]{1,5})(?:(,)([0-9]{1,5})?)?\}")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~ ")
_CLASSES = frozenset("dwDW")
_CLASSES_IN_BRACKETS = frozenset("dw")
_CONTROLS = frozenset("tnr")


class _Fault(Exception):
    """What is wrong with an expression, in words."""


def check_regex(text: str, place: Place) -> str:
    """Return a regular expression unchanged, or raise InvalidRequestError when it can't be used."""
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise located(
            f"A regular expression has at most {MAX_PATTERN_CHARACTERS:,} characters, this one "
            f"has {len(text):,}.",
            place,
        )
    reader = _Reader(text)
    try:
        reader.read()
    except _Fault as fault:
        raise located(
            f"The regular expression {shown(text)} can't be used: {fault}, after "
            f"{reader.position} of its characters.",
            place,
        ) from None
    return text


class _Reader:
    """Reads an expression from left to right; deep groups take no deep calls."""

    def __init__(self, text: str) -> None:
        self.position = 0
        self._text = text
        # The size, with repeats written out, of each open group; and of what was read last, or
        # nothing where no repeat can stand.
        self._sizes = [0]
        self._last: int | None = None

    def read(self) -> None:
        """Read all of the expression."""
        while self.position < len(self._text):
            self._read_one(self._text[self.position])
            self._check_size()
        if len(self._sizes) > 1:
            raise _Fault("a ')' is missing")

    def _read_one(self, character: str) -> None:
        if character in "]}":
            self._refuse_plain(character)
        elif character in "*+?":
            self._repeat(1, 1)
        elif character in "|^$":
            self._last = None
            self.position += 1
        else:
            {
                "(": self._open,
                ")": self._close,
                "[": self._read_brackets,
                "{": self._read_counts,
                "\\": self._read_escaped,
            }.get(character, self._read_plain)()

    def _read_plain(self) -> None:
        self.position += 1
        self._end_atom(1)

    def _read_escaped(self) -> None:
        self._read_escape(_CLASSES)
        self._end_atom(1)

    def _end_atom(self, size: int) -> None:
        self._last = size
        self._sizes[-1] += size

    def _check_size(self) -> None:
        if sum(self._sizes) > _MAX_WRITTEN_OUT:
            raise _Fault(
                f"with its counted repeats written out it has more than {_MAX_WRITTEN_OUT:,} parts"
            )

    def _open(self) -> None:
        opening = "(?:" if self._text.startswith("(?:", self.position) else "("
        if self._text.startswith("(?", self.position) and opening == "(":
            raise _Fault("of what begins with '(?' only '(?:' is known")
        if len(self._sizes) > _MAX_GROUPS_DEEP:
            raise _Fault(f"its groups nest more than {_MAX_GROUPS_DEEP} deep")
        self.position += len(opening)
        self._sizes.append(1)
        self._last = None

    def _close(self) -> None:
        if len(self._sizes) == 1:
            raise _Fault("a ')' has no '(' before it, write '\\)' for the character")
        self.position += 1
        self._end_atom(self._sizes.pop())

    def _read_counts(self) -> None:
        found = _REPEAT.match(self._text, self.position)
        if not found:
            self._refuse_plain("{")
        least, comma, most = found.groups()
        largest = int(most or least)
        if max(int(least), largest) > _MAX_REPEATS or int(least) > largest:
            raise _Fault(f"a repeat counts up from 0 to {_MAX_REPEATS} at most")
        self._repeat(len(found.group()), max(largest, 1) + (comma is not None and most is None))

    def _repeat(self, length: int, times: int) -> None:
        if self._last is None:
            raise _Fault("a repeat has nothing before it that could be repeated")
        self._sizes[-1] += self._last * (times - 1)
        self._last = None
        self.position += length
        # A repeat that takes as little as possible finds the same texts.
        if self._text.startswith("?", self.position):
            self.position += 1

    def _read_escape(self, classes: frozenset[str]) -> str:
        following = self._text[self.position + 1 : self.position + 2]
        if not following:
            raise _Fault("it ends with a backslash, write two for the character itself")
        if following not in classes | _CONTROLS | _PUNCTUATION:
            raise _Fault(f"'\\{following}' does not mean the same everywhere")
        self.position += 2
        return following

    def _read_brackets(self) -> None:
        self.position += 2 if self._text.startswith("[^", self.position) else 1
        start = self.position
        while not self._text.startswith("]", self.position):
            self._read_bracket_part(start)
        if self.position == start:
            raise _Fault("brackets can't be empty, write '\\]' for the character")
        self.position += 1
        self._end_atom(1)

    def _read_bracket_part(self, start: int) -> None:
        first = self._read_in_brackets(start)
        # A dash right before the closing bracket is a dash.
        if not self._text.startswith("-", self.position) or self._text.startswith(
            "-]", self.position
        ):
            return
        self.position += 1
        last = self._read_in_brackets(start)
        if len(first) != 1 or len(last) != 1 or first > last:
            raise _Fault("a range in brackets goes from one character up to another")

    def _read_in_brackets(self, start: int) -> str:
        r"""Return the next character in brackets, or two when it is a class such as `\d`."""
        character = self._text[self.position : self.position + 1]
        if not character:
            raise _Fault("a ']' is missing")
        if character == "\\":
            return self._read_escaped_in_brackets()
        dash_inside = character == "-" and self.position > start
        if character == "[" or (dash_inside and self._text[self.position + 1 :][:1] != "]"):
            raise _Fault(f"write '\\{character}' for the character in brackets")
        self.position += 1
        return character

    def _read_escaped_in_brackets(self) -> str:
        escaped = self._read_escape(_CLASSES_IN_BRACKETS)
        if escaped in _CLASSES_IN_BRACKETS:
            return f"\\{escaped}"
        return {"t": "\t", "n": "\n", "r": "\r"}.get(escaped, escaped)

    def _refuse_plain(self, character: str) -> NoReturn:
        raise _Fault(f"write '\\{character}' for the character")
