"""The words, brackets and quotes that the text form of a search is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from catalog_service.search.limits import (
    MAX_LIST_VALUES,
    check_bare_size,
    check_list_size,
    check_values,
    size_bytes,
)
from catalog_service.search.mistakes import located
from catalog_service.search.tree import Place
from librarian.errors import InvalidRequestError

# Nothing here ever goes back, which takes memory and time for each character of a long text.
# Within a word, `#` is a character like any other: names may have it.
_BLANK = re.compile(r"(?:\s++|#[^\n]*+)++")
_PIECE = re.compile(
    r'(?P<plain>[^\s()"\\]++)|\\(?P<escaped>.)|"(?P<quoted>(?:[^"\\]++|\\.)*+)"', re.DOTALL
)
_ESCAPE = re.compile(r'\\(["\\])')
_BARRED = re.compile("[\0\ud800-\udfff]")
# What most lists are made of, read at once: items in quotes or without signs, between blanks.
_LIST = re.compile(r'\s*+(?:(?:"[^"\\]*+"|[\w./+-]++)\s++)*+(?:"[^"\\]*+"|[\w./+-]++)?+\s*+\)')
_LIST_ITEM = re.compile(r'"([^"]*)"|([\w./+-]+)')


class Writing(Enum):
    """How a piece of a word is written."""

    PLAIN = "plain"
    # One character after a backslash.
    ESCAPED = "escaped"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a word, written in one way."""

    text: str
    writing: Writing
    offset: int


# An item of a list: what it is in quotes, else what it is without.
ListItem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """A bracket, a minus, a word of pieces, or the end, which has neither sign nor pieces."""

    sign: str
    pieces: tuple[Piece, ...]
    offset: int
    end: int

    @property
    def word(self) -> str:
        """The word, when it is written plainly; its letters are small."""
        plain = len(self.pieces) == 1 and self.pieces[0].writing is Writing.PLAIN
        return self.pieces[0].text.lower() if plain else ""


class TokenReader:
    """Reads a text token by token; `token` is the one to be read next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        # Bytes of lists, which the limit on the length of a search leaves out.
        self.listed_bytes = 0
        self._listed_values = 0
        # Up to where lines are counted, how many those are, and where the last of them begins.
        self._counted, self._line, self._line_start = 0, 1, 0
        barred = _BARRED.search(text)
        if barred:
            raise self.mistake("No text can have this character: leave it out.", barred.start())
        # Editors on Windows put U+FEFF before a text.
        self.token = self._read(1 if text.startswith("\ufeff") else 0)

    def take(self) -> Token:
        """Return the token and go on to the next."""
        taken = self.token
        self.token = self._read(taken.end)
        return taken

    def is_list(self, token: Token) -> bool:
        """Tell whether a bracket follows the token without a blank between."""
        return self._text.startswith("(", token.end)

    def place(self, offset: int) -> Place:
        """Return the line and column of a character."""
        if offset < self._counted:
            self._counted, self._line, self._line_start = 0, 1, 0
        # Goes on from the last place: a long list before many clauses is not read for each.
        more = self._text.count("\n", self._counted, offset)
        if more:
            self._line += more
            self._line_start = self._text.rindex("\n", self._counted, offset) + 1
        self._counted = offset
        return Place(self._line, offset - self._line_start + 1)

    def mistake(self, message: str, offset: int) -> InvalidRequestError:
        """Return the error of something wrong at a character."""
        return located(message, self.place(offset))

    def take_list(self) -> list[ListItem]:
        """Read the list whose bracket is next, and go on after it."""
        opening = self.token.offset
        simple = _LIST.match(self._text, opening + 1)
        found = _simple_items(simple.group()) if simple else self._take_items(opening)
        items = list(islice(found, MAX_LIST_VALUES + 1))
        check_list_size(len(items), self.place(opening))
        self._listed_values += len(items)
        check_values(self._listed_values, self.place(opening))
        end = simple.end() if simple else self.token.end
        self.listed_bytes += size_bytes(self._text[opening:end])
        self.token = self._read(end)
        return items

    def _take_items(self, opening: int) -> Iterator[ListItem]:
        self.token = self._read_item(opening + 1)
        while self.token.sign != ")":
            if not self.token.pieces:
                raise self.mistake(
                    "A list has texts and a closing bracket: put other signs in quotes.",
                    self.token.offset if self.token.sign else opening,
                )
            yield self._item(self.token)
            self.token = self._read_item(self.token.end)

    def _read_item(self, start: int) -> Token:
        token = self._read(start)
        # In a list nothing is denied: a minus is the sign of a number, or a part of a text.
        if token.sign == "-":
            return Token("", tuple(self._pieces(token.offset)), token.offset, self._end)
        return token

    def _item(self, token: Token) -> ListItem:
        text = "".join(piece.text for piece in token.pieces)
        plain = all(piece.writing is Writing.PLAIN for piece in token.pieces)
        if any(set("*?%") & set(p.text) for p in token.pieces if p.writing is Writing.PLAIN):
            raise self.mistake(
                "A list has no wildcards; in quotes they mean themselves.", token.offset
            )
        return ("", text) if plain else (text, "")

    def _read(self, start: int) -> Token:
        blank = _BLANK.match(self._text, start)
        offset = blank.end() if blank else start
        sign = self._text[offset : offset + 1]
        if sign in ("", "(", ")"):
            return Token(sign, (), offset, offset + len(sign))
        if sign == "-":
            return Token(sign, (), offset, offset + 1)
        pieces = tuple(self._pieces(offset))
        return Token("", pieces, offset, self._end)

    def _pieces(self, offset: int) -> Iterator[Piece]:
        """Read the pieces of a word; afterwards `_end` is where it ends."""
        self._end = offset
        while piece := _PIECE.match(self._text, self._end):
            # Before very many pieces, or a long one, take time and memory.
            check_bare_size(piece.end() - offset)
            writing = Writing(str(piece.lastgroup))
            text = piece[writing.value]
            if writing is Writing.QUOTED:
                text = _ESCAPE.sub(r"\1", text)
            yield Piece(text, writing, self._end)
            self._end = piece.end()
        if self._text.startswith('"', self._end):
            raise self.mistake("The quote that begins here is not closed.", self._end)
        if self._text.startswith("\\", self._end):
            raise self.mistake("A search can't end with one backslash: write two.", self._end)


def _simple_items(listed: str) -> Iterator[ListItem]:
    if '"' not in listed:
        return (("", word) for word in listed.removesuffix(")").split(None, MAX_LIST_VALUES + 1))
    return ((item[1] or "", item[2] or "") for item in _LIST_ITEM.finditer(listed))
