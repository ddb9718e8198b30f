"""Who may move transfers: the whole catalogue, with its accounts and their rights."""

import pytest

from catalog_service.tables import Librarian, Transfer
from librarian.errors import NotAllowedError
from librarian.v1 import accounts_pb2, transfers_pb2_grpc
from librarian.v1 import transfers_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite
from tests.catalog_service.neighbour_rows import add_librarian, add_transfer
from tests.catalog_service.staging_rows import add_file

_LOOKERS = {"reader": accounts_pb2.READONLY, "appender": accounts_pb2.READAPPEND}


def test_who_may_write_moves_the_transfers_of_others_and_nobody_else(catalog: CatalogSite) -> None:
    with catalog.database.transactions.begin() as db:
        there = add_librarian(db)
        queued, failed = (
            add_transfer(db, add_file(db, state), there, state).id for state in ("QUEUED", "FAILED")
        )
    for name, role in _LOOKERS.items():
        calls = catalog.stub(transfers_pb2_grpc.TransfersStub, catalog.add(name, role))
        for refused in (
            lambda: calls.CancelTransfers(pb.CancelTransfersRequest(ids=[queued])),  # noqa: B023
            lambda: calls.RetryTransfers(pb.RetryTransfersRequest(ids=[failed])),  # noqa: B023
            lambda: list(calls.QueueTransfers(pb.QueueTransfersRequest())),  # noqa: B023
        ):
            with pytest.raises(NotAllowedError):
                refused()
        assert len(calls.ListTransfers(pb.ListTransfersRequest()).transfers) == 2
    writer = catalog.add("writer", accounts_pb2.READWRITE)
    calls = catalog.stub(transfers_pb2_grpc.TransfersStub, writer)
    calls.CancelTransfers(pb.CancelTransfersRequest(ids=[queued]))
    with catalog.database.readings.begin() as db:
        assert db.get_one(Transfer, queued).state == "CANCELLED"
        assert db.query(Librarian).count() == 1
