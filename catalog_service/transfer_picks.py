"""Which transfers travel together, and which instance of each file is sent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.instances import is_reachable
from catalog_service.store_choice import SILENCE_LIMIT
from catalog_service.tables import Agent, Instance, Store, Transfer, TransferBatch
from catalog_service.transfer_claims import put_back
from catalog_service.transfer_failures import fail_attempts
from catalog_service.transfer_queue import ACTIVE_STATES

# Small ones share one start of rsync and one login, which cost as much as sending a thousand. More,
# with the longest of names, would not fit into the agent's call.
MAX_TRANSFERS = 2500
MAX_BYTES = 64 * 1024**3
# Among so many of a lane those of other agents are looked for: a million would take too long.
_LOOKED_THROUGH = 50_000
# How long transfers wait whose instances are where no agent answers.
_SILENT_AGENT_WAIT = timedelta(seconds=30)


class Candidate(NamedTuple):
    """An instance that could be sent; the lesser is the better."""

    has_problem: bool
    is_silent: bool
    instance_id: int
    agent_id: int

    @property
    def grade(self) -> tuple[bool, bool]:
        """Return how good it is, whichever instance it is."""
        return self.has_problem, self.is_silent


@dataclass(frozen=True)
class Picked:
    """Transfers that travel together, from one agent's stores."""

    agent_id: int
    # Transfer, and instance of its file.
    instances: dict[int, int]
    # Size, and priority of the transfer.
    sizes: list[tuple[int, int]]


def pick_transfers(
    db: Session, librarian_id: int, lane: int, but_not: Collection[int] = ()
) -> Picked | None:
    """Lock transfers of a lane that may travel together, and return them.

    Those of which there is nothing to send are put back, to be tried later. None are from the
    agents of `but_not`.
    """
    waiting = _waiting(db, librarian_id, lane, but_not)
    candidates = find_candidates(db, [row.file_id for row in waiting])
    _fail_those_without(db, [row.id for row in waiting if not candidates[row.file_id]])
    present = [row for row in waiting if candidates[row.file_id]]
    heard = [row for row in present if not candidates[row.file_id][0].is_silent]
    # They must not stay in front, in the way of those that can be sent.
    _let_wait(db, [row.id for row in present if candidates[row.file_id][0].is_silent])
    return _from_one_agent(heard, candidates, but_not)


def repair_instances(db: Session, batch: TransferBatch) -> None:
    """Let those of a batch wait again whose instance cannot be sent: another may be.

    One on a silent agent is waited for, unless there is another that can be sent.
    """
    statement = (
        select(
            Transfer.id,
            Transfer.file_id,
            Transfer.instance_id,
            Transfer.state,
            Transfer.upload_id,
        )
        .where(Transfer.batch_id == batch.id, Transfer.state.in_(ACTIVE_STATES))
        .order_by(Transfer.id)
        .with_for_update(skip_locked=True)
    )
    rows = db.execute(statement).all()
    candidates = find_candidates(db, [row.file_id for row in rows])
    lost = [row for row in rows if _is_lost(row, candidates[row.file_id])]
    if not lost:
        return
    # What is there whole may still be recorded there; the others' room is for what comes instead.
    uploads = [row.upload_id for row in lost if row.upload_id and row.state != "SENT"]
    batch.withdrawals = " ".join([*batch.withdrawals.split(), *uploads])
    put_back(db, [row.id for row in lost])


def _is_lost(row: Any, candidates: Sequence[Candidate]) -> bool:
    own = next((one for one in candidates if one.instance_id == row.instance_id), None)
    if own is None:
        return True
    others_heard = any(not one.is_silent for one in candidates)
    # What is there already needs no agent here any more.
    return own.is_silent and others_heard and row.state != "SENT"


def silent_agents(db: Session) -> set[int]:
    """Return the agents that were not heard for so long that they must be down."""
    oldest = database_time(db) - SILENCE_LIMIT
    return set(db.scalars(select(Agent.id).where(Agent.report_time < oldest)))


def find_candidates(db: Session, file_ids: Iterable[int]) -> dict[int, list[Candidate]]:
    """Return the instances of files that could be sent, the best of each first."""
    oldest = database_time(db) - SILENCE_LIMIT
    # Stores are few: they are looked at once, not with each instance.
    enabled = select(Store, Agent).join(Agent, Agent.id == Store.agent_id).where(Store.enabled)
    stores = {
        store.id: (not is_reachable(store, agent, oldest), agent.id)
        for store, agent in db.execute(enabled)
    }
    statement = select(
        Instance.id, Instance.file_id, Instance.store_id, (Instance.problem != "").label("bad")
    ).where(has_key_among(db, Instance.file_id, file_ids), Instance.available)
    found: dict[int, list[Candidate]] = defaultdict(list)
    for instance_id, file_id, store_id, has_problem in db.execute(statement):
        if store_id in stores:
            is_silent, agent_id = stores[store_id]
            found[file_id].append(Candidate(bool(has_problem), is_silent, instance_id, agent_id))
    for candidates in found.values():
        candidates.sort()
    return found


def _waiting(
    db: Session, librarian_id: int, lane: int, but_not: Collection[int] = ()
) -> Sequence[Any]:
    """Lock the first that may start, as the lane's index has them."""
    may_start = (
        Transfer.librarian_id == librarian_id,
        Transfer.lane == lane,
        Transfer.state == "QUEUED",
        Transfer.batch_id.is_(None),
        Transfer.run_time <= database_time(db),
    )
    statement = (
        select(Transfer.id, Transfer.file_id, Transfer.size_bytes, Transfer.priority)
        .where(*may_start)
        .order_by(Transfer.run_time, Transfer.id)
        .limit(MAX_TRANSFERS)
        .with_for_update(skip_locked=True)
    )
    if but_not:
        first = select(Transfer.id).where(*may_start).order_by(Transfer.run_time, Transfer.id)
        elsewhere = (
            select(Instance.id)
            .join(Store, Store.id == Instance.store_id)
            .where(Instance.file_id == Transfer.file_id, Instance.available)
            .where(Store.enabled, Store.agent_id.not_in(but_not))
        )
        statement = statement.where(
            Transfer.id.in_(first.limit(_LOOKED_THROUGH)), elsewhere.exists()
        )
    return db.execute(statement).all()


def _from_one_agent(
    waiting: Iterable[Any],
    candidates: dict[int, list[Candidate]],
    but_not: Collection[int],
) -> Picked | None:
    picked: Picked | None = None
    total = 0
    for row in waiting:
        # As good as the best, but where the others are.
        grade = candidates[row.file_id][0].grade
        equal = [
            one
            for one in candidates[row.file_id]
            if one.grade == grade
            and (one.agent_id == picked.agent_id if picked else one.agent_id not in but_not)
        ]
        if not equal:
            continue
        picked = picked or Picked(equal[0].agent_id, {}, [])
        total += row.size_bytes
        if picked.instances and total > MAX_BYTES:
            break
        picked.instances[row.id] = equal[0].instance_id
        picked.sizes.append((row.size_bytes, row.priority))
    return picked


def _fail_those_without(db: Session, transfer_ids: Sequence[int]) -> None:
    error = "No copy of the file that could be sent is available at this site."
    fail_attempts(db, transfer_ids, error, "SOURCE")


def _let_wait(db: Session, transfer_ids: Sequence[int]) -> None:
    """Let others come to the front meanwhile; it is no attempt, for nothing was tried."""
    if transfer_ids:
        run_time: datetime = database_time(db) + _SILENT_AGENT_WAIT
        error = "The store agent that has the copy does not answer, or its disk is not there."
        put_back(db, transfer_ids, run_time=run_time, error=error, fault="SOURCE")
