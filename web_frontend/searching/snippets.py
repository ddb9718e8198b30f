"""A search as people run it elsewhere: a command, and a few lines of Python."""

import shlex
from collections.abc import Mapping

from librarian.client.searches import ItemKind
from web_frontend.searching.queries import Query

_COMMANDS: Mapping[ItemKind, str] = {
    "files": "search-files",
    "observations": "search-obs",
    "sessions": "search-sessions",
}
_KEYS: Mapping[ItemKind, tuple[str, str]] = {
    "files": ("file", "name"),
    "observations": ("observation", "obsid"),
    "sessions": ("observing_session", "id"),
}


def as_command(query: Query, connection: str) -> str:
    """Return the command that prints what is found; `connection` is the user's name for the site.

    It is quoted for the shells of Unix.
    """
    words = ["librarian", _COMMANDS[query.kind], "--names"]
    if query.order:
        words += ["--order-by", query.order]
    # Behind `--` nothing is an option; a blank keeps a lone `-` from meaning standard input.
    search = query.search if query.search != "-" else " -"
    return shlex.join([*words, "--", connection, search])


def as_python(query: Query, connection: str) -> str:
    """Return the lines of Python that print what is found."""
    item, key = _KEYS[query.kind]
    order = f", order_by={query.order!r}" if query.order else ""
    return (
        "from librarian.client.librarian import Librarian\n\n"
        f"with Librarian.connect({connection!r}) as site:\n"
        f"    for {item} in site.search_{query.kind}({query.search!r}{order}):\n"
        f"        print({item}.{key})\n"
    )
