"""An answer that is lost after the work was done, at any step, changes nothing in the end."""

import pytest

from tests.polling import wait_until
from tests.transfer_service.faults import LOST_ANSWERS

# All that is called in a batch's life, but what only keeps it alive.
CALLS = [
    "ClaimBatch",
    "Ping",
    "OfferFiles",
    "RecordTransfers",
    "PushFiles",
    "FinishFiles",
    "WatchBatch",
    "EndBatch",
]


@pytest.mark.parametrize("call", CALLS)
def test_a_lost_answer_changes_nothing_in_the_end(world, start, call):
    # gRPC does not repeat a claim, nor a stream.
    world.faults.lose(
        call, 1 if call in ("ClaimBatch", "PushFiles", "WatchBatch") else LOST_ANSWERS
    )
    world.catalog.add(3)
    start()
    wait_until(lambda: _drives_on(world), what="the batch to be settled", timeout_seconds=20)
    sent = [file.file_name for push in world.agent.pushes for file in push.files]
    # Only what the neighbour had not been told of is brought again.
    assert len(sent) == 3 or call == "PushFiles"
    assert sorted(world.incoming.states.values()) == ["DONE"] * 3


def _drives_on(world):
    """Do what time does: let a lease run out of which its worker knows nothing, close a breaker."""
    unknown = world.catalog.owner and "Ping" not in world.faults.calls
    if unknown or world.catalog.owner == "nobody":
        world.catalog.let_go()
    return world.catalog.states() == ["CONFIRMED"] * 3
