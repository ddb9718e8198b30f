"""Rows that are written by the driver alone: the same as SQLAlchemy writes, and as it fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from catalog_service.bulk import insert_dicts, table_of, update_by_id, update_rows
from catalog_service.database import open_database
from catalog_service.retrying import run_transaction
from catalog_service.tables import IncomingBatch

_BATCHES = table_of(IncomingBatch)
_TIME = datetime(2026, 11, 21, 12, 0, 0, 250, UTC)


@pytest.fixture
def database(database_url: str) -> Any:
    found = open_database(database_url)
    yield found
    found.dispose()


def test_rows_are_written_as_they_were_given(database: Any) -> None:
    rows = [_batch("b", _TIME), _batch("a", _TIME + timedelta(hours=1))]
    with database.transactions.begin() as db:
        insert_dicts(db, _BATCHES, rows)
    assert _all(database) == sorted(rows, key=lambda row: str(row["id"]))


def test_each_row_gets_the_values_of_its_own_key(database: Any) -> None:
    with database.transactions.begin() as db:
        insert_dicts(db, _BATCHES, [_batch("a", _TIME), _batch("b", _TIME), _batch("c", _TIME)])
        update_rows(db, _BATCHES, ("id", "way", "fence"), [("c", "RSYNC", 3), ("a", "STREAM", 1)])
    found = [(row["id"], row["way"], row["fence"]) for row in _all(database)]
    assert found == [("a", "STREAM", 1), ("b", "", 0), ("c", "RSYNC", 3)]


def test_rows_are_changed_together_by_their_ids(database: Any) -> None:
    with database.transactions.begin() as db:
        insert_dicts(db, _BATCHES, [_batch("a", _TIME), _batch("b", _TIME), _batch("c", _TIME)])
        update_by_id(db, _BATCHES, ("way", "fence"), [("c", "RSYNC", 3), ("a", "STREAM", 1)])
    found = [(row["id"], row["way"], row["fence"]) for row in _all(database)]
    assert found == [("a", "STREAM", 1), ("b", "", 0), ("c", "RSYNC", 3)]


@pytest.mark.parametrize("how", ["insert", "update", "update by id"])
def test_a_transaction_that_lost_a_race_is_run_again(database: Any, how: str) -> None:
    runs = []

    def work(db: Any) -> None:
        runs.append(how)
        if len(runs) > 1:
            return
        insert_dicts(db, _BATCHES, [_batch("a", _TIME), _batch("b", _TIME)])
        if how == "insert":
            insert_dicts(db, _BATCHES, [_batch("a", _TIME)])
        if how == "update by id":
            update_by_id(db, _BATCHES, ("site_id",), [("a", None)])
        update_rows(db, _BATCHES, ("way", "id"), [("", "a")])

    run_transaction(database.transactions, work)
    assert len(runs) == 2


def test_a_broken_rule_is_an_error_of_sqlalchemys(database: Any) -> None:
    with pytest.raises(IntegrityError), database.transactions.begin() as db:
        insert_dicts(db, _BATCHES, [_batch("a", _TIME), _batch("a", _TIME)])


def _batch(batch_id: str, time: datetime) -> dict[str, Any]:
    texts = {"id": batch_id, "account_name": "A", "site_id": "s", "site_name": "§"}
    return {**texts, "store_id": None, "fence": 0, "way": "", "create_time": time}


def _all(database: Any) -> list[dict[str, Any]]:
    with database.readings.begin() as db:
        rows = db.execute(select(_BATCHES).order_by(_BATCHES.c.id))
        return [dict(row._mapping) for row in rows]
