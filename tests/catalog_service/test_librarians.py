"""Neighbours over real channels: two catalogues, of which one knows the other."""

import base64
import logging
import sqlite3
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import func, insert, select, update

from catalog_service.bulk import table_of
from catalog_service.librarian_settings import check_settings
from catalog_service.librarians import get_librarian
from catalog_service.remote_instances import add_remote_instances
from catalog_service.rpc.librarian_messages import new_settings
from catalog_service.tables import File, Librarian, RemoteInstance, StandingOrder, Transfer
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    StateError,
    UnknownFileError,
    UnknownLibrarianError,
)
from librarian.v1 import accounts_pb2, incoming_pb2, librarians_pb2_grpc
from librarian.v1 import librarians_pb2 as pb
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite, catalog_site

NOW = datetime.now(UTC)
_KEY = b"\0\0\0\x0bssh-ed25519" + 36 * b"k"
HOST_KEY = f"ssh-ed25519 {base64.b64encode(_KEY).decode()}"


@pytest.fixture
def far(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogSite]:
    """Serve another site, at which this one has an account."""
    directory = tmp_path_factory.mktemp("far")
    path = directory / "catalog.sqlite"
    with closing(sqlite3.connect(sqlite_template)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    with catalog_site(f"sqlite:///{path}", directory) as running:
        running.add("here", accounts_pb2.READAPPEND, PASSWORD)
        yield running


@pytest.fixture
def near(catalog: CatalogSite) -> Any:
    """Return the Librarians service of a site, as its administrator."""
    return catalog.stub(librarians_pb2_grpc.LibrariansStub, catalog.admin_token)


def request_for(far: CatalogSite | str, **changes: Any) -> pb.AddLibrarianRequest:
    """Return a request to add another site."""
    values = {
        "name": "karoo",
        "url": far if isinstance(far, str) else far.address,
        "account_name": "here",
        "transfers_enabled": True,
    }
    secret = changes.pop("secret", PASSWORD)
    options = {key: changes.pop(key) for key in ("skip_check", "ca_pem") if key in changes}
    librarian = pb.Librarian(**{**values, **changes})
    return pb.AddLibrarianRequest(librarian=librarian, secret=secret, **options)


def row_of(catalog: CatalogSite, name: str = "karoo") -> Librarian:
    with catalog.database.readings() as db:
        return get_librarian(db, name)


def add_files(catalog: CatalogSite, count: int) -> None:
    rows = [
        {
            "id": number,
            "name": f"zen.{number}",
            "type": str(number),
            "size_bytes": 1,
            "checksum": "md5:0",
            "create_time": NOW,
            "source": "test",
        }
        for number in range(1, count + 1)
    ]
    with catalog.database.transactions.begin() as db:
        db.execute(insert(table_of(File)), rows)


def add_transfers(catalog: CatalogSite, states: dict[int, str]) -> None:
    ended = {"CONFIRMED", "FAILED", "CANCELLED", "DECLINED"}
    with catalog.database.transactions.begin() as db:
        librarian = get_librarian(db, "karoo")
        rows = [
            {
                "file_id": file_id,
                "librarian_id": librarian.id,
                "claimed_file_id": None if state in ended else file_id,
                "owner": "test",
                "priority": 1,
                "size_bytes": 1,
                "state": state,
                "run_time": NOW,
                "create_time": NOW,
                "update_time": NOW,
            }
            for file_id, state in states.items()
        ]
        db.execute(insert(table_of(Transfer)), rows)


@pytest.mark.parametrize("kind", ["token", "password"])
def test_a_neighbour_that_answers_is_put_on_record(far: CatalogSite, near: Any, kind: str) -> None:
    secret = far.token_of("here") if kind == "token" else PASSWORD
    made = near.AddLibrarian(request_for(far, secret=secret, ssh_host_key=HOST_KEY))
    assert (made.name, made.url, made.account_name) == ("karoo", far.address, "here")
    assert made.site_id == far.ping(far.admin_token).site_id
    assert made.link.state == pb.Link.CLOSED
    assert (made.transfers_enabled, made.batches, made.ssh_host_key) == (True, 2, HOST_KEY)
    listed = near.ListLibrarians(pb.ListLibrariansRequest()).librarians
    assert list(listed) == [made]
    counted = near.GetLibrarian(pb.GetLibrarianRequest(name="karoo"))
    assert (counted.queued_count, counted.active_count, counted.failed_count) == (0, 0, 0)
    answer = near.PingLibrarian(pb.PingLibrarianRequest(name="karoo"))
    assert (answer.error, answer.site_name, answer.role) == ("", "here", "READAPPEND")
    assert 0 < answer.duration_seconds < 10


def test_adding_again_is_the_same_unless_it_is_another(far: CatalogSite, near: Any) -> None:
    first = near.AddLibrarian(request_for(far))
    assert near.AddLibrarian(request_for(far)) == first
    for changes in (
        {"batches": 3},
        {"secret": "another password"},
        {"ways": [incoming_pb2.PUSH_WAY_RSYNC]},
        {"url": "localhost:1"},
    ):
        with pytest.raises(ConflictError, match="update-librarian"):
            near.AddLibrarian(request_for(far, **changes))
    with pytest.raises(ConflictError, match="'karoo'"):
        near.AddLibrarian(request_for(far, name="again"))


def test_two_who_add_the_same_at_once_both_succeed(far: CatalogSite, near: Any) -> None:
    request = request_for(far, secret=far.token_of("here"))
    with futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: near.AddLibrarian(request), range(4)))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "a b"}, "A librarian's name has"),
        ({"name": ""}, "A librarian's name has"),
        ({"url": "http://host:1"}, "'host:port'"),
        ({"url": "host"}, "'host:port'"),
        ({"url": "host:0"}, "'host:port'"),
        ({"url": "host:65536"}, "'host:port'"),
        ({"url": "-host:22"}, "'host:port'"),
        ({"url": "unix:/tmp/x:1"}, "'host:port'"),
        ({"url": "a,b:1"}, "'host:port'"),
        ({"ssh_url": "-oProxyCommand=x:22"}, "'host:port'"),
        ({"agent_url": "here"}, "'host:port'"),
        ({"account_name": "No Account"}, "no name of an account"),
        ({"secret": ""}, "the token or the password"),
        ({"secret": "lib_a\nb"}, "characters that no token has"),
        ({"ssh_host_key": "ssh-ed25519 AAAA"}, "An SSH host key"),
        ({"ssh_host_key": "ssh-ed25519 nonsense!"}, "An SSH host key"),
        ({"ssh_host_key": HOST_KEY.replace("ssh-ed25519", "ssh-rsa")}, "An SSH host key"),
        ({"ssh_host_key": f"{HOST_KEY} comment"}, "An SSH host key"),
        ({"batches": 17}, "1 to 16 batches"),
        ({"batches": -1}, "1 to 16 batches"),
        ({"ways": [1, 1]}, "each once"),
        ({"ways": [9]}, "shared, rsync and stream"),
        ({"ca_pem": "nonsense", "tls": True}, "certificates as PEM"),
        ({"ca_pem": "nonsense"}, "goes with TLS"),
    ],
)
def test_what_cannot_be_a_neighbour_is_refused_in_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidRequestError, match=sentence):
        check_settings(new_settings(request_for("localhost:1", **changes)))


def test_nothing_that_cannot_be_is_put_on_record(catalog: CatalogSite, near: Any) -> None:
    catalog.add("weak", accounts_pb2.READONLY)
    for changes, sentence in (
        ({"name": "x\0"}, "A librarian's name has"),
        ({"callback_account": "nobody"}, "no account 'nobody' here"),
        ({"callback_account": "weak"}, "needs the role CALLBACK"),
        ({"callback_account": "agent"}, "needs the role CALLBACK"),
    ):
        with pytest.raises(InvalidRequestError, match=sentence):
            near.AddLibrarian(request_for("localhost:1", skip_check=True, **changes))
    assert not near.ListLibrarians(pb.ListLibrariansRequest()).librarians


def test_unreachable_refused_and_wrong_are_told_apart(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    far.add("weak", accounts_pb2.CALLBACK, PASSWORD)
    with pytest.raises(NotReachableError, match=r"localhost:1 did not answer \(without TLS\)"):
        near.AddLibrarian(request_for("localhost:1"))
    with pytest.raises(InvalidRequestError, match="refused the account 'here'"):
        near.AddLibrarian(request_for(far, secret="wrong password"))
    with pytest.raises(InvalidRequestError, match="refused the account 'here'"):
        near.AddLibrarian(request_for(far, secret="lib_0123456789abcdef_" + 43 * "x"))
    with pytest.raises(InvalidRequestError, match="has the role CALLBACK: it needs READAPPEND"):
        near.AddLibrarian(request_for(far, account_name="weak"))
    with pytest.raises(InvalidRequestError, match="is this very site"):
        near.AddLibrarian(request_for(catalog, secret=catalog.admin_token))
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("localhost:0")
    server.start()
    try:
        with pytest.raises(InvalidRequestError, match="is no Librarian"):
            near.AddLibrarian(request_for(f"localhost:{port}"))
    finally:
        server.stop(None).wait()
    assert not near.ListLibrarians(pb.ListLibrariansRequest()).librarians


def test_a_neighbour_that_was_not_asked_is_known_once_it_answers(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    made = near.AddLibrarian(request_for(far, skip_check=True))
    assert made.site_id == ""
    near.AddLibrarian(request_for("localhost:1", skip_check=True, name="away"))
    error = near.PingLibrarian(pb.PingLibrarianRequest(name="away")).error
    assert "localhost:1 did not answer" in error
    assert near.PingLibrarian(pb.PingLibrarianRequest(name="karoo")).error == ""
    assert row_of(catalog).site_id == far.ping(far.admin_token).site_id
    with pytest.raises(UnknownLibrarianError):
        near.PingLibrarian(pb.PingLibrarianRequest(name="nowhere"))


def test_another_site_at_a_known_url_is_found_out(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    with catalog.database.transactions.begin() as db:
        db.execute(update(Librarian).values(site_id="another"))
    answer = near.PingLibrarian(pb.PingLibrarianRequest(name="karoo"))
    assert "another site than until now" in answer.error
    with pytest.raises(InvalidRequestError, match="another site than until now"):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", url=far.address))


def test_a_secret_is_rotated_only_to_one_that_works(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    before = row_of(catalog).secret
    with pytest.raises(InvalidRequestError, match="refused the account"):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", secret="wrong one"))
    with pytest.raises(InvalidRequestError, match="needs its secret"):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", account_name="other"))
    assert row_of(catalog).secret == before
    token = far.token_of("here")
    near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", secret=token))
    assert row_of(catalog).secret != before
    assert near.PingLibrarian(pb.PingLibrarianRequest(name="karoo")).error == ""


def test_an_update_changes_what_it_names_alone(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    before = near.AddLibrarian(request_for(far, ssh_host_key=HOST_KEY))
    secret = row_of(catalog).secret
    request = pb.UpdateLibrarianRequest(
        name="karoo", transfers_enabled=False, batches=4, set_ways=True, ssh_host_key=""
    )
    request.ways.extend([incoming_pb2.PUSH_WAY_STREAM, incoming_pb2.PUSH_WAY_RSYNC])
    after = near.UpdateLibrarian(request)
    before.transfers_enabled, before.batches, before.ssh_host_key = False, 4, ""
    before.ways.extend(request.ways)
    assert after == before
    assert row_of(catalog).secret == secret
    with pytest.raises(InvalidRequestError, match="1 to 16"):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", batches=0))
    with pytest.raises(UnknownLibrarianError):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="nowhere", batches=1))


def test_a_link_that_is_mended_is_tried_at_once(
    catalog: CatalogSite, far: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    later = datetime(2999, 1, 1, tzinfo=UTC)
    with catalog.database.transactions.begin() as db:
        db.execute(
            update(Librarian).values(
                link_state="OPEN",
                link_cause="REFUSED",
                link_error="It refused.",
                link_open_time=NOW,
                link_try_time=later,
                link_failures=3,
            )
        )
    link = near.GetLibrarian(pb.GetLibrarianRequest(name="karoo")).link
    assert (link.state, link.cause, link.failures) == (pb.Link.OPEN, pb.Link.REFUSED, 3)
    assert link.next_try_time.ToDatetime(UTC) == later
    near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", secret=far.token_of("here")))
    link = near.GetLibrarian(pb.GetLibrarianRequest(name="karoo")).link
    assert link.next_try_time.ToDatetime(UTC) < later


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
    assert (gone.cancelled_count, gone.remote_instance_count) == (8, 9)
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
        go_on.wait(10)
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
        assert reached.wait(10)
        near.AddLibrarian(request_for("localhost:1", skip_check=True, name="other"))
        assert not adding.done()
        go_on.set()
        with pytest.raises(InvalidRequestError, match="it is too old"):
            adding.result(20)
    server.stop(None).wait()
