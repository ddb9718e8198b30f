"""Page tokens: where a stream of pages stopped, for another that goes on there.

Whoever holds one may write another: it holds nothing but values to compare with, and each is
checked for its type.
"""

import base64
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from catalog_service.search.orders import SortKey
from librarian.errors import InvalidRequestError

# A name has at most 255 bytes, and JSON writes some in six characters.
_MAX_CHARACTERS = 4096
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """The last item that was told: its sort value, None where it has none, and what breaks ties."""

    value: Any
    tie: int | None


def write_token(order: str, position: Position) -> str:
    """Return the token of a position in an order."""
    value = position.value
    value = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([order, value, position.tie], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(order: str, sort_key: SortKey, token: str) -> Position:
    """Return the position that a token of that order tells; raise InvalidRequestError."""
    written_for, value, tie = _parts(token)
    if written_for != order:
        raise InvalidRequestError(
            "The page token is of a search in another order: repeat the search as it began."
        )
    return Position(_value(sort_key, value), _tie(sort_key, tie))


def _parts(token: str) -> tuple[Any, Any, Any]:
    try:
        if len(token) > _MAX_CHARACTERS:
            raise ValueError(token)
        padded = token + "=" * (-len(token) % 4)
        order, value, tie = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise _not_a_token() from error
    return order, value, tie


def _value(sort_key: SortKey, value: Any) -> Any:
    if value is None and sort_key.absent is not None:
        return None
    if sort_key.kind is datetime:
        return _time(value)
    if type(value) is not sort_key.kind or not _is_fit(value):
        raise _not_a_token()
    return value


def _is_fit(value: Any) -> bool:
    """Say whether a database takes a value."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    return abs(value) <= _LARGEST if isinstance(value, int) else math.isfinite(value)


def _tie(sort_key: SortKey, tie: Any) -> int | None:
    if sort_key.tie is None:
        return None
    if type(tie) is not int or abs(tie) > _LARGEST:
        raise _not_a_token()
    return tie


def _time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise _not_a_token() from error


def _not_a_token() -> InvalidRequestError:
    return InvalidRequestError(
        "The page token is none that a search gave: repeat the search without it."
    )
