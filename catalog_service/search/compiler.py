"""The whole way of a search: text to tree to condition."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement

from catalog_service.search.language import parse_search
from catalog_service.search.queries import condition


def compile_search(text: str) -> ColumnElement[bool]:
    """Return the condition on the table of files that a search means.

    Ages count from now. Raises InvalidRequestError when the search is not understood.
    """
    return condition(parse_search(text), now=datetime.now(UTC))
