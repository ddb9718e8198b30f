"""The commands about transfers, as a person types them, against a real server."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from catalog_service import links
from catalog_service.tables import File, Librarian, Transfer
from librarian.cli.program import program
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.client.librarian import Librarian as Client
from librarian.errors import InvalidRequestError, WaitTimedOutError
from tests.catalog_service.neighbour_rows import add_order, add_transfer
from tests.catalog_service.transfers.conftest import SendingSite, put_files
from tests.polling import wait_until

NAMES = ["zen.1.uvh5", "-odd name%.uvh5", "zen.3.uvh5"]


@pytest.fixture
def people(site: SendingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SendingSite:
    config = tmp_path / "client.cfg"
    write_connection("local", ConnectionSettings(site.server.address, "writer"), config)
    monkeypatch.setenv("LIBRARIAN_CLIENT_CONFIG", str(config))
    monkeypatch.setenv("COLUMNS", "200")
    with site.database.transactions.begin() as db:
        put_files(db, NAMES)
    return site


def run(*arguments: str, code: int = 0) -> str:
    """Run a command; return what it printed, or of one that failed what it told."""
    result = CliRunner().invoke(program, list(arguments))
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def end(site: SendingSite, state: str, **changes: str) -> None:
    """End all transfers as if they had been sent."""
    with site.database.transactions.begin() as db:
        for row in db.scalars(select(Transfer)):
            row.state, row.claimed_file_id = state, None
            for name, value in changes.items():
                setattr(row, name, value)


def test_files_are_sent_listed_shown_cancelled_and_sent_again(people: SendingSite) -> None:
    assert run("send", "local", "centre", "type:uvh5") == "3 files queued (30 B).\n"
    again = run("send", "local", "centre", "type:uvh5")
    assert again == "0 files queued (0 B), 3 on their way already.\n"
    [title, *rows] = run("list-transfers", "local", "--to", "centre", "--limit", "2").splitlines()
    assert title.split()[:3] == ["Transfer", "State", "To"]
    assert [row.split()[:3] for row in rows] == [
        ["3", "queued", "centre"],
        ["2", "queued", "centre"],
    ]
    assert NAMES[1] in run("show-transfer", "local", "2")
    assert json.loads(run("show-transfer", "local", "2", "--json"))["file_name"] == NAMES[1]
    assert run("cancel-transfer", "local", "1", "2") == "2 transfers cancelled.\n"
    told = run("cancel-transfer", "local", "1", "3")
    assert told == "1 transfer cancelled, 1 had ended already.\n"
    assert run("retry-transfer", "local", "1", "2") == "2 transfers queued anew.\n"
    states = ["--state", "cancelled", "--json"]
    assert len(run("list-transfers", "local", *states).splitlines()) == 3


def test_the_first_librarians_users_find_their_command(people: SendingSite) -> None:
    # The name looks like an option, and has what patterns are made of.
    told = run("launch-copy", "local", "archive", "--", NAMES[1])
    assert told == "1 file queued (10 B).\n"
    assert NAMES[1] in run("list-transfers", "local", "--file", NAMES[1])


def test_waiting_ends_when_all_has_arrived(people: SendingSite) -> None:
    with people.database.transactions.begin() as db:
        # What an order sends meanwhile is not waited for.
        [other] = put_files(db, ["other.log"])
        centre = db.query(Librarian).filter_by(name="centre").one()
        add_transfer(db, other, centre, lane=1, order_name="nightly")
    outputs: list[str] = []
    waiting = threading.Thread(
        target=lambda: outputs.append(run("send", "local", "centre", "type:uvh5", "--wait"))
    )
    waiting.start()
    wait_until(lambda: count(people) == 4, what="transfers queued")
    with people.database.transactions.begin() as db:
        for row in db.scalars(select(Transfer).where(Transfer.order_name == "")):
            row.state, row.claimed_file_id = "CONFIRMED", None
    waiting.join(60)
    assert outputs == ["3 files queued (30 B).\n"]


def test_waiting_tells_of_what_did_not_arrive(people: SendingSite) -> None:
    with Client.connect("local") as client:
        sent = client.send("centre", f"name:{NAMES[0]}")
        with pytest.raises(WaitTimedOutError, match="the transfers go on"):
            list(client.wait_for_transfers(sent, timeout_seconds=0.1))
        end(people, "DECLINED", error="It has other contents.")
        [failed] = client.wait_for_transfers(sent)
    assert (failed.file_name, failed.error) == (NAMES[0], "It has other contents.")


def test_waiting_is_for_what_was_sent_then_and_not_for_what_others_send(
    people: SendingSite,
) -> None:
    names = [f"{number}.log" for number in range(5)]
    with people.database.transactions.begin() as db:
        files = put_files(db, names)
        centre = db.query(Librarian).filter_by(name="centre").one()
        add_transfer(db, files[0], centre, owner="writer")
    with Client.connect("local") as client:
        first = client.send("centre", f"name:{names[1]}")
        with people.database.transactions.begin() as db:
            other = add_transfer(db, files[2], centre, owner="other_writer").id
        last = client.send("centre", f"name:{names[3]}")
        client.send("centre", f"name:{names[4]}")
        with people.database.transactions.begin() as db:
            for key in (first.last_id, last.last_id):
                row = db.get_one(Transfer, key)
                row.state, row.claimed_file_id = "FAILED", None
        # As if it were one large search that was queued while the other was.
        sent = replace(first, last_id=last.last_id)
        assert sent.first_id < other < sent.last_id
        told = [failed.file_name for failed in client.wait_for_transfers(sent, 5.0)]
    assert told == [names[3], names[1]]


def test_waiting_tells_what_is_in_the_way_of_all(people: SendingSite) -> None:
    told: list[str] = []
    with Client.connect("local") as client:
        sent = client.send("centre", f"name:{NAMES[0]}")
        with people.database.transactions.begin() as db:
            links.note_failure(
                db, db.query(Librarian).filter_by(name="centre").one(), "FULL", "There is no room."
            )
        with pytest.raises(WaitTimedOutError, match=r"the transfers go on. There is no room.$"):
            list(client.wait_for_transfers(sent, 0.7, tell=told.append))
        assert told == ["There is no room."]
        with people.database.transactions.begin() as db:
            db.query(Librarian).filter_by(name="centre").one().transfers_enabled = False
    sentence = "Transfers to centre are disabled."
    end(people, "QUEUED")
    failed = run(
        "send", "local", "centre", f"name:{NAMES[2]}", "--wait", "--timeout", "0.1", code=8
    )
    assert failed.splitlines()[0] == sentence


def test_a_file_is_explained(people: SendingSite) -> None:
    told = run("explain", "local", NAMES[0], "--at", "centre")
    assert told.splitlines() == [
        "here:",
        "  A copy is on pot1 in 2458396.",
        "centre: not there",
        "  Nobody has sent it, and there is no standing order to centre:"
        " `librarian send` queues it.",
    ]
    run("send", "local", "centre", f"name:{NAMES[0]}")
    document = json.loads(run("explain", "local", NAMES[0], "--json"))
    assert document["name"] == NAMES[0]
    by_name = {there["librarian"]: there for there in document["there"]}
    assert by_name["centre"]["transfer"]["state"] == "QUEUED"
    assert by_name["archive"]["transfer"] is None


def test_what_failed_is_retried_by_its_order(people: SendingSite) -> None:
    with people.database.transactions.begin() as db:
        order = add_order(db, db.query(Librarian).filter_by(name="centre").one())
        for file in db.scalars(select(File)):
            centre = db.get_one(Librarian, order.librarian_id)
            add_transfer(db, file, centre, "FAILED", lane=order.id, order_name=order.name)
    assert run("retry-transfer", "local", "--order", "nightly") == "3 transfers queued anew.\n"
    assert run("cancel-transfer", "local", "--order", "nightly") == "3 transfers cancelled.\n"


def test_wrong_calls_are_refused_in_a_sentence(people: SendingSite) -> None:
    assert "no librarian 'nowhere'" in run("send", "local", "nowhere", "type:uv", code=3)
    assert "line 1" in run("send", "local", "centre", "nam:zen", code=2)
    assert "no transfer 99" in run("show-transfer", "local", "99", code=3)
    assert "Give either" in run("cancel-transfer", "local", code=2)
    assert "Give either" in run("retry-transfer", "local", "1", "--to", "centre", code=2)
    assert "no file" in run("explain", "local", "nothing", code=3)
    with Client.connect("local") as client, pytest.raises(InvalidRequestError, match="'LOST'"):
        next(client.list_transfers(states=["LOST"]))


def count(site: SendingSite) -> int:
    with site.database.readings.begin() as db:
        return len(db.scalars(select(Transfer.id)).all())
