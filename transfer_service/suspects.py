"""Finding out whose fault it is that a file did not arrive as it should."""

import logging
from collections.abc import Sequence

from librarian.errors import BusyError
from librarian.failures import error_from
from transfer_service.batches import Item, Stage
from transfer_service.parts import Fault, PushParts, State, report

logger = logging.getLogger(__name__)


def judge_suspects(parts: PushParts) -> None:
    """Have the copies here read whole: a bad one is the source's fault, else the link's.

    Those that cannot be read now, for their store is busy or away, wait in the queue again.
    """
    suspects = parts.batch.at(Stage.SUSPECT)
    if not suspects:
        return
    left, patience = suspects, parts.agent.new_patience()
    while left := _judge(parts, left):
        if not patience.pause():
            _put_back(parts, left)
            break
    # The neighbour keeps no room for what will come under another number.
    parts.neighbour.withdraw([item.upload_id for item in suspects if item.upload_id])


def _judge(parts: PushParts, suspects: Sequence[Item]) -> list[Item]:
    """Report whose fault it was; return those of which that cannot be found out now."""
    bad: list[Item] = []
    good: list[Item] = []
    unknown: list[Item] = []
    for item, checked in zip(suspects, parts.agent.check(suspects), strict=True):
        if not checked.HasField("failure"):
            good.append(item)
            continue
        error = error_from(checked.failure.reason, checked.failure.message)
        if isinstance(error, BusyError):
            logger.info("%s: %s", item.transfer.file.name, error)
            unknown.append(item)
        else:
            item.error = str(error)
            bad.append(item)
    parts.fail(bad, State.FAILED, Fault.SOURCE)
    parts.fail(good, State.FAILED, Fault.LINK)
    return unknown


def _put_back(parts: PushParts, items: Sequence[Item]) -> None:
    """Let files go that are in the way of none: a copy is not marked for what its store does."""
    logger.warning(
        "Batch %s: %d files wait, for their copies cannot be looked at, such as %s",
        parts.claim.batch_id,
        len(items),
        items[0].transfer.file.name,
    )
    parts.record([report(item, State.QUEUED) for item in items])
    parts.batch.move(items, Stage.ENDED)
