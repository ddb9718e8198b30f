"""What is cancelled, or has left its batch, is not sent, and withdrawn at the neighbour."""

import threading
import time

from librarian.errors import UnknownUploadError
from librarian.v1.transfer_records_pb2 import BatchTransfer
from tests.polling import wait_until
from transfer_service.batches import Batch, Stage


def test_what_is_cancelled_while_it_is_sent_is_left_out_and_withdrawn(quick, world, start):
    world.agent.files_before_pause = 1
    world.catalog.add(3)
    start()
    world.wait_for_states("CONFIRMED", "SENDING", "SENDING")
    world.catalog.cancel(2)
    wait_until(world.agent.cancelled.is_set, what="the push to be interrupted")
    world.agent.cancelled.clear()
    world.wait_for_states("CONFIRMED", "CANCELLED", "CONFIRMED")
    assert world.incoming.withdrawn == [world.incoming.upload_of("zen.2.uv")]
    assert [file.file_name for file in world.agent.pushes[-1].files] == ["zen.3.uv"]


def test_what_has_left_the_batch_is_withdrawn(world, start):
    world.catalog.withdrawn = ["b-7", "b-8"]
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    wait_until(lambda: world.catalog.ends, what="the batch to end")
    assert world.incoming.withdrawn == ["b-7", "b-8"]


def test_what_is_cancelled_just_before_it_is_sent_is_not_sent(world, start):
    world.catalog.cancelled_before = {2: "SENDING"}
    world.catalog.add(3)
    start()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CONFIRMED", "CANCELLED", "CONFIRMED"]
    assert [len(push.files) for push in world.agent.pushes] == [2]
    assert world.incoming.withdrawn == [world.incoming.upload_of("zen.2.uv")]


def test_what_is_cancelled_between_its_list_and_its_push_interrupts_it():
    batch, interrupted = Batch([BatchTransfer(transfer_id=1)]), threading.Event()
    items = batch.at(Stage.WAITING)
    with batch.interrupting(interrupted.set, items):
        assert not interrupted.is_set()
    batch.cancel([1])
    with batch.interrupting(interrupted.set, items):
        assert interrupted.is_set()


def test_what_is_cancelled_while_it_is_offered_is_withdrawn(quick, world, start):
    release = world.faults.hold("OfferFiles")
    world.catalog.add(2)
    start()
    world.wait_for_call("OfferFiles")
    world.catalog.cancel(1)
    # What was under way when it was cancelled, and one that told of it.
    beats = world.faults.calls.count("RenewBatchLease") + 3
    wait_until(
        lambda: world.faults.calls.count("RenewBatchLease") >= beats, what="the lease's renewal"
    )
    release()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CANCELLED", "CONFIRMED"]
    assert world.incoming.withdrawn == [world.incoming.upload_of("zen.1.uv")]


def test_what_is_cancelled_while_it_is_verified_is_withdrawn(quick, world, start):
    world.incoming.verifying.clear()
    world.catalog.add(2)
    start()
    world.wait_for_states("SENT", "SENT")
    world.catalog.cancel(1)
    wait_until(lambda: world.incoming.withdrawn, what="the upload to be withdrawn")
    assert world.catalog.ends == []
    world.incoming.settle()
    world.wait_for_states("CANCELLED", "CONFIRMED")
    assert world.incoming.withdrawn == [world.incoming.upload_of("zen.1.uv")]


def test_a_batch_of_which_all_was_cancelled_ends_though_the_neighbour_says_nothing(
    quick, world, start
):
    world.incoming.verifying.clear()
    world.catalog.add(1)
    start()
    world.wait_for_states("SENT")
    world.wait_for_call("WatchBatch")
    started = time.monotonic()
    world.catalog.cancel(1)
    assert world.wait_for_end().cause == 0
    assert time.monotonic() - started < 30


def test_what_is_cancelled_of_a_batch_that_the_neighbour_forgot_holds_nothing_up(
    quick, world, start
):
    world.incoming.verifying.clear()
    world.faults.fail("WithdrawFiles", UnknownUploadError("You have no such batch here."))
    world.catalog.add(1)
    start()
    world.wait_for_states("SENT")
    world.catalog.cancel(1)
    end = world.wait_for_end()
    assert (end.cause, end.error) == (0, "")
    assert world.faults.calls.count("WithdrawFiles") == 1
