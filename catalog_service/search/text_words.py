"""What a value of the text form says: literally, as a pattern, as an expression, or as a range."""

import re
from dataclasses import dataclass, replace

from catalog_service.search.mistakes import located
from catalog_service.search.text_tokens import Piece, Writing
from catalog_service.search.tree import Place

_OPERATOR = re.compile("!=|>=|<=|[=><~!]")
_SIGNS = {"*": "%", "?": "_", "%": "%", "_": r"\_"}
_WILDCARD = re.compile("[*?%]")


@dataclass(frozen=True, slots=True)
class Word:
    """A value, or the rest of one."""

    pieces: tuple[Piece, ...]
    place: Place

    @property
    def is_plain(self) -> bool:
        """Whether no part of it is in quotes or after a backslash."""
        return all(piece.writing is Writing.PLAIN for piece in self.pieces)

    @property
    def literal(self) -> str:
        """The text as it is meant to stand on record."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def verbatim(self) -> str:
        """The text with its backslashes, outside quotes, left in it."""
        return "".join(
            f"\\{piece.text}" if piece.writing is Writing.ESCAPED else piece.text
            for piece in self.pieces
        )

    @property
    def has_wildcards(self) -> bool:
        """Whether a part that is written plainly has a wildcard."""
        return any(
            piece.writing is Writing.PLAIN and _WILDCARD.search(piece.text) for piece in self.pieces
        )

    @property
    def pattern(self) -> str:
        """The pattern of which only the wildcards that are written plainly are wildcards."""
        return "".join(_pattern(piece) for piece in self.pieces)

    def cut_operator(self) -> tuple[str, "Word"]:
        """Return the operator that the word begins with, or nothing, and the rest of the word."""
        first = self.pieces[0] if self.pieces else None
        plain = first is not None and first.writing is Writing.PLAIN
        found = _OPERATOR.match(first.text) if first and plain else None
        return (found.group(), self.cut(found.end())) if found else ("", self)

    def cut(self, start: int) -> "Word":
        """Return the word without the first characters of its first piece, a plain one."""
        first, *others = self.pieces
        rest = _part(first, start, len(first.text))
        return self._of((rest, *others), start)

    def split_range(self) -> tuple["Word", "Word"] | None:
        """Return what stands before and after the first two dots, or None without such."""
        for index, piece in enumerate(self.pieces):
            dots = piece.text.find("..") if piece.writing is Writing.PLAIN else -1
            if dots < 0:
                continue
            if piece.text.startswith("...", dots):
                raise located("Between the ends of a range stand two dots, not three.", self.place)
            before = (*self.pieces[:index], _part(piece, 0, dots))
            after = (_part(piece, dots + 2, len(piece.text)), *self.pieces[index + 1 :])
            return self._of(before, 0), self._of(after, 0)
        return None

    def _of(self, pieces: tuple[Piece, ...], moved: int) -> "Word":
        kept = tuple(p for p in pieces if p.text or p.writing is Writing.QUOTED)
        return Word(kept, replace(self.place, column=self.place.column + moved))


def _part(piece: Piece, start: int, end: int) -> Piece:
    return Piece(piece.text[start:end], piece.writing, piece.offset + start)


def _pattern(piece: Piece) -> str:
    if piece.writing is Writing.PLAIN:
        return "".join(_SIGNS.get(character, character) for character in piece.text)
    return "".join(f"\\{c}" if c in "\\%_" else c for c in piece.text)
