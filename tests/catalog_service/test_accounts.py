"""Accounts over a real channel: made, changed and ended, and what one may do with one's own."""

import contextlib
import threading
from typing import Any

import pytest

from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotSignedInError,
    StateError,
    UnknownAccountError,
)
from librarian.v1 import accounts_pb2 as pb
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite


def names(catalog: CatalogSite) -> list[str]:
    answer = catalog.accounts().ListAccounts(pb.ListAccountsRequest())
    return [account.name for account in answer.accounts]


def set_role(catalog: CatalogSite, name: str, role: pb.Role, token: str | None = None) -> Any:
    request = pb.UpdateAccountRequest(name=name, role=role)
    return catalog.accounts(token).UpdateAccount(request)


def set_password(catalog: CatalogSite, token: str | None, **values: str) -> None:
    catalog.accounts(token).SetPassword(pb.SetPasswordRequest(**values))


def test_an_account_is_made_listed_changed_and_deleted(catalog: CatalogSite) -> None:
    catalog.add("ada", pb.READONLY)
    assert names(catalog) == ["ada", "admin", "agent"]
    assert set_role(catalog, "ada", pb.READWRITE).role == pb.READWRITE
    catalog.accounts().DeleteAccount(pb.DeleteAccountRequest(name="ada"))
    assert names(catalog) == ["admin", "agent"]


def test_a_name_is_taken_once(catalog: CatalogSite) -> None:
    catalog.add("ada")
    with pytest.raises(ConflictError, match="'ada' already"):
        catalog.add("ada")


@pytest.mark.parametrize("name", ["", "Ada", "a b", "-a", "a/b", "é", 65 * "a", "a\n", "a\x00"])
def test_a_name_that_is_none_is_refused(catalog: CatalogSite, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="account's name"):
        catalog.add(name)


def test_an_account_needs_a_role(catalog: CatalogSite) -> None:
    with pytest.raises(InvalidRequestError, match="role is one of NONE, READONLY"):
        catalog.add("ada", pb.ROLE_UNSPECIFIED)


def test_an_account_that_is_not_there_is_not_found(catalog: CatalogSite) -> None:
    with pytest.raises(UnknownAccountError, match="'eve'"):
        set_role(catalog, "eve", pb.READONLY)
    with pytest.raises(UnknownAccountError, match="'eve'"):
        catalog.accounts().DeleteAccount(pb.DeleteAccountRequest(name="eve"))


def test_the_last_administrator_stays(catalog: CatalogSite) -> None:
    with pytest.raises(StateError, match="last administrator"):
        set_role(catalog, "admin", pb.READWRITE)
    with pytest.raises(StateError, match="last administrator"):
        catalog.accounts().DeleteAccount(pb.DeleteAccountRequest(name="admin"))
    second = catalog.add("ada", pb.ADMIN)
    set_role(catalog, "admin", pb.READWRITE, second)
    assert catalog.ping(catalog.admin_token).role == pb.READWRITE


def test_two_administrators_who_demote_each_other_at_once_leave_one(catalog: CatalogSite) -> None:
    tokens = {"admin": catalog.admin_token, "ada": catalog.add("ada", pb.ADMIN)}
    for _ in range(5):
        barrier = threading.Barrier(2)
        threads = [
            threading.Thread(target=demote, args=(catalog, barrier, tokens[by], name))
            for by, name in (("ada", "admin"), ("admin", "ada"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [left] = [n for n in tokens if catalog.ping(tokens[n]).role == pb.ADMIN]
        for name in tokens:
            set_role(catalog, name, pb.ADMIN, tokens[left])


def demote(catalog: CatalogSite, barrier: threading.Barrier, token: str, name: str) -> None:
    barrier.wait()
    # Who was demoted before may not do it any more; who was faster finds the last one left.
    with contextlib.suppress(NotAllowedError, StateError):
        set_role(catalog, name, pb.READWRITE, token)


def test_an_agents_account_has_no_role_and_is_no_administrator(catalog: CatalogSite) -> None:
    request = pb.CreateAccountRequest(name="node2", role=pb.ADMIN, kind=pb.Account.AGENT)
    with pytest.raises(InvalidRequestError, match="role NONE"):
        catalog.accounts().CreateAccount(request)
    with pytest.raises(StateError, match="store agent's account"):
        set_role(catalog, "agent", pb.ADMIN)


def test_a_deleted_accounts_tokens_end_at_once(catalog: CatalogSite) -> None:
    token = catalog.add("ada")
    assert catalog.ping(token).account_name == "ada"
    catalog.accounts().DeleteAccount(pb.DeleteAccountRequest(name="ada"))
    with pytest.raises(NotSignedInError):
        catalog.ping(token)


def test_ones_own_password_takes_the_old_one(catalog: CatalogSite) -> None:
    token = catalog.add("ada", password=PASSWORD)
    with pytest.raises(NotAllowedError, match="old password is wrong"):
        set_password(catalog, token, new_password="another one", old_password="wrong")
    set_password(catalog, token, new_password="another one", old_password=PASSWORD)
    assert catalog.ping(catalog.sign_in("ada", "another one")).account_name == "ada"


def test_a_new_password_ends_what_was_signed_in_with_the_old_one(catalog: CatalogSite) -> None:
    token = catalog.add("ada", password=PASSWORD)
    signed_in = catalog.sign_in("ada")
    assert catalog.ping(signed_in).account_name == "ada"
    set_password(catalog, token, new_password="another one", old_password=PASSWORD)
    with pytest.raises(NotSignedInError):
        catalog.ping(signed_in)
    assert catalog.ping(token).account_name == "ada"


def test_an_administrator_sets_anyones_password_and_nobody_else_does(catalog: CatalogSite) -> None:
    token = catalog.add("ada", pb.READWRITE)
    catalog.add("eve", password=PASSWORD)
    with pytest.raises(NotAllowedError, match="administrator"):
        set_password(catalog, token, account_name="eve", new_password="another one")
    set_password(catalog, None, account_name="eve", new_password="another one")
    assert catalog.sign_in("eve", "another one")


def test_a_token_of_fewer_rights_does_not_become_a_password(catalog: CatalogSite) -> None:
    catalog.add("ada", pb.ADMIN)
    weak = catalog.token_of("ada", pb.READONLY)
    with pytest.raises(NotAllowedError, match="fewer rights"):
        set_password(catalog, weak, new_password=PASSWORD)
    set_password(catalog, catalog.token_of("ada"), new_password=PASSWORD)
    assert catalog.sign_in("ada")


@pytest.mark.parametrize("password", ["seven77", 1025 * "x"])
def test_a_password_is_neither_short_nor_endless(catalog: CatalogSite, password: str) -> None:
    with pytest.raises(InvalidRequestError, match="8 to 1024 characters"):
        catalog.add("ada", password=password)


def test_who_asks_learns_who_it_is(catalog: CatalogSite) -> None:
    answer = catalog.ping(catalog.add("ada", pb.CALLBACK))
    assert (answer.site_name, answer.account_name, answer.role) == ("here", "ada", pb.CALLBACK)
