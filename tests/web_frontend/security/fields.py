"""Which fields each page takes: found by watching what it reads of a request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

NOT_OURS = {"csrf_token"}


class _Watched(ImmutableMultiDict[str, str]):
    """Arguments or fields that note which of them are asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: str, *more: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *more, **named)

    def getlist(self, key: str, *more: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *more, **named)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)


class WatchedRequest(Request):
    """A request whose arguments and fields are watched."""

    parameter_storage_class = _Watched


def asked_now() -> set[str]:
    """Return the names that were asked for since the last call."""
    found = _Watched.asked - NOT_OURS
    _Watched.asked.clear()
    return found


@dataclass(frozen=True)
class Target:
    """One way to ask for a page."""

    method: str
    endpoint: str
    rule: Rule

    def path(self, values: Mapping[str, str | bytes | int]) -> str:
        """Return an address of it; values are put in as they are."""
        path = self.rule.rule
        for name in self.parts:
            start = path.index("<")
            value = values[name]
            written = quote(value if isinstance(value, bytes) else str(value), safe="")
            path = path[:start] + written + path[path.index(">") + 1 :]
        return path

    @property
    def parts(self) -> list[str]:
        """Return the names of the parts of its path, in order."""
        names = [piece.split(">")[0] for piece in self.rule.rule.split("<")[1:]]
        return [name.rpartition(":")[2] for name in names]


def targets(app: Flask) -> Iterator[Target]:
    """Yield all that can be asked for."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Target(method, rule.endpoint, rule)
