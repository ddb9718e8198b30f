"""Reading the keys of all files that match: for what is done with each, in no order of a person's.

The keys of new files are the largest, so that none is missed or met twice while others arrive.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select

from catalog_service.database import Database
from catalog_service.retrying import translated_errors
from catalog_service.search.compiler import Compiled
from catalog_service.search.plans import Plan, choose_plan
from catalog_service.search.time_limits import limited_time
from catalog_service.tables import File


def read_file_ids(
    database: Database, compiled: Compiled, *, page_rows: int, after_id: int = 0
) -> Iterator[list[int]]:
    """Yield the keys of matching files in their order, each page read in its own transaction.

    Raises InvalidRequestError when a page takes longer than the time limit.
    """
    plan: Plan | None = None
    while True:
        query = _query(compiled, after_id, page_rows)
        with translated_errors(), database.readings.begin() as db, limited_time(db):
            connection = db.connection()
            collecting = _collecting(query, page_rows)
            plan = plan or choose_plan(connection, query, collecting)
            plan.prepare(connection)
            chosen = collecting if plan is Plan.COLLECTED else query
            ids = list(connection.execute(chosen).scalars())
        if ids:
            yield ids
            after_id = ids[-1]
        if len(ids) < page_rows:
            return


def _query(compiled: Compiled, after_id: int, page_rows: int) -> Select[Any]:
    matching = select(File.id).where(File.id > after_id, compiled.condition)
    return matching.order_by(File.id).limit(page_rows)


def _collecting(query: Select[Any], page_rows: int) -> Select[Any]:
    # An offset keeps the database from making one step of the two.
    found = query.order_by(None).limit(None).offset(0).subquery()
    return select(found.c.id).order_by(found.c.id).limit(page_rows)
