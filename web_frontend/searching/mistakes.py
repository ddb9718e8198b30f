"""Where a search is not understood: the place that an error names, in the text that was typed."""

import re
from dataclasses import dataclass
from typing import Any

from librarian.client.librarian import Librarian
from librarian.client.searches import ItemKind
from librarian.errors import InvalidRequestError

_PLACE = re.compile(r"At line (\d+), column (\d+): (.*)", re.DOTALL)
_AROUND_CHARACTERS = 60
# What belongs to a place: the word that begins there, or one sign.
_MARKED = re.compile(r"[\w.-]{1,40}|.")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sentence, and the line of the search with the word where it went wrong."""

    sentence: str
    before: str = ""
    mark: str = ""
    after: str = ""
    # The character's number in the whole search; -1 when the sentence names no place.
    offset: int = -1


def find_mistake(search: str, message: str) -> Mistake:
    """Return the place in a search that an error's message tells."""
    found = _PLACE.fullmatch(message)
    if not found:
        return Mistake(message)
    number, column = int(found[1]), int(found[2])
    lines = search.split("\n")
    if not (0 < number <= len(lines) and 0 < column <= len(lines[number - 1]) + 1):
        return Mistake(message)
    line, at = lines[number - 1], column - 1
    start = max(0, at - _AROUND_CHARACTERS)
    marked = _MARKED.match(line, at)
    end = marked.end() if marked else at + 1
    return Mistake(
        found[3],
        ("…" if start else "") + line[start:at],
        line[at:end] or " ",
        line[end : end + _AROUND_CHARACTERS],
        sum(len(one) + 1 for one in lines[: number - 1]) + at,
    )


def meaning_of(site: Librarian, search: str, kind: ItemKind = "files") -> dict[str, Any]:
    """Return the `explanation` of a search, or the `mistake` in it; nothing for an empty one."""
    if not search.strip():
        return {}
    try:
        return {"explanation": site.explain_search(search, kind)}
    except InvalidRequestError as error:
        return {"mistake": find_mistake(search, str(error))}
