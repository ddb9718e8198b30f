"""What is asked of the web front end: a page, a part of one, or a form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, urlencode

from librarian import Librarian
from tests.benchmarks.search.catalogue import FIRST_NIGHT, night_count
from tests.benchmarks.search.queries import Known

FLOOR_MS = 300.0


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    is_fragment: bool = False
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Around:
    """What requests are made from."""

    random: Random
    known: Known
    site: Librarian
    # Files to which much happened, and observing sessions of 100,000 files.
    busy_names: list[str]
    large_sessions: list[int]
    transfer_ids: list[int]
    store_names: list[str]

    @property
    def night(self) -> int:
        """Choose a night."""
        return FIRST_NIGHT + self.random.randrange(night_count(self.known.size))

    @property
    def name(self) -> str:
        """Choose a file."""
        while (name := self.random.choice(self.known.names)).endswith(".missing"):
            pass
        return name


Make = Callable[[Around], Asked]


@dataclass(frozen=True)
class PageKind:
    """One row of the table: requests of one kind, each with other arguments."""

    name: str
    make: Make
    statuses: tuple[int, ...] = (200,)
    floor_ms: float = FLOOR_MS


def at(path: str, **arguments: str | int) -> Asked:
    """Return a request for a page."""
    return Asked(address(path, **arguments))


def part(path: str, **arguments: str | int) -> Asked:
    """Return a request for a part of a page, as htmx makes it."""
    return Asked(address(path, **arguments), is_fragment=True)


def address(path: str, **arguments: str | int) -> str:
    """Return an address with arguments; those that are empty are left away."""
    given = {name: value for name, value in arguments.items() if value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def in_path(name: str) -> str:
    """Return a name as a part of a path."""
    return quote(name, safe="")
