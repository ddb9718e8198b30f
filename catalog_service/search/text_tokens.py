"""The words, brackets and quotes that the text form of a search is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from catalog_service.search.mistakes import located
from catalog_service.search.tree import Place
from librarian.errors import InvalidRequestError

# Within a word, `#` is a character like any other: names may have it.
_BLANK = re.compile(r"(?:\s+|#[^\n]*)+")
_PIECE = re.compile(r'(?P<plain>[^\s()"\\]+)|\\(?P<escaped>.)|"(?P<quoted>(?:[^"\\]|\\.)*)"', re.S)
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
        # Characters of lists, which the limit on the length of a search leaves out.
        self.listed = 0
        barred = _BARRED.search(text)
        if barred:
            raise self.mistake("No text can have this character: leave it out.", barred.start())
        self.token = self._read(0)

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
        line_start = self._text.rfind("\n", 0, offset) + 1
        return Place(self._text.count("\n", 0, offset) + 1, offset - line_start + 1)

    def mistake(self, message: str, offset: int) -> InvalidRequestError:
        """Return the error of something wrong at a character."""
        return located(message, self.place(offset))

    def take_list(self) -> list[ListItem]:
        """Read the list whose bracket is next, and go on after it."""
        start = self.token.end
        simple = _LIST.match(self._text, start)
        items = _LIST_ITEM.findall(simple.group()) if simple else self._take_items()
        end = simple.end() if simple else self.token.end
        self.listed += end - start
        self.token = self._read(end)
        return items

    def _take_items(self) -> list[ListItem]:
        opening = self.token
        items = []
        self.token = self._read_item(opening.end)
        while self.token.sign != ")":
            if not self.token.pieces:
                raise self.mistake(
                    "A list has texts and a closing bracket: put other signs in quotes.",
                    self.token.offset if self.token.sign else opening.offset,
                )
            items.append(self._item(self.token))
            self.token = self._read_item(self.token.end)
        return items

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
