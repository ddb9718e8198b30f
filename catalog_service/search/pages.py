"""Reading what matches, page by page: no transaction lasts longer than its page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.retrying import translated_errors
from catalog_service.search.queries import file_page
from librarian.errors import InvalidRequestError

PAGE_FILES = 1000
TIME_LIMIT_SECONDS = 60
_QUERY_CANCELED = "57014"


def read_file_pages(
    database: Database, matching: ColumnElement[bool], limit: int = 0
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Yield the matching files by name in pages, each read on its own; a limit of 0 means all.

    Raises InvalidRequestError when a page takes longer than the time limit.
    """
    after_name = ""
    left = limit if limit else -1
    while left:
        page_files = PAGE_FILES if left < 0 else min(PAGE_FILES, left)
        query = file_page(matching, after_name=after_name, limit=page_files)
        with translated_errors(), database.readings.begin() as db, limited_time(db):
            page = db.connection().execute(query).all()
        if page:
            yield page
        if len(page) < page_files:
            return
        after_name = page[-1][0]
        left -= len(page)


@contextmanager
def limited_time(db: Session) -> Iterator[None]:
    """Let PostgreSQL give up a statement of this transaction that takes too long.

    Raises InvalidRequestError then.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text(f"SET LOCAL statement_timeout = '{TIME_LIMIT_SECONDS}s'"))
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _QUERY_CANCELED:
            raise
        raise InvalidRequestError(
            f"The search took longer than {TIME_LIMIT_SECONDS} s: narrow it, for instance by a "
            "pattern that begins with plain text."
        ) from error
