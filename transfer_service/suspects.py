"""Finding out whose fault it is that a file did not arrive as it should."""

from transfer_service.batches import Stage
from transfer_service.parts import Fault, PushParts, State


def judge_suspects(parts: PushParts) -> None:
    """Have the copies here read whole: a bad one is the source's fault, else the link's."""
    suspects = parts.batch.at(Stage.SUSPECT)
    if not suspects:
        return
    bad, good = [], []
    for item, checked in zip(suspects, parts.agent.check(suspects), strict=True):
        if checked.HasField("failure"):
            item.error = checked.failure.message
            bad.append(item)
        else:
            good.append(item)
    parts.fail(bad, State.FAILED, Fault.SOURCE)
    parts.fail(good, State.FAILED, Fault.LINK)
    # The neighbour keeps no room for what will come under another number.
    parts.neighbour.withdraw([item.upload_id for item in suspects if item.upload_id])
