"""What is said to a person whose search is not understood: where it is, and what was meant."""

import difflib
import json
from collections.abc import Iterable

from catalog_service.search.tree import Place
from librarian.errors import InvalidRequestError

_MAX_SHOWN_CHARACTERS = 60
_MAX_COMPARED_CHARACTERS = 100
_MAX_NAMES = 30


def located(message: str, place: Place) -> InvalidRequestError:
    """Return the error that a sentence about one place of a search tells."""
    return InvalidRequestError(f"At line {place.line}, column {place.column}: {message}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that tells the known names most like one that is not known."""
    names = sorted(known)
    typed = name[:_MAX_COMPARED_CHARACTERS]
    longer = [known_name for known_name in names if known_name.startswith(f"{typed}-")]
    near = (longer + difflib.get_close_matches(typed, names, n=3, cutoff=0.5))[:3]
    if near:
        return f"did you mean {_any_of(list(dict.fromkeys(near)))}?"
    if len(names) > _MAX_NAMES:
        return f"known are {_listed(names[:_MAX_NAMES])} and {len(names) - _MAX_NAMES} more."
    return f"known are {_any_of(names)}." if names else "none is known."


def shown(value: object) -> str:
    """Return a value as JSON writes it, short and harmless to a terminal."""
    if isinstance(value, str):
        value = value[: _MAX_SHOWN_CHARACTERS + 1]
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[:_MAX_SHOWN_CHARACTERS]}…"


def _any_of(names: list[str]) -> str:
    *others, last = names
    return f"{_listed(others)} or {_listed([last])}" if others else _listed([last])


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
