"""What goes with a neighbour, what is told of it, and what is kept secret."""

import logging
import threading
from concurrent import futures
from datetime import UTC
from typing import Any

import grpc
import pytest
from sqlalchemy import func, insert, select

from catalog_service.librarians import get_librarian
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import RemoteInstance, StandingOrder, Transfer
from librarian.errors import (
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    StateError,
    UnknownFileError,
    UnknownLibrarianError,
)
from librarian.v1 import accounts_pb2, librarians_pb2_grpc
from librarian.v1 import librarians_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite
from tests.catalog_service.neighbouring_sites import (
    NOW,
    add_files,
    add_transfers,
    request_for,
    row_of,
)


def test_a_neighbour_with_orders_or_transfers_stays(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    add_files(catalog, 3)
    add_transfers(catalog, {1: "QUEUED", 2: "SENDING", 3: "FAILED"})
    counted = near.GetLibrarian(pb.GetLibrarianRequest(name="karoo"))
    assert (counted.queued_count, counted.active_count, counted.failed_count) == (1, 1, 1)
    with pytest.raises(StateError, match="--remove-outgoing-transfers"):
        near.RemoveLibrarian(pb.RemoveLibrarianRequest(name="karoo"))
    assert row_of(catalog).transfers_enabled
    with catalog.database.transactions.begin() as db:
        row = {"name": "nightly", "search": "{}", "priority": 1, "enabled": True, "owner": "ada"}
        order = {**row, "librarian_id": get_librarian(db, "karoo").id, "create_time": NOW}
        db.execute(insert(StandingOrder).values(order))
    with pytest.raises(StateError, match="delete nightly first"):
        near.RemoveLibrarian(pb.RemoveLibrarianRequest(name="karoo", cancel_transfers=True))
    assert row_of(catalog).transfers_enabled


def test_what_was_queued_while_a_neighbour_was_being_removed_is_kept(
    catalog: CatalogSite, near: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    near.AddLibrarian(request_for("localhost:1", skip_check=True))
    add_files(catalog, 1)
    monkeypatch.setattr(
        "catalog_service.rpc.librarians.reach", lambda _: add_transfers(catalog, {1: "QUEUED"})
    )
    with pytest.raises(StateError, match="--remove-outgoing-transfers"):
        near.RemoveLibrarian(pb.RemoveLibrarianRequest(name="karoo"))
    with catalog.database.readings() as db:
        assert db.scalars(select(Transfer.state)).all() == ["QUEUED"]


def test_all_that_is_believed_of_a_neighbour_goes_with_it_step_by_step(
    catalog: CatalogSite, near: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_service.librarian_removal._STEP_ROWS", 4)
    near.AddLibrarian(request_for("localhost:1", skip_check=True))
    near.AddLibrarian(request_for("localhost:1", skip_check=True, name="other"))
    add_files(catalog, 9)
    add_transfers(catalog, {1: "QUEUED", 2: "CONFIRMED", **dict.fromkeys(range(3, 10), "QUEUED")})
    near.StartReconciliation(pb.StartReconciliationRequest(librarian_name="karoo"))
    with catalog.database.transactions.begin() as db:
        add_remote_instances(db, get_librarian(db, "karoo").id, range(1, 10))
        add_remote_instances(db, get_librarian(db, "other").id, [1])
    gone = near.RemoveLibrarian(pb.RemoveLibrarianRequest(name="karoo", cancel_transfers=True))
    assert (gone.cancelled_count, gone.remote_instance_count, gone.transfer_count) == (8, 9, 9)
    with catalog.database.readings() as db:
        assert db.scalar(select(func.count()).select_from(Transfer)) == 0
        assert db.scalar(select(func.count()).select_from(RemoteInstance)) == 1
    with pytest.raises(UnknownLibrarianError):
        near.RemoveLibrarian(pb.RemoveLibrarianRequest(name="karoo"))


def test_where_else_a_file_is_believed_to_be_is_told(catalog: CatalogSite, near: Any) -> None:
    for name in ("karoo", "archive"):
        near.AddLibrarian(request_for("localhost:1", skip_check=True, name=name))
    add_files(catalog, 1)
    with catalog.database.transactions.begin() as db:
        for name in ("karoo", "archive"):
            add_remote_instances(db, get_librarian(db, name).id, [1])
    answer = near.ListRemoteInstances(pb.ListRemoteInstancesRequest(file_name="zen.1"))
    found = [(one.file_name, one.librarian_name) for one in answer.remote_instances]
    assert found == [("zen.1", "archive"), ("zen.1", "karoo")]
    assert answer.remote_instances[0].confirm_time.ToDatetime(UTC) >= NOW
    with pytest.raises(UnknownFileError):
        near.ListRemoteInstances(pb.ListRemoteInstancesRequest(file_name="zen.2"))


def test_no_message_log_or_row_has_a_secret(
    catalog: CatalogSite, far: CatalogSite, near: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ["only you and I", far.token_of("here"), "wrong but secret"]
    far.add("spoken", accounts_pb2.READAPPEND, secrets[0])
    answers: list[Any] = [
        near.AddLibrarian(request_for(far, account_name="spoken", secret=secrets[0])),
        near.UpdateLibrarian(
            pb.UpdateLibrarianRequest(name="karoo", account_name="here", secret=secrets[1])
        ),
        near.GetLibrarian(pb.GetLibrarianRequest(name="karoo")),
        near.ListLibrarians(pb.ListLibrariansRequest()),
        near.PingLibrarian(pb.PingLibrarianRequest(name="karoo")),
    ]
    for request in (
        request_for(far, name="b", secret=secrets[2]),
        request_for("localhost:1", name="b", secret=secrets[2]),
        request_for(far, secret=secrets[2]),
    ):
        with pytest.raises(LibrarianError) as caught:
            near.AddLibrarian(request)
        answers.append(caught.value)
    row = row_of(catalog)
    told = f"{answers} {caplog.text} {row.secret!r} {vars(row)}"
    for secret in secrets:
        assert secret not in told
        assert secret.split("_")[-1] not in told


def test_a_neighbours_account_may_not_manage_the_site_that_it_pushes_to(far: CatalogSite) -> None:
    token = far.token_of("here")
    with pytest.raises(NotAllowedError):
        far.accounts(token).ListTokens(accounts_pb2.ListTokensRequest(account_name="admin"))
    with pytest.raises(NotAllowedError):
        far.accounts(token).ListAccounts(accounts_pb2.ListAccountsRequest())
    stub = far.stub(librarians_pb2_grpc.LibrariansStub, token)
    for call, request in (
        (stub.AddLibrarian, request_for("localhost:1", skip_check=True)),
        (stub.UpdateLibrarian, pb.UpdateLibrarianRequest(name="karoo")),
        (stub.RemoveLibrarian, pb.RemoveLibrarianRequest(name="karoo")),
        (stub.PingLibrarian, pb.PingLibrarianRequest(name="karoo")),
    ):
        with pytest.raises(NotAllowedError):
            call(request)


def test_a_call_to_a_neighbour_holds_no_database(catalog: CatalogSite, near: Any) -> None:
    """A neighbour that says nothing keeps nobody else from writing."""
    reached, go_on = threading.Event(), threading.Event()

    def hang(request: bytes, context: grpc.ServicerContext) -> bytes:
        reached.set()
        go_on.wait(100)
        return b""

    server = grpc.server(futures.ThreadPoolExecutor(1))
    handlers: Any = {"Ping": grpc.unary_unary_rpc_method_handler(hang)}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("librarian.v1.Site", handlers),)
    )
    port = server.add_insecure_port("localhost:0")
    server.start()
    secret = "lib_0123456789abcdef_" + 43 * "x"
    with futures.ThreadPoolExecutor(1) as pool:
        adding = pool.submit(near.AddLibrarian, request_for(f"localhost:{port}", secret=secret))
        assert reached.wait(60)
        near.AddLibrarian(request_for("localhost:1", skip_check=True, name="other"))
        assert not adding.done()
        go_on.set()
        with pytest.raises(InvalidRequestError, match="it is too old"):
            adding.result(60)
    server.stop(None).wait()
