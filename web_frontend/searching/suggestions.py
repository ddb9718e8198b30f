"""Searches to begin with: what people look for most, and examples that teach the language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from librarian.client.searches import ItemKind
from web_frontend.searching.queries import Query
from web_frontend.searching.quoting import quote_value

_MOST_NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A search that is offered."""

    label: str
    query: Query


EXAMPLES: Mapping[ItemKind, Sequence[tuple[str, str]]] = {
    "files": (
        ("zen.2458432", "a part of the name"),
        ("name:zen.*.uvh5 size:>5GB", "a pattern of the name, and a size"),
        ("start:2018-11-09..2018-11-10 lst:23..1", "days of observation, and sidereal hours"),
        ("type:uvh5 -source:rtp", "one type, not from one source"),
        ("instances:<2 or lacks-event:checked", "either of two"),
    ),
    "observations": (
        ("start:2018-11-10", "those of a day (UTC)"),
        ("lst:23..1 duration:>10m", "sidereal hours, and a length"),
        ("files:0", "those without files"),
        ("session:1225829885", "those of an observing session"),
    ),
    "sessions": (
        ("start:2018-11-01..2018-11-30", "those of a month"),
        ("age:<7d", "those that ended within a week"),
        ("obs:>50 size:>1TB", "many observations, much data"),
        ("lacks-event:checked", "those of which no file was checked"),
    ),
}


def suggestions(
    kind: ItemKind, neighbours: Iterable[str] = (), now: datetime | None = None
) -> list[Suggestion]:
    """Return searches of one kind to begin with."""
    since, until = _last_night(now or datetime.now(UTC))
    night = f"start:{since}..{until}"
    if kind != "files":
        return [
            Suggestion("Last night", Query(night, kind)),
            Suggestion("The last 7 days", Query("start:<7d", kind)),
            Suggestion("Without files", Query("files:0", kind)),
            Suggestion("Newest first", Query("always-true", kind, "start-time,desc")),
        ]
    return [
        Suggestion("Last night", Query(night)),
        Suggestion("The last 24 hours", Query("created:<24h", order="create-time,desc")),
        Suggestion("One copy only", Query("instances:1")),
        *(
            Suggestion(f"Not at {name}", Query(f"-at:{quote_value(name)}"))
            for name in list(neighbours)[:_MOST_NEIGHBOURS]
        ),
        Suggestion("No observation", Query("obsid:none")),
        Suggestion("Largest files", Query("always-true", order="size,desc")),
    ]


def _last_night(now: datetime) -> tuple[str, str]:
    """Return the last whole night, from noon to noon as Julian dates have it."""
    noon = now.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    until = noon if now >= noon else noon - timedelta(days=1)
    return f"{until - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}", f"{until:%Y-%m-%dT%H:%M:%SZ}"
