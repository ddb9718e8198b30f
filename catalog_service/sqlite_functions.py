"""Functions that SQLite lacks and PostgreSQL has."""

from functools import lru_cache
from typing import Any

import re2

MATCHES_REGEX = "matches_regex"


def add_functions(connection: Any) -> None:
    """Give a driver's connection the functions."""
    connection.create_function(MATCHES_REGEX, 2, _matches_regex, deterministic=True)


def _matches_regex(text: str | None, regex: str) -> bool | None:
    return None if text is None else _compiled(regex).search(text) is not None


@lru_cache(maxsize=256)
def _compiled(regex: str) -> Any:
    # RE2 takes time in proportion to the text: no regular expression can hang SQLite's process.
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return re2.compile(regex, options=options)
