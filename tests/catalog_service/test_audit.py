"""The audit log: each change, with who, what and from where, and nothing that is secret."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from catalog_service import audit
from catalog_service.audit import Change, auditing, record, unaudited
from catalog_service.database import Database, open_database
from catalog_service.retrying import run_transaction
from catalog_service.rpc.audited import AUDITED, NOT_AUDITED
from catalog_service.rpc.rights import RIGHTS
from catalog_service.tables import Account, AuditEntry, Site
from librarian.errors import ConflictError, InvalidRequestError, NotAllowedError, NotFoundError
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    librarians_pb2,
    librarians_pb2_grpc,
    saved_searches_pb2,
    saved_searches_pb2_grpc,
    search_pb2,
)
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite
from tests.catalog_service.shared_site import shared as shared


def entries(shared: CatalogSite, **wanted: Any) -> list[audit_pb2.AuditEntry]:
    stub = shared.stub(audit_pb2_grpc.AuditStub, shared.admin_token)
    return list(stub.ListAuditEntries(audit_pb2.ListAuditEntriesRequest(**wanted)).entries)


def rows(database: Database) -> list[AuditEntry]:
    with database.readings() as db:
        return list(db.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_every_rpc_is_audited_or_it_is_said_why_not() -> None:
    assert not set(AUDITED) & set(NOT_AUDITED)
    assert set(RIGHTS) <= set(AUDITED) | set(NOT_AUDITED)
    assert all(NOT_AUDITED.values())


def test_a_change_is_on_record_with_who_what_and_from_where(shared: CatalogSite) -> None:
    shared.accounts().CreateAccount(pb.CreateAccountRequest(name="ada", role=pb.READONLY))
    shared.accounts().UpdateAccount(pb.UpdateAccountRequest(name="ada", role=pb.READWRITE))
    changed, created = entries(shared, subject="ada")
    assert (created.action, changed.action) == ("Accounts/CreateAccount", "Accounts/UpdateAccount")
    assert {changed.account_name, created.account_name} == {"admin"}
    assert json.loads(changed.details_json) == {"role": "READWRITE"}
    assert changed.address == "127.0.0.1"
    assert changed.token_id == shared.admin_token.split("_")[1]
    assert changed.time.ToMilliseconds() >= created.time.ToMilliseconds()


def test_a_call_that_is_refused_leaves_no_entry(shared: CatalogSite) -> None:
    token = shared.add("bob")
    before = len(entries(shared, page_size=1000))
    with pytest.raises(NotAllowedError):
        shared.accounts(token).CreateAccount(pb.CreateAccountRequest(name="eve", role=pb.ADMIN))
    with pytest.raises(ConflictError):
        shared.accounts().CreateAccount(pb.CreateAccountRequest(name="bob", role=pb.ADMIN))
    with pytest.raises(NotFoundError):
        shared.accounts().DeleteAccount(pb.DeleteAccountRequest(name="nobody"))
    assert len(entries(shared, page_size=1000)) == before


def test_what_only_reads_leaves_no_entry(shared: CatalogSite) -> None:
    before = len(entries(shared, page_size=1000))
    shared.accounts().ListAccounts(pb.ListAccountsRequest())
    shared.ping(shared.admin_token)
    assert len(entries(shared, page_size=1000)) == before


def test_no_secret_is_in_the_log(shared: CatalogSite) -> None:
    secrets = ["a secret password", "another secret one", "of the neighbour", "its next one"]
    token = shared.add("carol", pb.READWRITE, secrets[0])
    mine = shared.accounts(token)
    mine.SetPassword(pb.SetPasswordRequest(old_password=secrets[0], new_password=secrets[1]))
    made = mine.CreateToken(pb.CreateTokenRequest(name="laptop")).secret
    code = mine.CreateSignInLink(pb.CreateSignInLinkRequest()).code
    mine.RevokeToken(pb.RevokeTokenRequest(id=made))
    near = shared.stub(librarians_pb2_grpc.LibrariansStub, shared.admin_token)
    neighbour = librarians_pb2.Librarian(name="far", url="127.0.0.1:1", account_name="here")
    near.AddLibrarian(
        librarians_pb2.AddLibrarianRequest(librarian=neighbour, secret=secrets[2], skip_check=True)
    )
    near.UpdateLibrarian(
        librarians_pb2.UpdateLibrarianRequest(name="far", secret=secrets[3], skip_check=True)
    )
    found = entries(shared, page_size=1000)
    assert {entry.action for entry in found} >= {
        "Accounts/CreateSignInLink",
        "Accounts/CreateToken",
        "Accounts/RevokeToken",
        "Accounts/SetPassword",
        "Librarians/AddLibrarian",
        "Librarians/UpdateLibrarian",
    }
    [revoked] = entries(shared, action="Accounts/RevokeToken")
    assert revoked.subject == made.split("_")[1]
    [changed] = entries(shared, action="Librarians/UpdateLibrarian")
    assert json.loads(changed.details_json)["changed"] == ["secret"]
    for secret in [*secrets, code, *(whole.split("_", 2)[2] for whole in (token, made))]:
        assert not [entry for entry in found if secret in str(entry)]


def test_sign_ins_are_on_record_those_refused_too(shared: CatalogSite) -> None:
    shared.add("dora", password=PASSWORD)
    for name, password in (("dora", "wrong password"), ("no-such-name", "wrong password")):
        with pytest.raises(Exception, match="wrong"):
            shared.sign_in(name, password)
    token = shared.sign_in("dora")
    done, refused = entries(shared, account_name="dora")
    assert (done.action, done.token_id) == ("Accounts/SignIn", token.split("_")[1])
    assert (refused.action, refused.address) == ("Accounts/SignIn refused", "127.0.0.1")
    assert not entries(shared, account_name="no-such-name")
    assert not entries(shared, subject="no-such-name")


def test_a_password_that_is_not_changed_leaves_a_refused_sign_in_alone(
    shared: CatalogSite,
) -> None:
    token = shared.add("emil", password=PASSWORD)
    request = pb.SetPasswordRequest(old_password="wrong password", new_password="another one")
    with pytest.raises(NotAllowedError):
        shared.accounts(token).SetPassword(request)
    assert [entry.action for entry in entries(shared, account_name="emil")] == [
        "Accounts/SignIn refused"
    ]


def test_hostile_text_is_kept_as_it_is_and_cut(shared: CatalogSite) -> None:
    token = shared.add("frida", pb.READWRITE)
    stub = shared.stub(saved_searches_pb2_grpc.SavedSearchesStub, token)
    text = "name:\"<script>alert(1)</script>'; DROP TABLE audit_entry; --" + 5000 * "x" + '"'
    stub.SaveSearch(
        saved_searches_pb2.SaveSearchRequest(name="mine", search=text, item_kind=search_pb2.FILES)
    )
    [entry] = entries(shared, account_name="frida")
    assert json.loads(entry.details_json)["search"] == f"{text[:300]}…"


def test_what_no_database_keeps_is_written_otherwise(shared: CatalogSite) -> None:
    with shared.database.transactions.begin() as db:
        record(db, Change("gina", "Stores/UpdateStore", "a\0b" + 300 * "c", {"x": "d\0e\ud800"}))
    [entry] = entries(shared, account_name="gina")
    assert entry.subject.startswith("a\ufffdbccc")
    assert len(entry.subject) == 255
    assert json.loads(entry.details_json) == {"x": "d\0e\ud800"}
    assert not entries(shared, subject="a\0b")


def test_the_log_is_read_by_pages_and_filters(shared: CatalogSite) -> None:
    actions = ("Stores/UpdateStore", "Stores/CreateStore", "Jobs/CancelJob")
    with shared.database.transactions.begin() as db:
        for number in range(60):
            name = f"page-{number % 2}"
            record(db, Change(name, actions[number % 3], f"thing-{number % 5}"))
    stub = shared.stub(audit_pb2_grpc.AuditStub, shared.admin_token)

    def read(**wanted: Any) -> list[audit_pb2.AuditEntry]:
        request = audit_pb2.ListAuditEntriesRequest(page_size=7, **wanted)
        found = []
        while True:
            page = stub.ListAuditEntries(request)
            found += page.entries
            assert len(page.entries) <= 7
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    everything = read()
    ids = [entry.id for entry in everything]
    assert ids == sorted(set(ids), reverse=True)
    mine = [entry for entry in everything if entry.account_name.startswith("page-")]
    assert len(mine) == 60
    for wanted in (
        {"account_name": "page-1"},
        {"account_name": "page-1", "action": "Stores/"},
        {"account_name": "page-0", "action": "Stores/UpdateStore", "subject": "thing-0"},
        {"subject": "thing-4"},
    ):
        expected = [entry.id for entry in mine if _matches(entry, wanted)]
        assert [entry.id for entry in read(**wanted)] == expected
        assert expected
    assert read(action="Nothing/") == []
    with pytest.raises(InvalidRequestError):
        read(page_token="../etc")


def _matches(entry: Any, wanted: dict[str, str]) -> bool:
    return all(
        getattr(entry, key).startswith(value) if key == "action" else getattr(entry, key) == value
        for key, value in wanted.items()
    )


@pytest.fixture
def watched(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    audit.watch(database)
    with database.transactions.begin() as db:
        db.add(Site(id=1, site_id="x", name="here"))
    yield database
    database.dispose()


CHANGE = ("ada", "Stores/UpdateStore", "store1")


def _rename(db: Any) -> None:
    db.execute(update(Site).values(name="there"))


def test_an_entry_lives_and_dies_with_its_transaction(watched: Database) -> None:
    def fail(db: Any) -> None:
        _rename(db)
        raise ConflictError("No.")

    with auditing(Change(*CHANGE)):
        with pytest.raises(ConflictError):
            run_transaction(watched.transactions, fail)
        assert rows(watched) == []
        run_transaction(watched.transactions, _rename)
        run_transaction(watched.transactions, _rename)
    run_transaction(watched.transactions, _rename)
    assert [entry.subject for entry in rows(watched)] == ["store1"]


def test_a_transaction_that_is_run_again_writes_its_entry_again(watched: Database) -> None:
    turns = []

    def race(db: Any) -> None:
        turns.append(1)
        _rename(db)
        if len(turns) == 1:
            # As if another had taken the number meanwhile.
            db.execute(insert(Site).values(id=1, site_id="y", name="twice"))

    with auditing(Change(*CHANGE)):
        run_transaction(watched.transactions, race)
    assert len(turns) == 2
    assert len(rows(watched)) == 1


def test_what_is_only_read_counted_or_done_in_vain_carries_no_entry(watched: Database) -> None:
    def in_vain(db: Any) -> None:
        with pytest.raises(ZeroDivisionError), db.begin_nested():
            _ = 1 / 0

    with auditing(Change(*CHANGE)):
        run_transaction(watched.transactions, lambda db: db.scalars(select(Account)).all())
        run_transaction(watched.transactions, in_vain)
        with unaudited():
            run_transaction(watched.transactions, _rename)
    assert rows(watched) == []


def test_rows_that_are_written_at_the_commit_count_as_well(watched: Database) -> None:
    def change(db: Any) -> None:
        db.scalars(select(Site)).one().name = "there"

    with auditing(Change(*CHANGE)):
        run_transaction(watched.transactions, change)
    assert len(rows(watched)) == 1
