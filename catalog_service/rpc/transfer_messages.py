"""Transfers as messages."""

from datetime import datetime

from catalog_service.transfer_queue import ENDED_STATES, Queued
from catalog_service.transfers import ShownTransfer
from librarian.v1 import transfers_pb2 as pb


def transfer_message(shown: ShownTransfer, now: datetime) -> pb.Transfer:
    """Return a transfer as a message; what is left of its batch is that from now on."""
    row = shown.transfer
    message = pb.Transfer(
        id=row.id,
        file_name=shown.file_name,
        librarian_name=shown.librarian_name,
        state=row.state,
        order_name=row.order_name,
        owner=row.owner,
        size_bytes=row.size_bytes,
        priority=row.priority,
        attempts=row.attempts,
        error=row.error,
        fault=row.fault or None,
        create_time=row.create_time,
        update_time=row.update_time,
        next_try_time=shown.next_try_time,
        start_time=row.start_time,
        end_time=row.end_time,
        store_name=shown.store_name,
    )
    # One that was cancelled stays with its batch until its worker has heard of it.
    if shown.batch is not None and row.state not in ENDED_STATES:
        _fill_batch(message, shown, now)
    return message


def _fill_batch(message: pb.Transfer, shown: ShownTransfer, now: datetime) -> None:
    batch, left = shown.batch, shown.seconds_left(now)
    assert batch is not None  # noqa: S101 - the caller has looked.
    message.batch_id = batch.id
    message.way = batch.way.lower()
    message.batch_bytes_done = batch.bytes_done
    message.batch_bytes_total = batch.bytes_total
    if left is not None:
        message.batch_seconds_left = left


def queued_message(queued: Queued, owner: str, *, done: bool) -> pb.QueueTransfersResponse:
    """Return what was queued so far."""
    return pb.QueueTransfersResponse(
        queued_count=queued.queued_count,
        queued_bytes=queued.queued_bytes,
        there_count=queued.there_count,
        active_count=queued.active_count,
        without_instance_count=queued.without_instance_count,
        done=done,
        first_id=queued.first_id,
        last_id=queued.last_id,
        owner=owner,
    )
