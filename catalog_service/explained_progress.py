"""How far a transfer under way is, and what it waits for."""

from datetime import UTC, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from catalog_service.order_hours import UNREADABLE, is_open, next_opening
from catalog_service.store_choice import SILENCE_LIMIT
from catalog_service.tables import Agent, File, Librarian, StandingOrder, Transfer, TransferBatch
from catalog_service.transfers import ShownTransfer

# To count on would take long, and tell nobody more.
_MOST_COUNTED = 100_000
_BATCH_STATES = {
    "QUEUED": "It was taken up in a batch that is being offered",
    "OFFERED": "The neighbour expects it, and its bytes are about to be sent",
    "SENDING": "Its bytes are on their way",
    "SENT": "Its bytes are there, to be verified",
}


def active_sentences(
    db: Session, file: File, librarian: Librarian, shown: ShownTransfer, now: datetime
) -> list[str]:
    """Say how far a transfer is that has not ended, and what it waits for."""
    sentences = link_sentences(librarian, now)
    if shown.batch is not None:
        sentences += _silence(db, shown.batch, now)
        return [_in_batch(shown, shown.batch, now), *sentences, *_last_error(shown, now)]
    order = db.get(StandingOrder, shown.transfer.lane) if shown.transfer.lane else None
    if file.instance_count == 0:
        sentences.append("No available copy of it is here at the moment.")
    if order is not None:
        sentences += _order_waits(order, now)
    sentences += _last_error(shown, now)
    return [*sentences, _position(db, shown.transfer)]


def link_sentences(librarian: Librarian, now: datetime) -> list[str]:
    """Say what keeps everything from a neighbour, if anything does."""
    name, sentences = librarian.name, []
    if not librarian.transfers_enabled:
        sentences.append(
            f"Transfers to {name} are disabled:"
            f" `librarian set-librarian-transfer CONN --name {name} --enabled` enables"
            " them."
        )
    if librarian.link_state in ("OPEN", "HALF_OPEN"):
        since = (
            f" since {show_moment(librarian.link_open_time)}" if librarian.link_open_time else ""
        )
        why = librarian.link_error.rstrip(".") or librarian.link_cause.lower()
        due = librarian.link_try_time if librarian.link_state == "OPEN" else None
        when = f"tried again at {show_moment(due)}" if due and due > now else "being tried again"
        sentences.append(f"Nothing is sent to {name}{since}: {why}; it is {when}.")
    return sentences


def show_moment(moment: datetime) -> str:
    """Return a time for people, in UTC to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_tries(count: int) -> str:
    """Return how often something was tried, in words."""
    return "1 attempt" if count == 1 else f"{count} attempts"


def _in_batch(shown: ShownTransfer, batch: TransferBatch, now: datetime) -> str:
    row = shown.transfer
    what = _BATCH_STATES[row.state]
    if row.state == "SENDING" and batch.way:
        what += f" by {batch.way.lower()}"
    source = f" from {shown.store_name}" if shown.store_name else ""
    left = shown.seconds_left(now)
    time_left = f", about {_show_seconds(left)} left" if left is not None else ""
    lease = batch.lease_until
    if batch.worker is None or (lease is not None and lease <= now):
        time_left = "; no transfer service works on it at the moment"
    done = f"{batch.bytes_done:,} of {batch.bytes_total:,} bytes of its batch are there"
    return f"{what}{source}: {done}{time_left}."


def _silence(db: Session, batch: TransferBatch, now: datetime) -> list[str]:
    agent = db.get_one(Agent, batch.agent_id)
    if batch.worker is not None or agent.report_time >= now - SILENCE_LIMIT:
        return []
    return [
        f"It waits for the store agent {agent.name}, which was last heard on"
        f" {show_moment(agent.report_time)}."
    ]


def _show_seconds(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _order_waits(order: StandingOrder, now: datetime) -> list[str]:
    if not order.enabled:
        return [f"The standing order {order.name!r} is disabled, and what it has queued waits."]
    try:
        if is_open(order.hours, order.timezone, now):
            return []
        opening = show_moment(next_opening(order.hours, order.timezone, now))
    except UNREADABLE:
        return [
            f"The hours {order.hours!r} of the standing order {order.name!r}, in the time zone"
            f" {order.timezone!r}, cannot be told any more: run `librarian update-standing-order`."
        ]
    zone = order.timezone or "UTC"
    return [
        f"The standing order {order.name!r} sends at {order.hours} ({zone}) only:"
        f" next from {opening} on."
    ]


def _last_error(shown: ShownTransfer, now: datetime) -> list[str]:
    row = shown.transfer
    if not row.error:
        return []
    due = shown.next_try_time
    when = f"; it is tried again at {show_moment(due)}" if due is not None and due > now else ""
    # What says nothing of the file, such as that there is no room, counts for no attempt.
    tries = f", after {format_tries(row.attempts)}," if row.attempts else ""
    return [f"Its last error{tries} was: {row.error.rstrip('.')}{when}."]


def _position(db: Session, row: Transfer) -> str:
    before = select(Transfer.id).where(
        Transfer.librarian_id == row.librarian_id,
        Transfer.lane == row.lane,
        Transfer.state == "QUEUED",
        Transfer.run_time <= row.run_time,
        or_(Transfer.run_time < row.run_time, Transfer.id < row.id),
    )
    # In the order of the index: another plan would meet them all.
    some = before.order_by(Transfer.run_time, Transfer.id).limit(_MOST_COUNTED + 1).subquery()
    count = db.execute(select(func.count()).select_from(some)).scalar_one()
    queue = f"of the standing order {row.order_name!r}" if row.lane else "of what people sent"
    if count == 0:
        return f"It is queued, the next {queue}."
    many = f"more than {_MOST_COUNTED:,}" if count > _MOST_COUNTED else f"{count:,}"
    return f"It is queued, with {many} before it in the queue {queue}."
