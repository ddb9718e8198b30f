"""Confirmations by a neighbour: of what was sent to it, as it is on record, and of nothing else."""

import pytest

from catalog_service.tables import File, Librarian, RemoteInstance, Transfer
from catalog_service.transfer_callbacks import Arrived, confirm_arrivals
from librarian.errors import InvalidRequestError
from librarian.v1 import transfers_pb2 as pb
from tests.catalog_service.neighbour_rows import add_transfer
from tests.catalog_service.transfers.conftest import SendingSite, put_files

NAME = "zen.1.uvh5"


def put(site: SendingSite, state: str = "SENT", librarian: str = "centre", name: str = NAME) -> int:
    with site.database.transactions.begin() as db:
        file = db.query(File).filter_by(name=name).one_or_none() or put_files(db, [name])[0]
        there = db.query(Librarian).filter_by(name=librarian).one()
        return add_transfer(db, file, there, state).id


def confirm(
    site: SendingSite,
    number: int,
    *,
    account: str = "callback",
    name: str = NAME,
    checksum: str = "blake3:00",
) -> bool:
    arrived = pb.ArrivedTransfer(transfer_id=number, file_name=name, checksum=checksum)
    request = pb.ConfirmTransfersRequest(transfers=[arrived])
    [confirmed] = site.calls(account).ConfirmTransfers(request).confirmed
    return bool(confirmed)


def outcome(site: SendingSite, number: int) -> tuple[str, int]:
    """Return the state of a transfer, and how many remote instances there are."""
    with site.database.readings.begin() as db:
        return db.get_one(Transfer, number).state, db.query(RemoteInstance).count()


def test_what_arrived_is_confirmed_once_and_known_to_be_there(site: SendingSite) -> None:
    for count, state in enumerate(["OFFERED", "SENDING", "SENT"], start=1):
        number = put(site, state, name=state)
        for _ in range(2):
            assert confirm(site, number, name=state)
            assert outcome(site, number) == ("CONFIRMED", count)


def test_what_is_not_under_way_is_not_confirmed(site: SendingSite) -> None:
    for state in ["QUEUED", "FAILED", "CANCELLED", "DECLINED"]:
        number = put(site, state, name=state)
        assert not confirm(site, number, name=state)
        assert outcome(site, number) == (state, 0)


def test_nobody_confirms_the_transfer_of_another_neighbour(site: SendingSite) -> None:
    number = put(site)
    for account in ["other_callback", "appender", "writer", "reader"]:
        assert not confirm(site, number, account=account)
        assert outcome(site, number) == ("SENT", 0)


def test_nobody_confirms_for_a_neighbour_without_an_account(site: SendingSite) -> None:
    number = put(site, librarian="silent")
    assert not confirm(site, number)
    with site.database.transactions.begin() as db:
        assert confirm_arrivals(db, "", [Arrived(number, NAME, "blake3:00")]) == [False]
    assert outcome(site, number) == ("SENT", 0)


def test_what_differs_from_the_record_is_not_confirmed(site: SendingSite) -> None:
    number = put(site)
    assert not confirm(site, number, name="zen.2.uvh5")
    assert not confirm(site, number, checksum="blake3:01")
    assert not confirm(site, number + 1)
    assert outcome(site, number) == ("SENT", 0)


def test_one_refusal_holds_back_no_other(site: SendingSite) -> None:
    number = put(site)
    good = {"file_name": NAME, "checksum": "blake3:00"}
    arrived = [pb.ArrivedTransfer(transfer_id=one, **good) for one in (99, number, number)]
    answer = site.calls("callback").ConfirmTransfers(pb.ConfirmTransfersRequest(transfers=arrived))
    assert list(answer.confirmed) == [False, True, True]
    with pytest.raises(InvalidRequestError, match="at most"):
        site.calls("callback").ConfirmTransfers(
            pb.ConfirmTransfersRequest(transfers=[arrived[0]] * 1001)
        )
