"""The yardstick: the statements of a search, sent by the driver alone."""

import sqlite3
from typing import Any

import psycopg2
from sqlalchemy import event

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind
from catalog_service.search.compiler import compile_search
from catalog_service.search.pages import count_matches, parse_order, read_pages
from tests.benchmarks.search.queries import Ask

Statement = tuple[str, Any]

# Without what only asks how a page is best read.
_SENT = ("SELECT", "SET LOCAL")
_COUNT = "SELECT count("


class BareSearches:
    """Finds out which statements the catalogue sends for a search, and sends them without it."""

    def __init__(self, database_url: str) -> None:
        self._database = open_database(database_url)
        self._driver = _connect(self._database)

    def statements(self, ask: Ask, page_token: str) -> list[Statement]:
        """Return the statements that read the answer of a search."""
        item = ItemKind(ask.item)
        compiled = compile_search(self._database, ask.text, account_name="admin", item=item)
        seen: list[Statement] = []
        engine = self._database.readings.kw["bind"]

        def note(_c: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
            asks_for_plan = statement.startswith(_COUNT) and not ask.counts
            if statement.startswith(_SENT) and not asks_for_plan:
                seen.append((statement, values))

        event.listen(engine, "before_cursor_execute", note)
        try:
            if ask.counts:
                count_matches(self._database, compiled)
            else:
                order = parse_order(ask.order_by, item)
                for _page in read_pages(self._database, compiled, order, ask.limit, page_token):
                    pass
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return seen

    def run(self, statements: list[Statement]) -> int:
        """Send statements, and read all that they give; return how many rows that was."""
        cursor = self._driver.cursor()
        rows = 0
        for statement, values in statements:
            cursor.execute(statement, values)
            rows += len(cursor.fetchall()) if cursor.description else 0
        self._driver.rollback()
        return rows

    def fetch(self, statement: str) -> list[Any]:
        """Return the first column of what a statement gives."""
        cursor = self._driver.cursor()
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]

    def plan(self, statements: list[Statement]) -> str:
        """Return how the database carried the statements out."""
        explain = "EXPLAIN QUERY PLAN" if self._database.is_sqlite else "EXPLAIN (ANALYZE, BUFFERS)"
        cursor = self._driver.cursor()
        lines: list[str] = []
        for statement, values in statements:
            if statement.startswith("SET"):
                cursor.execute(statement, values)
                continue
            cursor.execute(f"{explain} {statement}", values)
            lines += [str(row[-1]) for row in cursor.fetchall()]
        self._driver.rollback()
        return "\n".join(lines)

    def close(self) -> None:
        """Close all connections."""
        self._driver.close()
        self._database.dispose()


def _connect(database: Database) -> Any:
    url = database.engine.url
    if database.is_sqlite:
        return sqlite3.connect(f"file:{url.database}?mode=ro", uri=True, isolation_level=None)
    return psycopg2.connect(host=url.query["host"], user=url.username, dbname=url.database)
