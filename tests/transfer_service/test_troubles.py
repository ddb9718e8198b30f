"""What is in the way of a whole batch is told with its cause, and the batch kept together."""

import pytest

from librarian.errors import (
    BusyError,
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
    StoreFullError,
    UnknownUploadError,
)
from librarian.v1 import incoming_pb2, librarians_pb2
from librarian.v1 import store_agent_pb2 as agent_pb
from tests.transfer_service.faults import LOST_ANSWERS

Verdict = incoming_pb2.OfferAnswer.Verdict
Cause = librarians_pb2.Link.Cause


@pytest.mark.parametrize("call", ["Ping", "OfferFiles", "FinishFiles"])
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (BusyError("Too much to do."), "UNREACHABLE"),
        (NotSignedInError("Who are you?"), "REFUSED"),
        (NotAllowedError("You may not."), "REFUSED"),
        (StoreFullError("No room."), "FULL"),
        (InvalidRequestError("What is that?"), "MISCONFIGURED"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_the_neighbour_ends_the_batch_with_its_cause(world, start, call, error, cause):
    world.faults.fail(call, error)
    world.catalog.add(2)
    start()
    end = world.wait_for_end()
    assert (Cause.Name(end.cause), str(error) in end.error) == (cause, True)
    assert "FAILED" not in world.catalog.states()


def test_a_neighbour_that_is_cut_off_in_the_middle_is_unreachable(world, start):
    world.faults.fail("OfferFiles", *[NotReachableError("Cut.")] * LOST_ANSWERS)
    world.catalog.add(1)
    start()
    assert world.wait_for_end().cause == Cause.UNREACHABLE


def test_a_neighbour_that_nothing_answers_for_is_unreachable(world, start):
    world.catalog.neighbour.url = "127.0.0.1:1"
    world.catalog.add(1)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.site_id) == (Cause.UNREACHABLE, "")
    assert world.catalog.states() == ["QUEUED"]


@pytest.mark.parametrize(
    ("site_id", "sentence"),
    [("site-of-c", "Another site than b answers"), ("site-of-a", "This very site answers")],
)
def test_another_site_at_the_address_is_offered_nothing(world, start, site_id, sentence):
    world.site.site_id = site_id
    world.catalog.neighbour.site_id = "" if site_id == "site-of-a" else "site-of-b"
    world.catalog.add(1)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.site_id) == (Cause.REFUSED, "")
    assert sentence in end.error
    assert world.incoming.offered == {}


def test_a_site_that_was_not_known_yet_is_told(world, start):
    world.catalog.neighbour.site_id = ""
    world.catalog.add(1)
    start()
    assert world.wait_for_end().site_id == "site-of-b"


def test_a_full_neighbour_holds_back_nothing_but_itself(world, start):
    no_room = (Verdict.NO_ROOM, "There is no room at b.")
    world.incoming.verdicts = {"zen.1.uv": no_room, "zen.2.uv": no_room}
    world.catalog.add(2)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.error) == (Cause.FULL, "There is no room at b.")
    assert world.catalog.states() == ["QUEUED", "QUEUED"]


def test_a_neighbour_that_can_take_nothing_now_is_tried_later(world, start):
    later = (Verdict.LATER, "The store's agent is away.")
    conflict = (Verdict.CONFLICT, "Other contents have that name.")
    world.incoming.verdicts = {"zen.1.uv": later, "zen.2.uv": conflict}
    world.catalog.add(2)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.error) == (Cause.UNREACHABLE, "The store's agent is away.")
    assert world.catalog.states() == ["QUEUED", "DECLINED"]


@pytest.mark.parametrize("way", ["PUSH_WAY_STREAM", "PUSH_WAY_RSYNC"])
def test_a_push_that_breaks_off_keeps_what_it_brought(world, start, way):
    world.agent.way = incoming_pb2.PushWay.Value(way)
    world.incoming.verifying.clear()
    world.catalog.add(2)
    world.agent.troubles = [agent_pb.PushTrouble(cause=Cause.UNREACHABLE, message="Cut off.")]
    world.agent.files_before_pause = 2
    start()
    end = world.wait_for_end()
    assert (end.cause, end.error) == (Cause.UNREACHABLE, "Cut off.")
    assert world.catalog.states() == ["SENT", "SENT"]


def test_a_trouble_of_the_stores_is_told_as_the_agent_tells_it(world, start):
    trouble = agent_pb.PushTrouble(cause=Cause.MISCONFIGURED, message="No way works.")
    world.agent.troubles = [trouble]
    world.catalog.add(1)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.error) == (Cause.MISCONFIGURED, "No way works.")


def test_a_neighbour_restored_from_a_backup_is_offered_the_batch_anew(world, start):
    world.incoming.verifying.clear()
    world.incoming.watch_answers = 1
    world.catalog.add(1)
    start()
    world.wait_for_states("SENT")
    world.incoming.forget()
    assert world.wait_for_end().cause == Cause.UNREACHABLE
    world.incoming.verifying.set()
    world.catalog.let_go()
    world.wait_for_states("CONFIRMED")


def test_a_watch_that_breaks_off_for_a_moment_ends_nothing(world, start):
    world.faults.fail("WatchBatch", NotReachableError("Cut."), BusyError("Too many watch."))
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    assert world.wait_for_end().cause == 0


def test_a_watch_of_a_batch_that_is_not_known_is_no_endless_one(world, start):
    world.faults.fail("WatchBatch", UnknownUploadError("There is no such batch."))
    world.catalog.add(1)
    start()
    end = world.wait_for_end()
    assert (end.cause, "no such batch" in end.error) == (Cause.UNREACHABLE, True)


def test_the_agent_may_restart_between(world, start):
    world.faults.fail(
        "PushFiles", NotReachableError("It restarts."), NotSignedInError("An old ticket.")
    )
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    assert "RenewBatchLease" in world.faults.calls


def test_an_agent_that_stays_away_is_not_the_neighbours_fault(world, start, monkeypatch):
    monkeypatch.setattr("transfer_service.source_agents.PATIENCE_SECONDS", 0.1)
    world.faults.fail("PushFiles", *[NotReachableError("It is away.")] * 3)
    world.catalog.add(1)
    start()
    end = world.wait_for_end()
    assert (end.cause, end.handed_on) == (0, True)
    world.wait_for_states("CONFIRMED")


def test_what_the_agent_cannot_do_at_all_is_a_matter_for_a_person(world, start):
    world.faults.fail("PushFiles", LibrarianError("Something broke."))
    world.catalog.add(1)
    start()
    assert world.wait_for_end().cause == Cause.MISCONFIGURED


def test_a_ticket_that_has_run_out_is_renewed_and_the_push_goes_on(world, start, monkeypatch):
    monkeypatch.setattr("transfer_service.sending._TICKET_SECONDS", 0.0)
    refused = agent_pb.PushTrouble(cause=Cause.REFUSED, message="The ticket has run out.")
    world.agent.troubles = [refused]
    world.agent.files_before_trouble = 1
    world.catalog.add(2)
    start()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CONFIRMED", "CONFIRMED"]
    tickets = [push.way_in.ticket for push in world.agent.pushes]
    assert tickets == ["write-ticket", "new-ticket"]
    assert [file.file_name for file in world.agent.pushes[1].files] == ["zen.2.uv"]


def test_a_ticket_that_is_refused_at_once_is_a_refusal(world, start):
    refused = agent_pb.PushTrouble(cause=Cause.REFUSED, message="That ticket is none.")
    world.agent.troubles = [refused]
    world.agent.files_before_trouble = 0
    world.catalog.add(1)
    start()
    assert world.wait_for_end().cause == Cause.REFUSED
