"""What went wrong when the predecessors sent files, none of which may happen here.

What a smaller test shows is there; what is in no other file is below. Paths are beneath tests/.

  a lost callback leaves a file sent for ever        test_a_lost_callback_leaves_nothing_unconfirmed
  a failing callback ends the receiver's run         test_a_refused_callback_leaves_nothing_…
  the receiver must reach the sender                 the same, system/test_push.py (never can)
  only polls tell what arrived                       test_what_a_cut_watch_does_not_tell_…
  one bad file stops the queue, or its batch of 128  test_one_bad_file_stops_neither_its_batch_…
  failures are not told to the operator              the same
  a batch without available copies stops the run     transfers/test_transfer_batches.py
  no retry, no back-off                              transfers/test_transfer_outcomes.py
  bytes go though the peer has the file              test_what_is_there_already_is_not_sent
  a disabled neighbour makes the queue spin          transfers/test_transfer_records_service.py
  a disabled neighbour is offered files              test_a_disabled_neighbour_is_offered_nothing
  the queue is lost when the sender restarts         test_a_long_outage_drops_no_file_from_an_order
  a long outage drops files from an order            the same, standing_orders/test_order_loops.py
  one user moves another's transfer                  transfers/test_transfer_{rights,callbacks}.py
  receiving takes a client's staged transfer         test_receiving_leaves_the_uploads_of_…
  equal bytes under two names                        test_equal_bytes_under_two_names_both_arrive
  a cycle of two librarians goes on for ever         test_a_cycle_of_two_sites_comes_to_rest
  source and times are lost on the way               system/test_push.py, also to a third site
  create_time is shifted between time zones          test_times_are_the_same_in_all_time_zones
  passwords with ':' break the sign-in               all tests below sign in with one
  wrong passwords pass the check of a connection     test_a_wrong_password_is_found_when_it_is_given
  secrets are in logs and answers                    test_no_log_has_a_secret
  orders run on a process that does not exist        standing_orders/test_standing_orders_service.py
  names of orders over 39 characters never end       system/test_push.py: its order's name has 47
  an error in one order stops all checks             standing_orders/test_order_loops.py
  searches must be limited by time by hand           standing_orders/test_order_loops.py
  a renamed order copies all again                   standing_orders/test_order_loops.py
  an order waits 20 minutes, a file two polls        standing_orders/test_order_latency.py
  each process has a queue of its own                standing_orders/test_order_races.py
  a repeated offer is refused (406)                  incoming/test_arrivals.py
  the same name with other contents is accepted      incoming/test_offers.py
  a failed copy leaves its name taken                incoming/test_arrivals.py, test_incoming_kill
  the mover's success is taken for the file's        incoming/test_arrivals.py
  a checksum of yesterday is believed                store_agent/test_pushing_contract.py
  rsync does not work, or runs once a file           store_agent/test_rsync.py
  host keys are not checked, names reach a shell     store_agent/test_rsync.py
  paths of the other side are joined unchecked       store_agent/test_push_shared.py
  an unreachable neighbour holds the server up       catalog_service/test_librarian_records.py
  belief is mended by tasks that do not run          catalog_service/test_reconciliations.py
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from librarian.errors import InvalidRequestError
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.neighbours import NEIGHBOUR, Neighbours, believed, make_account
from tests.system.site import ALL_SERVICES
from tests.system.telling_neighbours import (
    CALLBACK_ACCOUNT,
    PASSWORD,
    TELESCOPE,
    TellingNeighbours,
    queue,
    send,
    telling_neighbours,
    transfers_of,
)

DEADLINE_SECONDS = 60.0
# Two sites and a database are started within the first test.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=["from_sqlite", "from_postgresql"])
def telling(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TellingNeighbours]:
    """Run two sites that know each other: each is once on SQLite and once on PostgreSQL."""
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = f"push_faults_{request.param}"
    cluster.create_database(name)
    urls = ("", cluster.url(name))
    if request.param == "from_postgresql":
        urls = urls[::-1]
    with telling_neighbours(tmp_path_factory.mktemp("faults"), *urls) as running:
        yield running


@pytest.fixture
def pair(telling: TellingNeighbours) -> Iterator[Neighbours]:
    """Return the two sites, for tests to which the way back does not matter."""
    yield telling.pair
    telling.pair.heal()


def test_a_lost_callback_leaves_nothing_unconfirmed(telling: TellingNeighbours) -> None:
    telling.back.refusing = True
    send(telling.pair, {"lost.callback": b"nobody calls back"})
    telling.pair.wait_until_there({"lost.callback"}, DEADLINE_SECONDS)
    [transfer] = transfers_of(telling.pair, "lost.callback")
    assert (transfer.state, transfer.error) == ("CONFIRMED", "")
    telling.back.refusing = False


def test_a_refused_callback_leaves_nothing_unconfirmed(telling: TellingNeighbours) -> None:
    with telling.pair.source.librarian() as client:
        client.delete_user(CALLBACK_ACCOUNT)
    send(telling.pair, {"refused.1": b"1", "refused.2": b"2"})
    telling.pair.wait_until_there({"refused.1", "refused.2"}, DEADLINE_SECONDS)
    telling.give_callback_account()


def test_what_a_cut_watch_does_not_tell_a_callback_does(telling: TellingNeighbours) -> None:
    pair = telling.pair
    pair.streams.bytes_per_second = 1 << 16
    try:
        send(pair, {"told.by.callback": bytes(4 << 20)})
        wait_until(
            lambda: transfers_of(pair, "told.by.callback")[0].state == "SENDING",
            what="bytes on their way",
            timeout_seconds=DEADLINE_SECONDS,
        )
        # What the source asks for is done, and it hears of nothing.
        pair.calls.silent = True
        pair.streams.bytes_per_second = None
        pair.wait_until_there({"told.by.callback"}, DEADLINE_SECONDS)
    finally:
        pair.streams.bytes_per_second = None
        pair.calls.silent = False
        pair.calls.cut()
    send(pair, {"told.by.watch": b"later"})
    pair.wait_until_there({"told.by.watch"}, DEADLINE_SECONDS)


def test_one_bad_file_stops_neither_its_batch_nor_the_rest(pair: Neighbours) -> None:
    contents = {f"bad.{number:03}": bytes([number]) * 100 for number in range(128)}
    pair.register(contents)
    directory = pair.source.layout.store / "night"
    (directory / "bad.000").unlink()
    (directory / "bad.064").write_bytes(b"x" * 100)
    queue(pair, list(contents))
    bad = {"bad.000", "bad.064"}
    pair.wait_until_there(set(contents) - bad, DEADLINE_SECONDS)
    for name in bad:
        wait_until(
            lambda name=name: transfers_of(pair, name)[0].error,  # type: ignore[misc]
            what=f"what is wrong with {name}",
            timeout_seconds=DEADLINE_SECONDS,
        )
        [transfer] = transfers_of(pair, name)
        assert (transfer.fault, transfer.attempts > 0) == ("SOURCE", True)
        explained = pair.source.run("explain", "local", name, "--at", NEIGHBOUR).stdout
        assert transfer.error.rstrip(".") in explained
        assert "suspect" in explained
    with pair.source.librarian() as client:
        client.cancel_transfers([transfers_of(pair, name)[0].id for name in bad])
        assert client.get_librarian(NEIGHBOUR).link.state == "CLOSED"


def test_what_is_there_already_is_not_sent(pair: Neighbours, tmp_path: Path) -> None:
    contents = bytes(1 << 20)
    path = tmp_path / "held.raw"
    path.write_bytes(contents)
    with pair.destination.librarian() as client:
        client.upload(path, "by hand/held.raw", null_obsid=True)
    before = pair.streams.sent_bytes
    send(pair, {"held.raw": contents})
    pair.wait_until_there({"held.raw"}, DEADLINE_SECONDS)
    assert pair.streams.sent_bytes - before < len(contents) // 4


def test_a_disabled_neighbour_is_offered_nothing(pair: Neighbours) -> None:
    with pair.source.librarian() as client:
        client.set_librarian_transfer(NEIGHBOUR, False)
        send(pair, {"disabled.raw": b"wait"})
        [transfer] = client.list_transfers(file_name="disabled.raw")
        assert (transfer.state, transfer.attempts) == ("QUEUED", 0)
        explained = client.explain_file("disabled.raw", NEIGHBOUR).there[0].sentences
        assert "disabled" in explained[0] + explained[1]
        with pair.destination.librarian() as there:
            assert "disabled.raw" not in {file.name for file in there.search_files("name:*")}
        client.set_librarian_transfer(NEIGHBOUR, True)
    pair.wait_until_there({"disabled.raw"}, DEADLINE_SECONDS)


def test_equal_bytes_under_two_names_both_arrive(pair: Neighbours) -> None:
    contents = {f"equal.{number}": b"the very same" for number in range(20)}
    send(pair, contents)
    pair.wait_until_there(set(contents), DEADLINE_SECONDS)
    pair.check_whole(contents)


def test_receiving_leaves_the_uploads_of_clients_alone(pair: Neighbours, tmp_path: Path) -> None:
    pushed = {f"pushed.{number}": bytes([number]) * 5000 for number in range(50)}
    uploaded = [tmp_path / f"uploaded.{number}" for number in range(8)]
    for path in uploaded:
        path.write_bytes(path.name.encode() * 100_000)
    with pair.destination.librarian() as client, ThreadPoolExecutor(4) as threads:
        pending = [
            threads.submit(client.upload, path, f"by clients/{path.name}", null_obsid=True)
            for path in uploaded
        ]
        send(pair, pushed)
        files = [future.result(DEADLINE_SECONDS) for future in pending]
    pair.wait_until_there(set(pushed), DEADLINE_SECONDS)
    pair.check_whole(pushed)
    assert {file.source for file in files} == {"admin"}
    assert [file.instance_count for file in files] == [1] * len(files)


def test_a_cycle_of_two_sites_comes_to_rest(pair: Neighbours) -> None:
    names = {f"cycle.{number}" for number in range(5)}
    with pair.source.librarian() as here, pair.destination.librarian() as there:
        # To be called back takes a lower role than to be pushed to.
        secret = make_account(pair.source, "archive", "READAPPEND")
        there.update_librarian(TELESCOPE, authenticator=f"archive:{secret}", transfers_enabled=True)
        here.create_standing_order("there", NEIGHBOUR, "name:cycle.%")
        there.create_standing_order("and-back", TELESCOPE, "name:cycle.%")
        pair.register({name: name.encode() for name in names})
        pair.wait_until_there(names, DEADLINE_SECONDS)
        wait_until(
            lambda: names <= believed(there, TELESCOPE),
            what="what the telescope has known at the archive",
            timeout_seconds=DEADLINE_SECONDS,
        )
        for name in names:
            for client in (here, there):
                assert client.get_file(name).instance_count == 1
                [transfer] = client.list_transfers(file_name=name)
                assert transfer.state == "CONFIRMED"
                assert all(one.present for one in client.explain_file(name).there)
        here.delete_standing_order("there")
        there.delete_standing_order("and-back")
        there.set_librarian_transfer(TELESCOPE, False)


def test_a_long_outage_drops_no_file_from_an_order(pair: Neighbours) -> None:
    names = {f"outage.{number}" for number in range(6)}
    with pair.source.librarian() as client:
        client.create_standing_order("outage", NEIGHBOUR, "name:outage.%")
    pair.cut()
    pair.register({name: name.encode() for name in sorted(names)[:3]})
    pair.source.stop_service("transfer_service")
    pair.source.restart("catalog_service")
    pair.source.wait_for_agent()
    pair.register({name: name.encode() for name in sorted(names)[3:]})
    pair.source.restart("transfer_service")
    pair.heal()
    with pair.source.librarian() as client:
        # As a person does who knows that the link works again.
        client.update_librarian(NEIGHBOUR)
        pair.wait_until_there(names, DEADLINE_SECONDS)
        client.delete_standing_order("outage")


def test_times_are_the_same_in_all_time_zones(pair: Neighbours) -> None:
    send(pair, {"zoned.raw": b"from Johannesburg to Los Angeles"})
    pair.wait_until_there({"zoned.raw"}, DEADLINE_SECONDS)
    with pair.source.librarian() as here, pair.destination.librarian() as there:
        file = here.get_file("zoned.raw")
        assert there.get_file("zoned.raw") == file
        assert abs(datetime.now(UTC) - file.create_time) < timedelta(minutes=30)
        [instance] = there.list_instances("zoned.raw")
        assert abs(instance.create_time - file.create_time) < timedelta(minutes=30)
        [remote] = here.list_remote_instances("zoned.raw")
        assert abs(remote.confirm_time - file.create_time) < timedelta(minutes=30)


def test_a_wrong_password_is_found_when_it_is_given(pair: Neighbours) -> None:
    wrong, right = f"colons:{PASSWORD[:-1]}", f"colons:{PASSWORD}"
    with pair.source.librarian() as client:
        with pytest.raises(InvalidRequestError, match="colons") as refused:
            client.update_librarian(NEIGHBOUR, authenticator=wrong)
        assert PASSWORD[:-1] not in str(refused.value)
        assert client.ping_librarian(NEIGHBOUR).error == ""
        # Whoever insists is told by the link.
        client.update_librarian(NEIGHBOUR, authenticator=wrong, check=False)
        send(pair, {"password.raw": b"secret"})
        wait_until(
            lambda: client.get_librarian(NEIGHBOUR).link.cause == "REFUSED",
            what="the refusal to be shown",
            timeout_seconds=DEADLINE_SECONDS,
        )
        assert "password.raw" not in believed(client)
        client.update_librarian(NEIGHBOUR, authenticator=right)
        pair.wait_until_there({"password.raw"}, DEADLINE_SECONDS)


def test_no_log_has_a_secret(pair: Neighbours) -> None:
    shown = pair.source.run("get-librarian-list", "local", "--ping", "--json")
    assert shown.returncode == 0
    texts = [shown.stdout]
    for site in (pair.source, pair.destination):
        texts += [site.log(service) for service in ALL_SERVICES]
    # The tests above made them say a lot, but not each service of each site.
    assert sum(map(len, texts)) > 1000
    for text in texts:
        assert PASSWORD not in text
        assert "lib_" not in text
