"""What a staging is asked for with: the search, where to, and whether as shown."""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from librarian.errors import InvalidRequestError

_LARGEST = 2**63 - 1
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")
_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
# What is linked to by its number or name, and the clause that finds its files.
_CLAUSES = {"obsid": "obsid-is-exactly", "session": "session-id-is-exactly"}


class Arguments(Protocol):
    """The arguments of an address, or the fields of a form."""

    def get(self, key: str, default: str, /) -> str:
        """Return the first value of a key."""
        ...

    def getlist(self, key: str, /) -> list[str]:
        """Return all values of a key."""
        ...


@dataclass(frozen=True, slots=True)
class StagingForm:
    """A staging that somebody is about to ask for."""

    search: str
    snapshot: int | None
    # When what is held to was shown, if the page that led here said so.
    shown: datetime | None
    as_shown: bool
    prefix: str
    subdirectory: str
    # Login name of who gets the files; None before it was asked for.
    user: str | None
    # Sent twice, it starts one job.
    request_id: str

    @classmethod
    def read(cls, arguments: Arguments) -> "StagingForm":
        """Return what an address or a form says; raise InvalidRequestError."""
        request_id = arguments.get("request_id", "")
        return cls(
            search=_search_of(arguments),
            snapshot=_whole(arguments.get("snapshot", ""), "snapshot"),
            shown=_moment(arguments.get("shown", "")),
            as_shown=arguments.get("files", "shown") != "anew",
            prefix=arguments.get("prefix", ""),
            subdirectory=arguments.get("subdirectory", "").strip(),
            user=next(iter(arguments.getlist("user")), None),
            request_id=request_id if _REQUEST_ID.fullmatch(request_id) else uuid.uuid4().hex,
        )

    @property
    def held_to(self) -> int | None:
        """Return the snapshot that the staging is held to; None for the search run anew."""
        return self.snapshot if self.as_shown else None

    @property
    def destination(self) -> str:
        """Return the directory to fill, as the catalogue takes it.

        Raises InvalidRequestError for what would leave the prefix.
        """
        if not self.subdirectory:
            raise InvalidRequestError("Give the directory that the files go to a name.")
        if self.subdirectory.startswith("/"):
            raise InvalidRequestError(
                "The directory lies beneath the prefix: leave the / at its beginning away."
            )
        return (
            f"{self.prefix.rstrip('/')}/{self.subdirectory}" if self.prefix else self.subdirectory
        )


def suggest_subdirectory(account: str, now: datetime) -> str:
    """Return a name for a directory that hardly anybody else has chosen."""
    person = _PLAIN.sub("-", account).strip(".-") or "staging"
    return f"{person}/{now.astimezone(UTC):%Y-%m-%d-%H%M%S}"


def search_of_names(names: Sequence[str]) -> str:
    """Return the search that finds files by their names."""
    return json.dumps({"name-in": list(dict.fromkeys(names))}, ensure_ascii=False)


def _search_of(arguments: Arguments) -> str:
    names = arguments.getlist("name")
    if names:
        return search_of_names(names)
    if arguments.get("of", "") == "selection":
        # Of nothing ticked not all that was found is meant.
        return ""
    for key, clause in _CLAUSES.items():
        number = _whole(arguments.get(key, ""), key)
        if number is not None:
            return json.dumps({clause: number})
    return arguments.get("search", "").replace("\r\n", "\n")


def _whole(text: str, what: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST):
        raise InvalidRequestError(f"The {what} in this address is no number.")
    return int(text)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None
