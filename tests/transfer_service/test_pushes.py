"""A batch is driven from its claim to its end, and each file in it to its own."""

import pytest

from catalog_service.librarian_settings import LibrarianSettings, check_settings
from librarian.v1 import incoming_pb2, uploads_pb2
from store_agent.pushing.ssh_address import find_address
from store_agent.pushing.ways import Push, WayIn
from tests.polling import wait_until
from transfer_service import batches

Verdict = incoming_pb2.OfferAnswer.Verdict


def test_a_batch_is_offered_sent_and_confirmed(world, start):
    world.catalog.add(3)
    start()
    end = world.wait_for_end()
    assert world.catalog.states() == ["CONFIRMED"] * 3
    assert world.catalog.rows[1].history[:2] == ["OFFERED", "SENDING"]
    assert (end.cause, end.handed_on, end.site_id) == (0, False, "site-of-b")
    assert end.sent_bytes == sum(row.file.size_bytes for row in world.catalog.rows.values())
    assert end.sending_seconds > 0
    assert world.catalog.way == "stream"


def test_a_batch_of_more_than_fits_into_a_call_is_one_push(world, start, monkeypatch):
    monkeypatch.setattr(batches, "_CALL_ITEMS", 2)
    world.agent.way = incoming_pb2.PUSH_WAY_RSYNC
    world.incoming.verdicts = {
        "zen.2.uv": (Verdict.CONFLICT, "Other contents have that name."),
        "zen.7.uv": (Verdict.HELD, ""),
    }
    world.catalog.add(7)
    start()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CONFIRMED", "DECLINED", *["CONFIRMED"] * 5]
    assert [len(push.files) for push in world.agent.pushes] == [5]
    # The last offer expects nothing, and so does not tell where to.
    assert world.agent.pushes[0].way_in.store_name
    assert [len(group) for group in world.incoming.finished_groups] == [2, 2, 1]


def test_what_comes_later_is_taken_up_at_once(world, start):
    start()
    world.wait_for_call("ClaimBatch")
    world.catalog.add(1)
    world.wait_for_states("CONFIRMED")


def test_each_verdict_ends_its_own_file_and_no_other(world, start):
    world.incoming.verdicts = {
        "zen.1.uv": (Verdict.HELD, ""),
        "zen.2.uv": (Verdict.CONFLICT, "Other contents have that name."),
        "zen.3.uv": (Verdict.REFUSED, "That name is not legal."),
        "zen.4.uv": (Verdict.NO_ROOM, "It is too large."),
        "zen.5.uv": (Verdict.LATER, "Its store is away."),
    }
    world.catalog.add(6)
    start()
    assert world.wait_for_end().cause == 0
    rows = world.catalog.rows
    assert [(row.state, row.fault) for row in rows.values()] == [
        ("CONFIRMED", "FAULT_UNSPECIFIED"),
        ("DECLINED", "FILE"),
        ("DECLINED", "FILE"),
        ("FAILED", "DESTINATION"),
        ("FAILED", "DESTINATION"),
        ("CONFIRMED", "FAULT_UNSPECIFIED"),
    ]
    assert rows[2].error == "Other contents have that name."
    assert [file.file_name for push in world.agent.pushes for file in push.files] == ["zen.6.uv"]


def test_what_arrived_earlier_is_watched_and_not_sent_again(world, start):
    world.incoming.verifying.clear()
    world.catalog.add(2)
    service = start()
    world.wait_for_states("SENT", "SENT")
    service.stop(0)
    start()
    wait_until(lambda: world.catalog.fence == 2, what="the batch to be taken up again")
    world.incoming.settle()
    world.wait_for_states("CONFIRMED", "CONFIRMED")
    assert len(world.agent.pushes) == 1


def test_rsync_is_finished_only_when_it_has_ended(world, start):
    world.agent.way = incoming_pb2.PUSH_WAY_RSYNC
    world.agent.files_before_pause = 2
    world.catalog.add(3)
    start()
    wait_until(lambda: world.agent.pauses > 3, what="the push to go on for a while")
    assert world.catalog.way == "rsync"
    assert world.incoming.finished_groups == []
    world.agent.go_on.set()
    world.wait_for_states(*["CONFIRMED"] * 3)
    assert [len(group) for group in world.incoming.finished_groups] == [3]
    assert world.incoming.finished_ways == [incoming_pb2.PUSH_WAY_RSYNC]


def test_a_stream_is_finished_and_confirmed_while_the_rest_is_sent(world, start):
    world.agent.files_before_pause = 1
    world.catalog.add(2)
    start()
    world.wait_for_states("CONFIRMED", "SENDING")
    world.agent.go_on.set()
    world.wait_for_states("CONFIRMED", "CONFIRMED")


@pytest.mark.parametrize("fault", ["SOURCE", "LINK"])
def test_a_corrupt_arrival_is_the_fault_of_the_copy_or_of_the_link(world, start, fault):
    corrupt = uploads_pb2.Failure(reason="CORRUPT_CONTENTS", message="It is not what it was.")
    world.incoming.failures = {"zen.2.uv": corrupt}
    if fault == "SOURCE":
        rotten = uploads_pb2.Failure(reason="CORRUPT_CONTENTS", message="The copy has rotted.")
        world.agent.bad = {"zen.2.uv": rotten}
    world.catalog.add(3)
    start()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CONFIRMED", "FAILED", "CONFIRMED"]
    row = world.catalog.rows[2]
    said = "The copy has rotted." if fault == "SOURCE" else "It is not what it was."
    assert (row.fault, row.error) == (fault, said)


def test_a_file_that_is_gone_here_fails_alone_and_leaves_no_room_taken(world, start):
    gone = uploads_pb2.Failure(reason="NO_INSTANCE", message="There is no such file.")
    world.agent.failures = world.agent.bad = {"zen.1.uv": gone}
    world.catalog.add(2)
    start()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["FAILED", "CONFIRMED"]
    assert world.catalog.rows[1].fault == "SOURCE"
    assert world.incoming.withdrawn == [world.incoming.upload_of("zen.1.uv")]


BUSY = uploads_pb2.Failure(reason="BUSY", message="The store is not there.")


def test_a_copy_on_a_store_that_is_away_is_not_taken_for_bad(world, start, monkeypatch):
    monkeypatch.setattr("transfer_service.source_agents.PATIENCE_SECONDS", 0.1)
    away = uploads_pb2.Failure(reason="STORE_UNUSABLE", message="The store is not there.")
    world.agent.failures, world.agent.bad = {"zen.1.uv": away}, {"zen.1.uv": BUSY}
    world.catalog.add(2)
    start()
    assert world.wait_for_end().cause == 0
    assert "QUEUED" in world.catalog.rows[1].history
    assert "FAILED" not in world.catalog.rows[1].history
    assert world.catalog.states()[1] == "CONFIRMED"
    assert world.incoming.upload_of("zen.1.uv") in world.incoming.withdrawn


def test_a_copy_is_looked_at_again_when_its_store_was_busy(world, start):
    world.incoming.failures = {
        "zen.1.uv": uploads_pb2.Failure(reason="CORRUPT_CONTENTS", message="It is not what it was.")
    }
    world.agent.bad = {"zen.1.uv": BUSY}
    world.catalog.add(1)
    start()
    wait_until(lambda: world.faults.calls.count("CheckInstances") > 1, what="another look")
    world.agent.bad = {}
    assert world.wait_for_end().cause == 0
    row = world.catalog.rows[1]
    assert (row.state, row.fault, row.error) == ("FAILED", "LINK", "It is not what it was.")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("FILE_MISMATCH", ("DECLINED", "FILE")),
        ("INVALID_REQUEST", ("DECLINED", "FILE")),
        ("STORE_FULL", ("FAILED", "DESTINATION")),
        ("INTERNAL", ("FAILED", "LINK")),
    ],
)
def test_what_the_neighbour_could_not_record_says_whose_fault_it_is(world, start, reason, outcome):
    failure = uploads_pb2.Failure(reason=reason, message="It was not to be.")
    world.incoming.failures = {"zen.1.uv": failure}
    world.catalog.add(2)
    start()
    assert world.wait_for_end().cause == 0
    row = world.catalog.rows[1]
    assert (row.state, row.fault) == outcome
    assert world.catalog.rows[2].state == "CONFIRMED"


def test_a_file_that_the_neighbour_gave_up_takes_no_other_with_it(world, start):
    world.catalog.add(3)
    world.agent.files_before_pause = 3
    release = world.faults.hold("PushFiles")
    start()
    wait_until(lambda: "PushFiles" in world.faults.calls, what="the push")
    world.incoming.withdrawn.append(world.incoming.upload_of("zen.2.uv"))
    release()
    assert world.wait_for_end().cause == 0
    assert world.catalog.states() == ["CONFIRMED", "FAILED", "CONFIRMED"]
    assert world.catalog.rows[2].fault == "LINK"


def test_addresses_that_lead_there_from_here_are_taken(world, start):
    world.catalog.neighbour.agent_url = "127.0.0.1:4001"
    world.catalog.neighbour.ssh_url = "127.0.0.1:4002"
    world.catalog.neighbour.ways.append(incoming_pb2.PUSH_WAY_STREAM)
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    push = world.agent.pushes[0]
    way_in = push.way_in
    assert (way_in.agent_address, way_in.ssh_host, way_in.ssh_port) == (
        "127.0.0.1:4001",
        "127.0.0.1",
        4002,
    )
    assert list(push.ways) == [incoming_pb2.PUSH_WAY_STREAM]


@pytest.mark.parametrize(
    ("url", "host"),
    [("[::1]:22", "::1"), ("[::ffff:10.0.0.1]:22", "::ffff:10.0.0.1"), ("my_host:22", "my_host")],
)
def test_an_address_of_ssh_that_is_taken_can_be_used(world, start, tmp_path, url, host):
    check_settings(LibrarianSettings("b", "127.0.0.1:1", "a", "secret", ssh_url=url))
    world.catalog.neighbour.ssh_url = url
    world.incoming.way_in.ssh_user, world.incoming.way_in.rsync_path = "li", "/s/batch"
    (tmp_path / "b").touch(mode=0o600)
    world.catalog.add(1)
    start()
    world.wait_for_states("CONFIRMED")
    told = world.agent.pushes[0].way_in
    way_in = WayIn("far", "", False, "", "", told.ssh_host, told.ssh_port, "li", told.rsync_path)
    pinned = "ssh-ed25519 " + "A" * 68
    assert find_address(Push("00", 1, "b", way_in, ssh_host_key=pinned), tmp_path).host == host


def test_a_watch_that_ends_early_is_asked_for_again(world, start):
    world.incoming.watch_answers = 0
    world.incoming.verifying.clear()
    world.catalog.add(1)
    start()
    wait_until(lambda: world.faults.calls.count("WatchBatch") > 2, what="another watch")
    world.incoming.watch_answers = 9
    world.incoming.settle()
    world.wait_for_states("CONFIRMED")
