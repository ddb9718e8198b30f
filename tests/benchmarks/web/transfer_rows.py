"""A million transfers in all states, and the remote instances that came of them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    String,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from catalog_service.bulk import table_of
from catalog_service.tables import (
    File,
    Librarian,
    RemoteInstance,
    Transfer,
    TransferBatch,
)
from tests.benchmarks.web.site_rows import FIRST_KEY, LATER, NEIGHBOURS, ORDERS, OWNER

TRANSFERS = 1_000_000
# The last are on their way: no more fit into the batches of five neighbours.
_GOING = 5000
_AT_ONCE = 10_000
_ENDED = ("CONFIRMED", "FAILED", "DECLINED", "CANCELLED")
_COLUMNS = (
    "file_id",
    "librarian_id",
    "claimed_file_id",
    "lane",
    "order_name",
    "owner",
    "priority",
    "size_bytes",
    "state",
    "attempts",
    "batch_id",
    "upload_id",
    "error",
    "fault",
    "run_time",
    "create_time",
    "update_time",
    "start_time",
    "end_time",
)


def transfer_count(size: int) -> int:
    """Return how many transfers a catalogue of about so many files has: of no file two."""
    return min(TRANSFERS, size)


def remove_transfers(connection: Connection) -> None:
    """Take all transfers away, and what is believed to be elsewhere."""
    for noun in (RemoteInstance, Transfer, TransferBatch):
        connection.execute(delete(table_of(noun)))


def add_transfers(connection: Connection, size: int, now: datetime) -> None:
    """Add the transfers of a year, older ones first."""
    count = transfer_count(size)
    _add_batches(connection, now)
    for first in range(0, count, _AT_ONCE):
        age = timedelta(minutes=(count - first) // 2)
        rows = _rows(first, count, size // count, now - age)
        connection.execute(insert(table_of(Transfer)).from_select(list(_COLUMNS), rows))
    _add_remote_instances(connection)


def _add_batches(connection: Connection, now: datetime) -> None:
    batches = [
        {
            "id": f"{number:032x}",
            "librarian_id": FIRST_KEY + number,
            "lane": 0,
            "agent_id": 1,
            "worker": "made",
            "lease_until": now + LATER,
            "way": "STREAM",
            "bytes_total": 10**12,
            "bytes_done": 4 * 10**11,
            "claim_time": now - timedelta(hours=1),
            "create_time": now - timedelta(hours=1),
        }
        for number in range(1, len(NEIGHBOURS) + 1)
    ]
    connection.execute(insert(table_of(TransferBatch)), batches)


def _rows(first: int, count: int, stride: int, began: datetime) -> Any:
    """Return some of so many transfers, made of the files at their strides."""
    file = table_of(File)
    end = first + _AT_ONCE
    number = (file.c.id - 1) // stride
    order = number % (ORDERS + 1)
    state = _state(number, count)
    has_ended, is_queued = state.in_(_ENDED), state == "QUEUED"
    is_going = state.in_(("OFFERED", "SENDING", "SENT"))
    librarian = FIRST_KEY + 1 + order % len(NEIGHBOURS)
    made = case((order < 10, literal("nightly-0")), else_=literal("nightly-"))
    name = case((order == 0, literal("")), else_=made.concat(_as_text(order)))
    failed = state.in_(("FAILED", "DECLINED"))
    return (
        select(
            file.c.id,
            librarian,
            case((has_ended, null()), else_=file.c.id),
            case((order == 0, 0), else_=FIRST_KEY + order),
            name,
            literal(OWNER),
            case((order == 0, 50), else_=10 + order),
            file.c.size_bytes,
            state,
            case((is_queued, 0), else_=1),
            case((is_going, _batch_of(librarian)), else_=null()),
            literal(""),
            case((failed, literal("The neighbour has no room for it.")), else_=literal("")),
            case((failed, literal("DESTINATION")), else_=literal("")),
            _moment(began),
            _moment(began),
            _moment(began + timedelta(minutes=30)),
            case((is_queued, null()), else_=_moment(began + timedelta(minutes=10))),
            case((has_ended, _moment(began + timedelta(minutes=30))), else_=null()),
        )
        .where(file.c.id > first * stride, file.c.id <= end * stride)
        .where((file.c.id - 1) % stride == 0)
        .order_by(file.c.id)
    )


def _moment(moment: datetime) -> Any:
    return literal(moment, table_of(Transfer).c.create_time.type)


def _state(number: Any, count: int) -> Any:
    hundredth = number % 100
    going = case(
        (hundredth % 3 == 0, "OFFERED"), (hundredth % 3 == 1, "SENDING"), else_=literal("SENT")
    )
    return case(
        (number >= count - _GOING, going),
        (hundredth < 78, literal("CONFIRMED")),
        (hundredth < 90, literal("QUEUED")),
        (hundredth < 94, literal("FAILED")),
        (hundredth < 95, literal("DECLINED")),
        else_=literal("CANCELLED"),
    )


def _as_text(number: Any) -> Any:
    return cast(number, String)


def _batch_of(librarian: Any) -> Any:
    choices = [
        (librarian == FIRST_KEY + number, literal(f"{number:032x}"))
        for number in range(1, len(NEIGHBOURS))
    ]
    return case(*choices, else_=literal(f"{len(NEIGHBOURS):032x}"))


def _add_remote_instances(connection: Connection) -> None:
    confirmed = (
        select(Transfer.file_id, Transfer.librarian_id, File.name, Transfer.end_time)
        .join(File, File.id == Transfer.file_id)
        .where(Transfer.state == "CONFIRMED")
    )
    columns = ["file_id", "librarian_id", "file_name", "confirm_time"]
    connection.execute(insert(table_of(RemoteInstance)).from_select(columns, confirmed))
    there = (
        select(func.count()).where(RemoteInstance.librarian_id == Librarian.id).scalar_subquery()
    )
    connection.execute(update(Librarian).values(remote_instance_count=there))
