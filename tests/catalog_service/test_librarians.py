"""Neighbours over real channels: two catalogues, of which one knows the other."""

from concurrent import futures
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from catalog_service.librarian_settings import check_settings
from catalog_service.rpc.librarian_messages import new_settings
from catalog_service.tables import Librarian
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotReachableError,
    UnknownLibrarianError,
)
from librarian.v1 import accounts_pb2, incoming_pb2
from librarian.v1 import librarians_pb2 as pb
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite
from tests.catalog_service.neighbouring_sites import HOST_KEY, NOW, request_for, row_of


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
        ({"url": "archive.example.org:21106"}, "must not travel to archive.example.org:21106"),
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


@pytest.mark.parametrize("changes", [{"tls": True}, {"insecure": True}])
def test_a_secret_travels_encrypted_or_by_a_persons_leave(changes: dict[str, Any]) -> None:
    check_settings(new_settings(request_for("archive.example.org:21106", **changes)))


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


def test_who_is_only_told_what_arrived_needs_a_lower_role(far: CatalogSite, near: Any) -> None:
    far.add("caller", accounts_pb2.CALLBACK, PASSWORD)
    far.add("weak", accounts_pb2.READONLY, PASSWORD)
    with pytest.raises(InvalidRequestError, match="has the role READONLY: it needs CALLBACK"):
        near.AddLibrarian(request_for(far, account_name="weak", transfers_enabled=False))
    made = near.AddLibrarian(request_for(far, account_name="caller", transfers_enabled=False))
    assert (made.transfers_enabled, bool(made.site_id)) == (False, True)


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


@pytest.mark.parametrize("how", ["updated", "pinged"])
def test_a_link_that_is_mended_is_tried_at_once(
    catalog: CatalogSite, far: CatalogSite, near: Any, how: str
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
    if how == "updated":
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", secret=far.token_of("here")))
    else:
        near.PingLibrarian(pb.PingLibrarianRequest(name="karoo"))
    link = near.GetLibrarian(pb.GetLibrarianRequest(name="karoo")).link
    assert link.next_try_time.ToDatetime(UTC) < later


def test_a_secret_that_no_key_opens_any_more_is_given_anew(
    far: CatalogSite, catalog: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    with catalog.database.transactions.begin() as db:
        db.execute(update(Librarian).values(secret=Fernet(Fernet.generate_key()).encrypt(b"x")))
    with pytest.raises(InvalidRequestError, match="Give the token or the password"):
        near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", batches=3))
    near.UpdateLibrarian(pb.UpdateLibrarianRequest(name="karoo", secret=PASSWORD))
    answer = near.PingLibrarian(pb.PingLibrarianRequest(name="karoo"))
    assert answer.error == ""


def test_a_neighbour_that_moves_to_another_host_needs_encryption_or_leave(
    far: CatalogSite, near: Any
) -> None:
    near.AddLibrarian(request_for(far))
    moved = pb.UpdateLibrarianRequest(
        name="karoo", url="archive.example.org:21106", skip_check=True
    )
    with pytest.raises(InvalidRequestError, match="unencrypted"):
        near.UpdateLibrarian(moved)
    moved.insecure = True
    changed = near.UpdateLibrarian(moved)
    assert (changed.url, changed.insecure) == (moved.url, True)
