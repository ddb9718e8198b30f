"""Patterns: `%` stands for any run of characters, `_` for one; a backslash takes their meaning."""

from dataclasses import dataclass
from typing import Any

from catalog_service.search.limits import MAX_PATTERN_CHARACTERS
from catalog_service.search.mistakes import located
from catalog_service.search.tree import Place

ANY_RUN = "%"
ANY_ONE = "_"


@dataclass(frozen=True)
class Wildcard:
    """A sign that stands for any run of characters, or for any one."""

    sign: str


Part = str | Wildcard


def check_pattern(pattern: str, place: Place) -> str:
    """Return the pattern unchanged, or raise InvalidRequestError when it can't be used."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise located(
            f"A pattern has at most {MAX_PATTERN_CHARACTERS:,} characters, this one has "
            f"{len(pattern):,}.",
            place,
        )
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise located(
            "A pattern can't end with one backslash: write two for a backslash itself.", place
        )
    return pattern


def pattern_parts(pattern: str) -> list[Part]:
    """Split a pattern into texts and wildcards, with neighbouring texts joined."""
    parts: list[Part] = []
    characters = iter(pattern)
    for character in characters:
        if character in (ANY_RUN, ANY_ONE):
            parts.append(Wildcard(character))
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
    raise ValueError("A pattern that was checked does not end with one backslash.")
