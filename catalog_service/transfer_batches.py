"""Batches of transfers: which neighbour's turn it is, and what travels next.

A batch that was given back, or whose worker is gone, goes first: the neighbour knows it already,
and bytes of it may be there. But what is in its way may be one agent's fault: so they take turns,
and while the link is in doubt every second try is another agent's. One transaction looks where
there may be work, without locks; another takes it, with the neighbour's row locked, so that no two
start batches there at once.
"""

import random
import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service import links
from catalog_service.bulk import driver_time, table_of, update_by_id
from catalog_service.clock import database_time
from catalog_service.tables import Agent, Librarian, Site, Transfer, TransferBatch
from catalog_service.transfer_claims import (
    LEASE_SECONDS,
    Hold,
    dissolve,
    find_batch,
    has_work,
    held_batch,
    is_live,
    lock_librarian,
    needs_agent,
    set_free,
    take,
)
from catalog_service.transfer_lanes import Lane, charge, choose_lane, cost_of, lane_of, list_lanes
from catalog_service.transfer_picks import Picked, pick_transfers, repair_instances, silent_agents

_BATCH_ID_BYTES = 16
# Of the newest batch, in the mean rate to a neighbour.
_NEWEST_WEIGHT = 0.3

_TRANSFERS = table_of(Transfer)


@dataclass
class Outlook:
    """Where there may be work, and when there will be some elsewhere."""

    # Neighbours by key, those with the fewest batches under way first.
    librarian_ids: list[int] = field(default_factory=list)
    # The first moment at which that changes without anybody telling; None when none is known.
    next_time: datetime | None = None
    now: datetime | None = None

    def expect(self, moment: datetime | None) -> None:
        """Take a moment into account."""
        if moment is not None:
            self.next_time = min(moment, self.next_time or moment)


@dataclass(frozen=True)
class ClaimedBatch:
    """A batch that a worker now has."""

    batch: TransferBatch
    librarian: Librarian
    agent: Agent
    site: Site
    lane: Lane
    lease_seconds: float


@dataclass(frozen=True)
class BatchEnd:
    """What a worker tells when it gives a batch back."""

    # What was in the way of all of it, as a name of `Link.Cause` and in a sentence.
    cause: str = ""
    error: str = ""
    # Identity of the site that answered.
    site_id: str = ""
    # What this claim has brought there, and how long that took.
    sent_bytes: int = 0
    sending_seconds: float = 0.0
    # Whether another worker shall go on with it.
    handed_on: bool = False


def look_for_work(db: Session) -> Outlook:
    """Say where there may be work; it reads a few rows a neighbour, however many wait."""
    outlook = Outlook(now=database_time(db))
    librarians = db.scalars(select(Librarian).where(Librarian.transfers_enabled)).all()
    if not librarians:
        return outlook
    batches = _batches(db)
    live_counts: dict[int, int] = {}
    for librarian in librarians:
        live_counts[librarian.id] = _look_at(db, librarian, batches[librarian.id], outlook)
    # Of those alike any, or the first would always be served first.
    random.shuffle(outlook.librarian_ids)
    outlook.librarian_ids.sort(key=lambda key: live_counts[key])
    return outlook


def claim_batch(
    db: Session, librarian_id: int, worker: str, lease_seconds: float = LEASE_SECONDS
) -> ClaimedBatch | None:
    """Give a worker a batch to a neighbour, or return None when there is none after all."""
    librarian = lock_librarian(db, librarian_id)
    if librarian is None:
        return None
    now, batches = database_time(db), _batches(db, librarian_id)[librarian_id]
    live = [batch for batch in batches if is_live(batch, now)]
    if not links.may_try(librarian, now, len(live)):
        return None
    lanes = list_lanes(db, librarian)
    free = [batch for batch in batches if batch not in live]
    silent = silent_agents(db)
    batch = None
    if free and _is_others_turn(librarian):
        busy, tried = {one.lane for one in live}, {one.agent_id for one in free}
        batch = _begin(db, librarian, lanes, now, busy, but_not=tried)
    if batch is None:
        ready = [one for one in free if _may_go_on(lane_of(lanes, one.lane), now, live)]
        batch = _resume(db, librarian, ready, now, silent)
    if batch is None:
        # What waits for an agent must not keep its lane from others'.
        busy = {one.lane for one in batches if one in live or one.agent_id not in silent}
        # Anew: what was looked through may have come back into its lane.
        lanes = list_lanes(db, librarian)
        batch = _begin(db, librarian, lanes, now, busy)
    if batch is None:
        return None
    links.note_try(librarian)
    take(db, batch, worker, lease_seconds)
    return ClaimedBatch(
        batch,
        librarian,
        db.get_one(Agent, batch.agent_id),
        db.scalars(select(Site)).one(),
        lane_of(lanes, batch.lane),
        lease_seconds,
    )


def end_batch(db: Session, hold: Hold, told: BatchEnd) -> None:
    """Take a batch back from its worker; raise TakenOverError when another has it.

    With a cause, or handed on, it stays together for the next one. Ended twice, it ends once.
    """
    batch = find_batch(db, hold.batch_id)
    if batch is None or (batch.fence == hold.fence and batch.worker is None):
        return
    held_batch(db, hold)
    if told.cause or told.handed_on:
        set_free(db, batch)
    else:
        dissolve(db, batch)
    librarian = lock_librarian(db, batch.librarian_id)
    if librarian is not None:
        if told.site_id and not librarian.site_id:
            librarian.site_id = told.site_id
        _note_end(db, librarian, told)
        _note_rate(librarian, told.sent_bytes, told.sending_seconds)
        db.flush()


def give_up(db: Session, librarian_id: int, error: str) -> None:
    """Start nothing more to a neighbour for a while: a batch to it cannot even begin."""
    librarian = lock_librarian(db, librarian_id)
    if librarian is not None:
        links.note_try(librarian)
        links.note_failure(db, librarian, "REFUSED", error)


def _note_end(db: Session, librarian: Librarian, told: BatchEnd) -> None:
    if told.cause:
        links.note_failure(db, librarian, told.cause, told.error)
    elif told.site_id and not told.handed_on:
        # It answered, and nothing was in the way.
        links.note_success(db, librarian)


def _note_rate(librarian: Librarian, sent_bytes: int, seconds: float) -> None:
    if sent_bytes <= 0 or seconds <= 0:
        return
    rate, mean = sent_bytes / seconds, librarian.rate_bytes_per_second
    weight = _NEWEST_WEIGHT if mean else 1.0
    librarian.rate_bytes_per_second = mean + weight * (rate - mean)


def _look_at(
    db: Session, librarian: Librarian, batches: Sequence[TransferBatch], outlook: Outlook
) -> int:
    """Add a neighbour to the outlook, and return how many batches to it are under way."""
    now = outlook.now or database_time(db)
    live = [batch for batch in batches if is_live(batch, now)]
    for batch in live:
        outlook.expect(batch.lease_until)
    if not links.may_try(librarian, now, len(live)):
        try_time = links.try_time(librarian, now)
        outlook.expect(try_time if try_time > now else None)
        return len(live)
    lanes = list_lanes(db, librarian)
    moments = [lane.start_time(now) for lane in lanes]
    for moment in moments:
        outlook.expect(moment if moment != now else None)
    free = [batch for batch in batches if batch not in live]
    can_resume = any(_may_go_on(lane_of(lanes, batch.lane), now, live) for batch in free)
    if can_resume or choose_lane(lanes, librarian, now, {batch.lane for batch in batches}):
        outlook.librarian_ids.append(librarian.id)
    return len(live)


def _is_others_turn(librarian: Librarian) -> bool:
    """Tell whether agents without a batch there are tried next."""
    return librarian.link_state != links.CLOSED and librarian.link_failures % 2 == 1


def _may_go_on(lane: Lane, now: datetime, live: Sequence[TransferBatch]) -> bool:
    """Tell whether a batch of a lane may go on beside those that are under way."""
    return lane.is_open(now) and not (lane.bandwidth and lane.number in {b.lane for b in live})


def _batches(db: Session, librarian_id: int | None = None) -> defaultdict[int, list[TransferBatch]]:
    """Return batches by neighbour, the least lately claimed first."""
    statement = select(TransferBatch).order_by(TransferBatch.claim_time, TransferBatch.id)
    if librarian_id is not None:
        statement = statement.where(TransferBatch.librarian_id == librarian_id)
    found: defaultdict[int, list[TransferBatch]] = defaultdict(list)
    for batch in db.scalars(statement):
        found[batch.librarian_id].append(batch)
    return found


def _resume(
    db: Session,
    librarian: Librarian,
    free: Sequence[TransferBatch],
    now: datetime,
    silent: Collection[int],
) -> TransferBatch | None:
    """Return the first batch that waits for a worker; those with nothing left go.

    So do those of an account that is used no more. One whose agent is silent waits for it, without
    taking another's place.
    """
    for seen in free:
        # Its last worker may be writing: then it is not ours to take.
        batch = find_batch(db, seen.id, skip_locked=True)
        if batch is None or is_live(batch, now):
            continue
        repair_instances(db, batch)
        if batch.account_name not in ("", librarian.account_name) or not has_work(db, batch):
            dissolve(db, batch)
        elif batch.agent_id not in silent or not needs_agent(db, batch):
            return batch
    return None


def _begin(
    db: Session,
    librarian: Librarian,
    lanes: Sequence[Lane],
    now: datetime,
    busy: Collection[int],
    *,
    but_not: Collection[int] = (),
) -> TransferBatch | None:
    """Make a batch of what waits in the lane whose turn it is, of none of the agents given."""
    left = list(lanes)
    while (lane := choose_lane(left, librarian, now, busy)) is not None:
        picked = pick_transfers(db, librarian.id, lane.number, but_not)
        if picked is not None:
            charge(db, librarian, lane, cost_of(lane, picked.sizes))
            return _make_batch(db, librarian, lane, picked)
        # What is there cannot be sent now: that holds no other lane back.
        left.remove(lane)
    return None


def _make_batch(db: Session, librarian: Librarian, lane: Lane, picked: Picked) -> TransferBatch:
    now = database_time(db)
    batch = TransferBatch(
        id=secrets.token_hex(_BATCH_ID_BYTES),
        librarian_id=librarian.id,
        lane=lane.number,
        account_name=librarian.account_name,
        agent_id=picked.agent_id,
        bytes_total=sum(size for size, _ in picked.sizes),
        create_time=now,
    )
    db.add(batch)
    db.flush()
    time = driver_time(db, now)
    rows = [(key, batch.id, instance_id, time) for key, instance_id in picked.instances.items()]
    update_by_id(db, _TRANSFERS, ("batch_id", "instance_id", "update_time"), rows)
    return batch
