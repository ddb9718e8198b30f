"""Sites restored to an hour ago, copies that rot or are gone, agents and stores that are away."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.disasters import (
    DEADLINE_SECONDS,
    Pair,
    PostgresBackups,
    SqliteBackups,
    contents,
    newest,
    queue,
    reconcile,
    send,
    stopped,
    told_of_link,
    try_now,
    wait_for,
    wait_for_state,
)
from tests.system.neighbours import NEIGHBOUR, neighbours


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Run two sites on each database."""
    directory = tmp_path_factory.mktemp("disasters")
    if request.param == "sqlite":
        with neighbours(directory) as both:
            yield Pair(both, SqliteBackups())
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    names = ("disaster_source", "disaster_destination")
    for name in names:
        cluster.create_database(name)
    with neighbours(directory, *map(cluster.url, names)) as both:
        yield Pair(both, PostgresBackups(cluster))
    for name in names:
        cluster.drop_database(name)


def test_a_destination_restored_to_an_hour_ago_gets_what_it_lost(pair: Pair) -> None:
    both = pair.both
    before, after = contents("before"), contents("after")
    send(both, before)
    both.wait_until_there(set(before), DEADLINE_SECONDS)
    with stopped(both.destination):
        pair.backups.save(both.destination)
    send(both, after)
    try_now(both)
    both.wait_until_there(set(after), DEADLINE_SECONDS)
    with stopped(both.destination):
        pair.backups.restore(both.destination)
        # Of one its bytes are lost as well, another's are there in part.
        (both.destination.layout.store / "night" / "after.0.raw").unlink()
    found = reconcile(both, queue_missing=True)
    assert (found.missing, found.queued, found.conflicting) == (3, 3, 0)
    assert set(found.examples) == set(after)
    try_now(both)
    both.wait_until_there(set(after), DEADLINE_SECONDS)
    both.check_whole({**before, **after})
    found = reconcile(both, queue_missing=False)
    assert (found.missing, found.found, found.conflicting) == (0, 0, 0)


def test_a_source_restored_to_the_middle_of_a_batch_finds_that_all_is_there(pair: Pair) -> None:
    both = pair.both
    files = contents("middle")
    both.streams.refusing = True
    send(both, files)
    wait_for(both, "middle.0.raw", lambda transfer: transfer.state in ("OFFERED", "SENDING"))
    wait_until(lambda: told_of_link(both), what="the trouble", timeout_seconds=DEADLINE_SECONDS)
    with stopped(both.source):
        pair.backups.save(both.source)
    both.heal()
    try_now(both)
    both.wait_until_there(set(files), DEADLINE_SECONDS)
    sent_bytes = both.streams.sent_bytes
    first = newest(both, "middle.0.raw")
    with stopped(both.source):
        pair.backups.restore(both.source)
    try_now(both)
    both.wait_until_there(set(files), DEADLINE_SECONDS)
    # It was on its way once more, and ended anew.
    assert newest(both, "middle.0.raw").end_time != first.end_time
    assert both.streams.sent_bytes == sent_bytes
    both.check_whole(files)
    with both.source.librarian() as lib:
        for name in files:
            types = [event.type for event in lib.list_file_events(name)]
            assert types.count("copy_finished") == 1


def test_the_same_name_with_other_contents_there_is_a_matter_for_people(pair: Pair) -> None:
    both = pair.both
    files = contents("name")
    there = both.destination.layout.store / "night"
    there.mkdir(exist_ok=True)
    (there / "name.0.raw").write_bytes(b"other")
    (there / "name.1.raw").write_bytes(b"not on record")
    with both.destination.librarian() as lib:
        list(lib.register("store", ["night/name.0.raw"], null_obsid=True))
    send(both, files)
    both.wait_until_there({"name.2.raw"}, DEADLINE_SECONDS)
    on_record = wait_for_state(both, "name.0.raw", "DECLINED")
    in_the_way = wait_for_state(both, "name.1.raw", "DECLINED")
    assert (on_record.fault, in_the_way.fault) == ("FILE", "FILE")
    assert "other contents" in on_record.error
    assert "Something else lies at 'night/name.1.raw'" in in_the_way.error
    # Told at both ends.
    assert "'name.0.raw'" in both.destination.log("catalog_service")
    assert "'night/name.1.raw'" in both.destination.log("catalog_service")
    assert (there / "name.0.raw").read_bytes() == b"other"
    (there / "name.1.raw").unlink()
    with both.source.librarian() as lib:
        # By hand only: nothing that was declined goes again by itself.
        assert lib.retry_transfers([on_record.id, in_the_way.id]).changed_count == 2
        both.wait_until_there({"name.1.raw"}, DEADLINE_SECONDS)
        wait_for_state(both, "name.0.raw", "DECLINED")
        assert lib.get_librarian(NEIGHBOUR).link.state == "CLOSED"
    both.check_whole({name: files[name] for name in ("name.1.raw", "name.2.raw")})


def rot(path: Path) -> None:
    """Flip a bit of a file, which looks as it did."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_copy_that_rotted_is_told_and_another_one_is_sent(pair: Pair) -> None:
    both = pair.both
    files = contents("rot")
    both.register(files)
    site = both.source
    second = site.layout.stores / "second"
    (second / "night").mkdir(parents=True)
    (second / "night" / "rot.0.raw").write_bytes(files["rot.0.raw"])
    with site.librarian() as lib:
        lib.add_store("second", str(second))
        site.wait_for_agent()
        list(lib.register("second", ["night/rot.0.raw"], null_obsid=True))
        for name in ("rot.0.raw", "rot.1.raw"):
            rot(site.layout.store / "night" / name)
        queue(both, files)
        both.wait_until_there({"rot.0.raw", "rot.2.raw"}, DEADLINE_SECONDS)
        problems = {i.store: i.problem for i in lib.list_instances("rot.0.raw")}
        assert problems["second"] == ""
        assert "not what is on record" in problems["store"]
    shown = site.run("show-file", "local", "rot.0.raw").stdout
    assert "not what is on record" in " ".join(shown.split())
    # Of this one there is no other copy: it waits, and holds nobody up.
    failed = wait_for(both, "rot.1.raw", lambda transfer: transfer.error)
    assert (failed.state, failed.fault) == ("QUEUED", "SOURCE")
    assert "not what is on record" in failed.error
    both.check_whole({name: files[name] for name in ("rot.0.raw", "rot.2.raw")})
    assert not (both.destination.layout.store / "night" / "rot.1.raw").exists()
    # Mended before it was tried too often, it goes by itself.
    (site.layout.store / "night" / "rot.1.raw").write_bytes(files["rot.1.raw"])
    both.wait_until_there({"rot.1.raw"}, DEADLINE_SECONDS)


def test_a_file_that_is_gone_here_fails_alone(pair: Pair) -> None:
    both = pair.both
    files = contents("gone")
    both.register(files)
    (both.source.layout.store / "night" / "gone.1.raw").unlink()
    queue(both, files)
    both.wait_until_there({"gone.0.raw", "gone.2.raw"}, DEADLINE_SECONDS)
    failed = wait_for(both, "gone.1.raw", lambda transfer: transfer.error)
    assert failed.fault == "SOURCE"
    assert "gone.1.raw" in failed.error
    with both.source.librarian() as lib:
        assert lib.cancel_transfers([failed.id]).changed_count == 1


@pytest.mark.parametrize("where", ["source", "destination"])
def test_what_an_agent_that_was_down_has_missed_goes_when_it_is_back(
    pair: Pair, where: str
) -> None:
    both = pair.both
    files = contents(f"down_{where}")
    both.register(files)
    logged = len(both.source.log("transfer_service"))
    both.site(where).kill("store_agent")
    queue(both, files)
    # One's own agent is no fault of the neighbour's.
    wait_until(
        lambda: (
            told_of_link(both) or "does not serve" in both.source.log("transfer_service")[logged:]
        ),
        what="a try",
        timeout_seconds=DEADLINE_SECONDS,
    )
    both.site(where).restart("store_agent")
    both.site(where).wait_for_agent()
    try_now(both)
    both.wait_until_there(set(files), DEADLINE_SECONDS)
    both.check_whole(files)


def test_a_store_that_is_disabled_there_takes_nothing_until_it_is_enabled(pair: Pair) -> None:
    both = pair.both
    files = contents("disabled")
    with both.destination.librarian() as lib:
        lib.set_store_state("store", enabled=False)
        send(both, files)
        wait_until(
            lambda: "store is disabled" in told_of_link(both),
            what="the reason",
            timeout_seconds=DEADLINE_SECONDS,
        )
        assert {newest(both, name).state for name in files} <= {"QUEUED", "OFFERED"}
        lib.set_store_state("store", enabled=True)
    try_now(both)
    both.wait_until_there(set(files), DEADLINE_SECONDS)
    both.check_whole(files)
