"""Pushing between two real sites: what is there afterwards, and what both sites say about it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from librarian.client.librarian import Librarian
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.neighbours import NEIGHBOUR, believed, left_over, make_account
from tests.system.pushed_night import (
    ARRIVAL_SECONDS,
    BY_HAND_DAY,
    METADATA,
    ORDER,
    PushedNight,
    add_file,
    believe,
    events_of,
    is_same,
    pushed_night,
    run,
)
from tests.system.site import ALL_SERVICES, Site

# Two sites and a database are started within the first test.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def night(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PushedNight]:
    """Push two nights on each database, for tests that only look or add."""
    urls: list[str] = []
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        for name in ("push_source", "push_destination"):
            cluster.create_database(name)
            urls.append(cluster.url(name))
    with pushed_night(tmp_path_factory.mktemp(f"push-{request.param}"), *urls) as running:
        yield running


@pytest.fixture(scope="module")
def source(night: PushedNight) -> Iterator[Librarian]:
    """Return a client of the site that pushes."""
    with night.pair.source.librarian() as client:
        yield client


@pytest.fixture(scope="module")
def destination(night: PushedNight) -> Iterator[Librarian]:
    """Return a client of the site that is pushed to."""
    with night.pair.destination.librarian() as client:
        yield client


def test_what_arrives_is_what_was_sent_byte_for_byte(night: PushedNight) -> None:
    for name, path in night.made.items():
        [there] = night.pair.destination.layout.store.glob(f"*/{name}")
        assert is_same(path, there)
    assert night.said.splitlines()[0].startswith("3 files queued (")
    wait_until(lambda: left_over(night.pair.destination) == [], what="nothing left in staging")


def test_records_travel_with_the_files(
    night: PushedNight, source: Librarian, destination: Librarian
) -> None:
    for name in night.names:
        here, there = source.get_file(name), destination.get_file(name)
        # Who put it there and when, its checksum and its observation included.
        assert there == here
        assert there.metadata == here.metadata
        [copy], [original] = destination.list_instances(name), source.list_instances(name)
        assert copy.parent_dirs == original.parent_dirs
        assert (copy.state, copy.deletion_policy) == ("AVAILABLE", "ALLOWED")
        assert original.deletion_policy == "DISALLOWED"
        assert list(events_of(destination, name)) == ["create_instance"]
    assert destination.get_file(night.by_hand[0]).metadata == METADATA


def test_observations_and_their_sessions_travel_with_the_files(
    night: PushedNight, source: Librarian, destination: Librarian
) -> None:
    obsids = {source.get_file(name).obsid for name in night.names} - {None}
    assert len(obsids) == 4
    for obsid in obsids:
        assert obsid is not None
        here, there = source.get_observation(obsid), destination.get_observation(obsid)
        assert there == here
        assert there.start_lst_hr is not None
        assert there.session_id is not None
    sessions = [set(client.search_sessions("session:1..")) for client in (source, destination)]
    assert sessions[0] == sessions[1]
    assert len(sessions[0]) == 2


def test_pipelines_find_the_events_that_they_wait_for(
    night: PushedNight, source: Librarian
) -> None:
    for name in night.names:
        events = events_of(source, name)
        [instance] = source.list_instances(name)
        place = {
            "connection_name": NEIGHBOUR,
            "remote_store_path": f"{instance.parent_dirs}/{name}",
        }
        assert events["launch_copy"] == place
        finished = events["copy_finished"]
        assert finished.items() >= {**place, "error_code": 0, "error_message": ""}.items()
        assert finished["duration"] > 0
        assert finished["average_rate"] > 0
        assert events.get(f"standing_order_succeeded:{ORDER}") == (
            {} if name in night.by_order else None
        )


def test_the_source_tells_where_else_a_file_is(night: PushedNight) -> None:
    name = night.by_hand[1]
    assert NEIGHBOUR in run(night, "show-file", name)
    document = json.loads(run(night, "show-file", name, "--json"))
    assert [one["librarian_name"] for one in document["remote_instances"]] == [NEIGHBOUR]
    search = f'{{"has-remote-instance-at": "{NEIGHBOUR}", "name-matches": "%{BY_HAND_DAY}%"}}'
    assert sorted(run(night, "search-files", search, "--names").split()) == sorted(night.by_hand)


def test_transfers_are_listed_and_shown_with_what_became_of_them(night: PushedNight) -> None:
    listed = run(night, "list-transfers", "--order", ORDER, "--state", "confirmed", "--json")
    documents = [json.loads(line) for line in listed.splitlines()]
    by_name = {one["file_name"]: one for one in documents}
    assert set(by_name) >= set(night.by_order)
    one = by_name[night.by_order[0]]
    assert (one["state"], one["librarian"], one["error"]) == ("CONFIRMED", NEIGHBOUR, "")
    assert one["create_time"] <= one["start_time"] <= one["end_time"]
    title, row, *_ = run(night, "list-transfers", "--file", night.by_hand[0]).splitlines()
    assert title.split()[:4] == ["Transfer", "State", "To", "Size"]
    assert row.split()[1:3] == ["confirmed", NEIGHBOUR]
    shown = run(night, "show-transfer", str(one["id"]))
    assert {"confirmed", NEIGHBOUR, ORDER, one["file_name"]} <= set(
        line.split(maxsplit=1)[1].strip() for line in shown.splitlines()
    )


def test_sending_again_sends_nothing(night: PushedNight) -> None:
    told = run(night, "send", NEIGHBOUR, f"name:%{BY_HAND_DAY}%", "--wait")
    assert told == "0 files queued (0 B), 3 already there.\n"
    counted = json.loads(run(night, "send", NEIGHBOUR, f"name:%{BY_HAND_DAY}%", "--json"))
    assert counted.items() >= {"queued_count": 0, "there_count": 3, "active_count": 0}.items()


def test_neighbours_are_listed_and_asked(night: PushedNight) -> None:
    row = run(night, "get-librarian-list").splitlines()[1].split()
    assert (row[0], row[2:4]) == (NEIGHBOUR, ["enabled", "well"])
    document = json.loads(run(night, "get-librarian-list", "--ping", "--json"))
    assert document["ping"].items() >= {"error": "", "role": "READAPPEND"}.items()
    assert document["link"]["state"] == "CLOSED"
    assert document["remote_instance_count"] >= len(night.names)


def test_what_an_order_did_is_told(night: PushedNight) -> None:
    listed = [
        json.loads(line) for line in run(night, "list-standing-orders", "--json").splitlines()
    ]
    [order] = [one for one in listed if one["name"] == ORDER]
    assert order["sent_count"] >= len(night.by_order)
    assert (order["error"], order["back_filling"]) == ("", False)
    preview = json.loads(run(night, "preview-standing-order", ORDER, "--json"))
    assert preview["there_count"] >= len(night.by_order)


def test_a_new_file_is_there_moments_after_its_ingest(
    night: PushedNight, tmp_path: Path, source: Librarian
) -> None:
    path = tmp_path / "later.1.raw"
    path.write_bytes(bytes(1 << 20))
    source.upload(path, f"later/{path.name}", null_obsid=True)
    # Two polls a file took the predecessors hours.
    night.pair.wait_until_there({path.name}, ARRIVAL_SECONDS)


def test_a_file_is_explained_from_before_its_sending_until_it_is_there(
    night: PushedNight, source: Librarian
) -> None:
    def explain(name: str) -> str:
        return run(night, "explain", name, "--at", NEIGHBOUR)

    add_file(night, "explained.raw")
    assert "no standing order to archive matches it" in explain("explained.raw")
    source.set_librarian_transfer(NEIGHBOUR, False)
    try:
        run(night, "send", NEIGHBOUR, "name:explained.raw")
        assert "Transfers to archive are disabled" in explain("explained.raw")
        [transfer] = source.list_transfers(file_name="explained.raw")
        run(night, "cancel-transfer", str(transfer.id))
        assert f"Transfer {transfer.id} of it was cancelled" in explain("explained.raw")
        run(night, "retry-transfer", str(transfer.id))
    finally:
        source.set_librarian_transfer(NEIGHBOUR, True)
    night.pair.wait_until_there({"explained.raw"})
    told = explain("explained.raw")
    assert told.splitlines()[0] == "here:"
    assert f"{NEIGHBOUR}: there" in told
    assert "last confirmed" in told
    there = night.pair.destination.run("explain", "local", "explained.raw")
    assert "A copy is on store in further" in there.stdout


def test_reconciling_mends_what_is_believed_and_sends_again_what_is_told_to(
    night: PushedNight, source: Librarian, destination: Librarian, tmp_path: Path
) -> None:
    def reconcile(*words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(night, "reconcile", NEIGHBOUR, *words, "--json"))
        assert (found["state"], found["conflicting"]) == ("SUCCEEDED", 0)
        return found

    for name in ("found.raw", "missing.raw"):
        add_file(night, name)
    path = tmp_path / "found.raw"
    path.write_bytes(b"one more")
    destination.upload(path, "elsewhere/found.raw", null_obsid=True)
    believe(night.pair.source, "missing.raw")
    assert "missing.raw" in believed(source)
    first = reconcile()
    assert (first["missing"], first["found"], first["queued"]) == (1, 1, 0)
    assert first["compared"] >= len(night.names) + 2
    assert first["examples"] == ["missing.raw"]
    assert believed(source) & {"found.raw", "missing.raw"} == {"found.raw"}
    believe(night.pair.source, "missing.raw")
    assert reconcile("--queue-missing")["queued"] == 1
    night.pair.wait_until_there({"missing.raw"})
    told = run(night, "reconcile", NEIGHBOUR)
    assert "0 missing there" in told


def test_what_is_wrong_is_said_in_one_sentence(night: PushedNight) -> None:
    cases: list[tuple[tuple[str, ...], int, str]] = [
        (("send", "moon", "name:x"), 3, "no librarian 'moon'"),
        (("send", NEIGHBOUR, "nam:x"), 2, "line 1, column 1"),
        (("show-transfer", "999999"), 3, "no transfer 999999"),
        (("explain", "nothing.here"), 3, "nothing.here"),
        (("explain", night.by_hand[0], "--at", "moon"), 3, "moon"),
        (("reconcile", "moon"), 3, "moon"),
        (("list-transfers", "--order", "nothing"), 3, "nothing"),
        (("cancel-transfer",), 2, "--to or --order"),
        (("remove-librarian", "--name", NEIGHBOUR), 1, ORDER),
    ]
    for words, code, said in cases:
        told = run(night, *words, code=code)
        assert said in told, (words, told)
        assert len(told.splitlines()) == 1


def test_readers_may_look_at_transfers_and_change_nothing(night: PushedNight) -> None:
    reader = night.pair.source.connect_as("reader", "READONLY")
    assert NEIGHBOUR in run(night, "list-transfers", "--limit", "1", connection=reader)
    for words in [
        ("send", NEIGHBOUR, "name:x"),
        ("cancel-transfer", "--to", NEIGHBOUR),
        ("create-standing-order", "mine", "--to", NEIGHBOUR, "--search", "name:x"),
        ("set-librarian-transfer", "--name", NEIGHBOUR, "--disabled"),
    ]:
        run(night, *words, connection=reader, code=4)


def test_an_order_of_the_second_site_carries_files_on_to_a_third(
    night: PushedNight, source: Librarian, destination: Librarian, tmp_path: Path
) -> None:
    add_file(night, "later.chain.raw")
    with Site(tmp_path / "third", services=ALL_SERVICES[:2]) as third:
        secret = make_account(third, "centre", "READAPPEND")
        destination.add_librarian("third", f"127.0.0.1:{third.port}", f"centre:{secret}")
        search = f"name:later.% or name:%{BY_HAND_DAY}%"
        destination.create_standing_order("onward", "third", search)
        wanted = {"later.chain.raw", *night.by_hand}
        with third.librarian() as far:
            wait_until(
                lambda: wanted <= {file.name for file in far.search_files("name:*")},
                what="files at the third site",
                timeout_seconds=ARRIVAL_SECONDS,
            )
            for name in wanted:
                # Whoever carried it: the source and the time are those of the telescope.
                assert far.get_file(name) == source.get_file(name)
            [copy] = far.list_instances(night.by_hand[1])
            assert (copy.state, copy.deletion_policy) == ("AVAILABLE", "DISALLOWED")
        wait_until(
            lambda: not list(destination.list_transfers(states=["QUEUED", "SENT", "SENDING"])),
            what="all confirmed at the centre",
            timeout_seconds=ARRIVAL_SECONDS,
        )
        destination.delete_standing_order("onward")
        destination.remove_librarian("third", cancel_transfers=True)
