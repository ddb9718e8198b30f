"""Sign-in links: good once, for ten minutes, for people, with no more rights than who made them."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog_service.tables import SignInAddress, SignInCode
from librarian.errors import NotAllowedError, NotSignedInError, StateError, UnknownAccountError
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc, audit_pb2, audit_pb2_grpc
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite
from tests.catalog_service.shared_site import shared as shared


def link(shared: CatalogSite, token: str | None = None, name: str = "") -> str:
    request = pb.CreateSignInLinkRequest(account_name=name)
    return str(shared.accounts(token).CreateSignInLink(request).code)


def use(shared: CatalogSite, code: str) -> Any:
    stub = shared.stub(accounts_pb2_grpc.AccountsStub, None)
    return stub.SignIn(pb.SignInRequest(code=code))


def test_a_link_signs_one_in_once(shared: CatalogSite) -> None:
    code = link(shared, shared.add("ada", pb.READWRITE))
    made = use(shared, code)
    assert (made.token.account_name, made.token.role) == ("ada", pb.READWRITE)
    assert shared.ping(made.secret).account_name == "ada"
    with pytest.raises(NotSignedInError, match="works once"):
        use(shared, code)
    stub = shared.stub(audit_pb2_grpc.AuditStub, shared.admin_token)
    wanted = audit_pb2.ListAuditEntriesRequest(account_name="ada")
    actions = [entry.action for entry in stub.ListAuditEntries(wanted).entries]
    assert actions == ["Accounts/SignIn", "Accounts/CreateSignInLink"]


def test_of_many_who_use_a_link_at_once_one_is_signed_in(shared: CatalogSite) -> None:
    code, won = link(shared, shared.add("bob")), []

    def try_it() -> None:
        with suppress(NotSignedInError):
            won.append(use(shared, code).secret)

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_link_ends_after_ten_minutes(shared: CatalogSite) -> None:
    shared.add("cy")
    answer = shared.accounts().CreateSignInLink(pb.CreateSignInLinkRequest(account_name="cy"))
    left = answer.expire_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    with shared.database.transactions.begin() as db:
        db.execute(update(SignInCode).values(expire_time=datetime.now(UTC) - timedelta(seconds=1)))
    with pytest.raises(NotSignedInError):
        use(shared, answer.code)


def test_only_a_hash_of_the_code_is_kept(shared: CatalogSite) -> None:
    code = link(shared, shared.add("dora"))
    with shared.database.readings() as db:
        kept = db.scalars(select(SignInCode.code_hash)).all()
    assert kept
    assert code not in kept


def test_a_link_gives_no_more_rights_than_the_token_that_made_it(shared: CatalogSite) -> None:
    shared.add("eve", pb.READWRITE)
    code = link(shared, shared.token_of("eve", pb.READONLY))
    assert use(shared, code).token.role == pb.READONLY


def test_administrators_make_links_for_others_and_nobody_else_does(shared: CatalogSite) -> None:
    shared.add("finn", pb.READAPPEND)
    mallory = shared.add("mallory", pb.READWRITE)
    made = use(shared, link(shared, name="finn"))
    assert (made.token.account_name, made.token.role) == ("finn", pb.READAPPEND)
    with pytest.raises(NotAllowedError):
        link(shared, mallory, "finn")
    with pytest.raises(UnknownAccountError):
        link(shared, name="nobody")
    with pytest.raises(StateError, match="no person's"):
        link(shared, name="agent")


def test_a_new_password_and_the_end_of_an_account_end_its_links(shared: CatalogSite) -> None:
    for name in ("gus", "hal"):
        shared.add(name, password=PASSWORD)
    codes = [link(shared, name=name) for name in ("gus", "hal")]
    shared.accounts().SetPassword(
        pb.SetPasswordRequest(account_name="gus", new_password="another one")
    )
    shared.accounts().DeleteAccount(pb.DeleteAccountRequest(name="hal"))
    for code in codes:
        with pytest.raises(NotSignedInError):
            use(shared, code)


def test_guesses_of_codes_are_counted_for_their_address(shared: CatalogSite) -> None:
    def failed() -> int:
        with shared.database.readings() as db:
            here = SignInAddress.address == "127.0.0.1"
            found = db.scalars(select(SignInAddress.failed_sign_ins).where(here)).one_or_none()
        return found or 0

    before = failed()
    for guess in ("x", "A" * 43, "\ud7ff\x00", "'; DROP TABLE account; --"):
        with pytest.raises(NotSignedInError):
            use(shared, guess)
    assert failed() == before + 4
    with shared.database.transactions.begin() as db:
        later = datetime.now(UTC) + timedelta(minutes=10)
        db.execute(update(SignInAddress).values(blocked_until=later))
    code = link(shared, shared.add("ida"))
    with pytest.raises(NotSignedInError):
        use(shared, code)
    # Who had to wait has not lost the link for it.
    with shared.database.transactions.begin() as db:
        db.execute(update(SignInAddress).values(blocked_until=None, failed_sign_ins=0))
    assert use(shared, code).secret
