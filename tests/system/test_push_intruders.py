"""What a neighbour's account cannot do at a site that it pushes to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from librarian.errors import (
    ConflictError,
    NotFoundError,
)
from librarian.v1 import (
    accounts_pb2,
    accounts_pb2_grpc,
    files_pb2,
    files_pb2_grpc,
    jobs_pb2,
    jobs_pb2_grpc,
    librarians_pb2,
    librarians_pb2_grpc,
    standing_orders_pb2,
    standing_orders_pb2_grpc,
    stores_pb2,
    stores_pb2_grpc,
    transfer_records_pb2,
    transfer_records_pb2_grpc,
    transfers_pb2,
    transfers_pb2_grpc,
    uploads_pb2,
    uploads_pb2_grpc,
)
from librarian.v1 import incoming_pb2 as pb
from tests.system.intruder_fixtures import intruder, site, unchanged, victim
from tests.system.intruding import (
    BATCH,
    GOOD_SUM,
    OWN_BATCH,
    REFUSALS,
    Caller,
    offered,
)
from tests.system.neighbours import make_account
from tests.system.site import Site

__all__ = ["intruder", "site", "unchanged", "victim"]


FORBIDDEN: list[tuple[Any, str, Any]] = [
    (accounts_pb2_grpc.AccountsStub, "ListAccounts", accounts_pb2.ListAccountsRequest()),
    (
        accounts_pb2_grpc.AccountsStub,
        "ListTokens",
        accounts_pb2.ListTokensRequest(account_name="admin"),
    ),
    (
        accounts_pb2_grpc.AccountsStub,
        "CreateToken",
        accounts_pb2.CreateTokenRequest(account_name="admin", name="mine"),
    ),
    (
        accounts_pb2_grpc.AccountsStub,
        "CreateAccount",
        accounts_pb2.CreateAccountRequest(name="mallory", role=accounts_pb2.ADMIN),
    ),
    (
        accounts_pb2_grpc.AccountsStub,
        "UpdateAccount",
        accounts_pb2.UpdateAccountRequest(name="intruder", role=accounts_pb2.ADMIN),
    ),
    (
        accounts_pb2_grpc.AccountsStub,
        "DeleteAccount",
        accounts_pb2.DeleteAccountRequest(name="telescope"),
    ),
    (
        accounts_pb2_grpc.AccountsStub,
        "SetPassword",
        accounts_pb2.SetPasswordRequest(account_name="admin", new_password="x" * 20),
    ),
    (files_pb2_grpc.FilesStub, "UpdateMetadata", files_pb2.UpdateMetadataRequest()),
    (stores_pb2_grpc.StoresStub, "UpdateStore", stores_pb2.UpdateStoreRequest(name="store")),
    (stores_pb2_grpc.StoresStub, "CreateStore", stores_pb2.CreateStoreRequest(name="x", root="/")),
    (stores_pb2_grpc.AgentsStub, "AnnounceAgent", stores_pb2.AnnounceAgentRequest()),
    (
        librarians_pb2_grpc.LibrariansStub,
        "AddLibrarian",
        librarians_pb2.AddLibrarianRequest(librarian={"name": "x", "url": "h:1"}, secret="x"),
    ),
    (
        librarians_pb2_grpc.LibrariansStub,
        "UpdateLibrarian",
        librarians_pb2.UpdateLibrarianRequest(name="x"),
    ),
    (
        librarians_pb2_grpc.LibrariansStub,
        "RemoveLibrarian",
        librarians_pb2.RemoveLibrarianRequest(name="x"),
    ),
    (
        librarians_pb2_grpc.LibrariansStub,
        "PingLibrarian",
        librarians_pb2.PingLibrarianRequest(name="x"),
    ),
    (
        transfers_pb2_grpc.TransfersStub,
        "CancelTransfers",
        transfers_pb2.CancelTransfersRequest(ids=[1]),
    ),
    (
        transfers_pb2_grpc.TransfersStub,
        "RetryTransfers",
        transfers_pb2.RetryTransfersRequest(ids=[1]),
    ),
    (
        standing_orders_pb2_grpc.StandingOrdersStub,
        "DeleteStandingOrder",
        standing_orders_pb2.DeleteStandingOrderRequest(name="x"),
    ),
    (
        transfer_records_pb2_grpc.TransferRecordsStub,
        "ClaimBatch",
        transfer_records_pb2.ClaimBatchRequest(worker="x"),
    ),
    (
        transfer_records_pb2_grpc.TransferRecordsStub,
        "RecordTransfers",
        transfer_records_pb2.RecordTransfersRequest(batch_id=BATCH),
    ),
    (jobs_pb2_grpc.JobsStub, "CancelJob", jobs_pb2.CancelJobRequest(id=1)),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("stub", "method", "request_"), FORBIDDEN, ids=lambda v: str(v)[:30])
def test_a_neighbours_account_may_not_rule_the_site(
    intruder: Caller, stub: Any, method: str, request_: Any
) -> None:
    with pytest.raises(REFUSALS):
        getattr(intruder.stub(stub), method)(request_)


def of_another(intruder: Caller) -> list[Callable[[], object]]:
    """Return calls about a batch, and an upload, of another account's."""
    upload = f"{BATCH}-0"
    incoming = intruder.incoming
    uploads = intruder.stub(uploads_pb2_grpc.UploadsStub)
    finish = pb.FinishFilesRequest(batch_id=BATCH, fence=9, upload_ids=[upload])
    mixed = pb.FinishFilesRequest(batch_id=OWN_BATCH, fence=9, upload_ids=[upload])
    complete = uploads_pb2.CompleteUploadsRequest(uploads=[{"id": upload}])
    return [
        lambda: incoming.FinishFiles(finish),
        lambda: incoming.FinishFiles(mixed),
        lambda: list(incoming.WatchBatch(pb.WatchBatchRequest(batch_id=BATCH))),
        lambda: incoming.RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=9)),
        lambda: incoming.WithdrawFiles(pb.WithdrawFilesRequest(batch_id=BATCH, fence=9)),
        lambda: intruder.offer(BATCH, offered(2, "more.raw"), fence=9),
        lambda: uploads.GetUpload(uploads_pb2.GetUploadRequest(id=upload)),
        lambda: uploads.CancelUpload(uploads_pb2.CancelUploadRequest(id=upload)),
        lambda: _raise_failure(uploads.CompleteUploads(complete).uploads[0]),
    ]


def _raise_failure(completed: Any) -> None:
    assert completed.HasField("failure")
    raise NotFoundError(completed.failure.message)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("number", range(9))
def test_anothers_batch_is_out_of_reach(intruder: Caller, victim: Caller, number: int) -> None:
    with pytest.raises((*REFUSALS, ConflictError)):
        of_another(intruder)[number]()
    # Its own worker has it as before, under its fence.
    answer = victim.incoming.RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=1))
    assert answer.expected_count == 1


def test_what_is_named_of_anothers_is_left_alone(intruder: Caller, victim: Caller) -> None:
    upload = f"{BATCH}-0"
    request = pb.WithdrawFilesRequest(batch_id=OWN_BATCH, fence=1, upload_ids=[upload])
    assert intruder.incoming.WithdrawFiles(request).withdrawn_count == 0
    uploads = intruder.stub(uploads_pb2_grpc.UploadsStub)
    renewed = uploads.RenewUploads(uploads_pb2.RenewUploadsRequest(ids=[upload]))
    assert renewed.renewed_count == 0
    answer = victim.incoming.RenewBatch(pb.RenewBatchRequest(batch_id=BATCH, fence=1))
    assert answer.expected_count == 1


@pytest.mark.usefixtures("unchanged")
def test_nothing_is_confirmed_for_those_who_are_no_neighbours(intruder: Caller) -> None:
    request = transfers_pb2.ConfirmTransfersRequest()
    request.transfers.add(transfer_id=1, checksum=GOOD_SUM)
    stub = intruder.stub(transfers_pb2_grpc.TransfersStub)
    assert list(stub.ConfirmTransfers(request).confirmed) == [False]


def test_no_secret_is_shown(site: Site, intruder: Caller, tmp_path: Path) -> None:
    secret = make_account(site, "mirror", "READAPPEND")
    with site.librarian() as lib:
        lib.add_librarian("mirror", "127.0.0.1:1", f"mirror:{secret}", check=False)
    stub = intruder.stub(librarians_pb2_grpc.LibrariansStub)
    shown = [
        stub.GetLibrarian(librarians_pb2.GetLibrarianRequest(name="mirror")),
        stub.ListLibrarians(librarians_pb2.ListLibrariansRequest()),
    ]
    assert all(message.ByteSize() > 0 for message in shown)
    assert all(secret.encode() not in message.SerializeToString() for message in shown)
    logs = [path.read_text() for path in site.layout.logs.iterdir()]
    assert not any(secret in log or intruder.token in log for log in logs)
    files = [path for path in site.layout.root.glob("catalog.sqlite*") if path.is_file()]
    assert files
    assert not any(secret.encode() in path.read_bytes() for path in files)
