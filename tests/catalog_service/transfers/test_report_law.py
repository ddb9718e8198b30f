"""Reports in one call come to the same as each in a call of its own."""

import itertools
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from catalog_service.database import Database
from catalog_service.tables import (
    FileEvent,
    Instance,
    Librarian,
    RemoteInstance,
    StandingOrder,
    Transfer,
)
from catalog_service.transfer_outcomes import Report
from tests.catalog_service.neighbour_rows import add_librarian, add_order
from tests.catalog_service.transfers.queues import (
    add_heard_store,
    claimed,
    queue_files,
    record,
)

_FILES = 3
_STATES = ("OFFERED", "SENDING", "SENT", "CONFIRMED", "DECLINED", "FAILED", "QUEUED")
_ON_THE_WAY = _STATES[:3]
_FAULTS = ("", "SOURCE", "LINK", "DESTINATION", "FILE")
_NUMBERS = itertools.count()

_REPORTS = st.lists(
    st.builds(
        Report,
        # One more than there are: a transfer that is not in the batch.
        st.integers(0, _FILES),
        # Mostly on the way, or all would have ended after the first few.
        st.sampled_from(_ON_THE_WAY) | st.sampled_from(_STATES),
        upload_id=st.sampled_from(["", "u-1", "u-2"]),
        checksum=st.sampled_from(["blake3:00", "blake3:ff"]),
        error=st.sampled_from(["", "Broken."]),
        fault=st.sampled_from(_FAULTS),
    ),
    max_size=12,
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(reports=_REPORTS)
def test_reports_in_one_call_are_as_many_calls(database: Database, reports: list[Report]) -> None:
    together = _end_of(database, [reports])
    one_by_one = _end_of(database, [[report] for report in reports])
    assert together == one_by_one


def _end_of(database: Database, calls: list[list[Report]]) -> Any:
    """Return how a new batch ends by calls whose reports name its transfers by their places."""
    with database.transactions.begin() as db:
        name = f"centre-{next(_NUMBERS)}"
        librarian, store = add_librarian(db, name), add_heard_store(db, name)
        order = add_order(db, librarian, name)
        ids = queue_files(db, librarian, store, _FILES, prefix=name, lane=order.id, order_name=name)
        librarian_id, order_id = librarian.id, order.id
    hold, keys = claimed(database, librarian_id), [*ids, 0]
    for call in calls:
        record(database, hold, *(_of(report, keys) for report in call))
    with database.readings.begin() as db:
        transfers = db.scalars(select(Transfer).where(Transfer.id.in_(ids)).order_by(Transfer.id))
        rows = [(_facts(row), _traces(db, row)) for row in transfers]
        librarian = db.get_one(Librarian, librarian_id)
        order = db.get_one(StandingOrder, order_id)
        return rows, librarian.remote_instance_count, order.sent_count, order.sent_bytes


def _of(report: Report, keys: list[int]) -> Report:
    return Report(
        keys[report.transfer_id],
        report.state,
        report.upload_id,
        report.checksum,
        report.error,
        report.fault,
    )


def _facts(row: Transfer) -> tuple[Any, ...]:
    return (
        *(row.state, row.upload_id, row.error, row.fault, row.attempts),
        *(row.batch_id is None, row.claimed_file_id is None),
        *(row.start_time is None, row.end_time is None),
    )


def _traces(db: Any, row: Transfer) -> tuple[Any, ...]:
    types = db.scalars(select(FileEvent.type).where(FileEvent.file_id == row.file_id))
    there = db.scalars(select(RemoteInstance.file_id).where(RemoteInstance.file_id == row.file_id))
    problem = db.scalars(select(Instance.problem).where(Instance.file_id == row.file_id)).one()
    return Counter(one.partition(":")[0] for one in types), len(there.all()), problem
