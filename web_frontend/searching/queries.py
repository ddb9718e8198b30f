"""What the address of a result page says: it is the page's permalink."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from flask import url_for

from librarian.client.searches import ItemKind

KINDS: Mapping[ItemKind, str] = {
    "files": "Files",
    "observations": "Observations",
    "sessions": "Observing sessions",
}
ONE_OF: Mapping[ItemKind, str] = {
    "files": "file",
    "observations": "observation",
    "sessions": "observing session",
}


class Arguments(Protocol):
    """The arguments of an address, or the fields of a form."""

    def get(self, key: str, default: str, /) -> str:
        """Return the first value of one."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of one."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search, and how its results are shown."""

    search: str = ""
    kind: ItemKind = "files"
    order: str = ""
    columns: tuple[str, ...] = ()
    page: str = ""

    @classmethod
    def read(cls, arguments: Arguments) -> "Query":
        """Return what an address or a form says; a kind that there is not is that of files."""
        kind = arguments.get("kind", "files")
        columns = [
            name.strip() for part in arguments.getlist("columns") for name in part.split(",")
        ]
        return cls(
            (arguments.get("search", "") or arguments.get("q", "")).replace("\r\n", "\n"),
            cast(ItemKind, kind if kind in KINDS else "files"),
            arguments.get("order", "").removeprefix(",").strip(),
            tuple(name for name in columns if name),
            arguments.get("page", ""),
        )

    def fields(self) -> dict[str, str]:
        """Return it as the arguments of an address, or the fields of a form."""
        values = {
            "search": self.search,
            "kind": self.kind if self.kind != "files" else "",
            "order": self.order,
            "columns": ",".join(self.columns),
            "page": self.page,
        }
        return {name: value for name, value in values.items() if value}

    def address(self, **changes: Any) -> str:
        """Return the address of the results, changed; without a page it begins anew."""
        arguments: dict[str, Any] = dict(self.changed(**changes).fields())
        return url_for("search.results", **arguments)

    def changed(self, **changes: Any) -> "Query":
        """Return it changed, at its first page unless one is given."""
        return replace(self, **{"page": "", **changes})
