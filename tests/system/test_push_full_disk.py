"""A neighbour whose disk is full."""

from pathlib import Path

import pytest

from tests.polling import wait_until
from tests.store_agent.mounts import small_file_system
from tests.system.disasters import (
    DEADLINE_SECONDS,
    newest,
    send,
    try_now,
    wait_for_state,
)
from tests.system.neighbours import NEIGHBOUR, Neighbours, left_over, neighbours

MIB = 1 << 20


def test_a_full_disk_is_told_from_other_faults_and_nothing_is_lost(tmp_path: Path) -> None:
    disk = tmp_path / "destination" / "store"
    with small_file_system(disk, "16m"), neighbours(tmp_path) as both:
        filler = disk / "filler"
        filler.write_bytes(bytes(12 * MIB))
        early = {"early.raw": b"e" * (6 * MIB)}
        send(both, early)
        check_told_full(both)
        # SENDING, if it was promised room before the agent had told how little there is.
        assert newest(both, "early.raw").state in ("QUEUED", "SENDING")
        filler.unlink()
        # What waited may come by itself in the meantime, and take its 6 MiB.
        wait_until_free(both, 8 * MIB)
        try_now(both)
        both.wait_until_there(set(early), DEADLINE_SECONDS)
        # And one that filled up when all had been promised.
        late = {"late.raw": b"l" * (6 * MIB)}
        both.streams.bytes_per_second = MIB
        send(both, late)
        wait_for_state(both, "late.raw", "SENDING")
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(16 * MIB))
        both.streams.bytes_per_second = None
        check_told_full(both)
        filler.unlink()
        wait_until_free(both, 3 * MIB)
        try_now(both)
        both.wait_until_there(set(late), DEADLINE_SECONDS)
        both.check_whole({**early, **late})
        assert left_over(both.destination) == []


def check_told_full(both: Neighbours) -> None:
    """Wait until the source knows that there is no room, and says so in a sentence."""
    with both.source.librarian() as lib:
        wait_until(
            lambda: lib.get_librarian(NEIGHBOUR).link.cause == "FULL",
            what="the cause",
            timeout_seconds=DEADLINE_SECONDS,
        )
        link = lib.get_librarian(NEIGHBOUR).link
    # HALF_OPEN while it is tried again.
    assert link.state in ("OPEN", "HALF_OPEN")
    assert "room" in link.error or "space" in link.error


def wait_until_free(both: Neighbours, least_bytes: int) -> None:
    """Wait until the destination has noticed that its disk has so much room."""
    with both.destination.librarian() as lib:
        wait_until(
            lambda: lib.get_store("store").free_bytes >= least_bytes,
            what="the room",
            timeout_seconds=DEADLINE_SECONDS,
        )
