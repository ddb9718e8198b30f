"""An answer that is lost after the work was done, at any step, changes nothing in the end."""

import pytest

from tests.polling import wait_until

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
    world.faults.lose(call)
    world.catalog.add(3)
    start()
    wait_until(lambda: _drives_on(world), what="the batch to be settled", timeout_seconds=20)
    assert world.catalog.states() == ["CONFIRMED"] * 3
    sent = [file.file_name for push in world.agent.pushes for file in push.files]
    # Only what the neighbour had not been told of is brought again.
    assert len(sent) == 3 or call == "PushFiles"
    assert sorted(world.incoming.states.values()) == ["DONE"] * 3


def _drives_on(world):
    """Do what time does: let a lease run out, and the breaker close again."""
    if world.catalog.owner == "nobody" or world.faults.calls.count("ClaimBatch") == 1 and (
        world.catalog.owner and not world.faults.calls.count("Ping") and world.catalog.fence == 1
    ):
        world.catalog.let_go()
    return world.catalog.states() == ["CONFIRMED"] * 3
