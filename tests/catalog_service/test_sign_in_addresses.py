"""Guesses are slowed down by address as well, and only web front ends say for whom they call."""

import threading
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.exc import OperationalError

from catalog_service.sign_in_tries import count_address_try, forget_addresses
from catalog_service.tables import Account, SignInAddress
from librarian.errors import NotSignedInError
from librarian.service.origins import CLIENT_ADDRESS_KEY, FRONT_END_KEY
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite
from tests.catalog_service.shared_site import shared as shared


@pytest.fixture
def front_end(shared: CatalogSite) -> Any:
    """Return sign-ins through a web front end, from whatever address."""
    name = f"web-{uuid.uuid4().hex}"
    token = shared.add(name, pb.NONE, kind=pb.Account.WEB_FRONTEND)
    with grpc.insecure_channel(shared.address) as channel:
        stub = accounts_pb2_grpc.AccountsStub(channel)

        def sign_in(address: str, name: str, password: str, front_end: str = token) -> bool:
            metadata = [(FRONT_END_KEY, front_end), (CLIENT_ADDRESS_KEY, address)]
            request = pb.SignInRequest(account_name=name, password=password)
            answer = stub.SignIn.future(request, 60, metadata=metadata)
            assert answer.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED)
            return bool(answer.code() is grpc.StatusCode.OK)

        yield sign_in


def row_of(shared: CatalogSite, address: str) -> SignInAddress | None:
    with shared.database.readings() as db:
        return db.scalars(
            select(SignInAddress).where(SignInAddress.address == address)
        ).one_or_none()


def block(shared: CatalogSite, address: str, failed: int, quiet: timedelta = timedelta()) -> None:
    """Have so many tries failed at an address, so long ago."""
    now = datetime.now(UTC)
    with shared.database.transactions.begin() as db:
        count_address_try(db, address)
        db.flush()
        db.execute(
            update(SignInAddress)
            .where(SignInAddress.address == address)
            .values(failed_sign_ins=failed, update_time=now - quiet, blocked_until=None)
        )


def test_the_address_of_a_front_ends_caller_is_believed_and_no_others(
    shared: CatalogSite, front_end: Any
) -> None:
    shared.add("ada", password=PASSWORD)
    assert not front_end("198.51.100.1", "ada", "wrong password")
    assert not front_end("198.51.100.2", "ada", "wrong password", front_end=shared.admin_token)
    assert not front_end("<script>", "ada", "wrong password")
    assert row_of(shared, "198.51.100.1") is not None
    assert row_of(shared, "198.51.100.2") is None
    here = row_of(shared, "127.0.0.1")
    assert here is not None
    assert here.failed_sign_ins >= 2


def test_after_many_failures_an_address_waits_longer_and_longer(
    shared: CatalogSite, front_end: Any
) -> None:
    shared.add("bea", password=PASSWORD)
    shared.add("bob", password=PASSWORD)
    block(shared, "198.51.100.3", failed=19)
    assert not front_end("198.51.100.3", "bob", "wrong password")
    row = row_of(shared, "198.51.100.3")
    assert row is not None
    assert row.blocked_until is not None
    # Another account, and the right password: this address waits for all of them.
    block(shared, "198.51.100.3", failed=25)
    assert not front_end("198.51.100.3", "nobody", "wrong password")
    assert not front_end("198.51.100.3", "bea", PASSWORD)
    assert front_end("198.51.100.4", "bea", PASSWORD)


def test_a_good_sign_in_takes_back_its_own_try_and_no_other(
    shared: CatalogSite, front_end: Any
) -> None:
    shared.add("cy", password=PASSWORD)
    for _ in range(3):
        assert not front_end("198.51.100.5", "nobody", "wrong password")
    for _ in range(3):
        assert front_end("198.51.100.5", "cy", PASSWORD)
    row = row_of(shared, "198.51.100.5")
    assert row is not None
    assert row.failed_sign_ins == 3


def test_failures_are_forgotten_bit_by_bit_and_rows_after_a_day(
    shared: CatalogSite, front_end: Any
) -> None:
    block(shared, "198.51.100.6", failed=100, quiet=timedelta(hours=1))
    assert not front_end("198.51.100.6", "nobody", "wrong password")
    row = row_of(shared, "198.51.100.6")
    assert row is not None
    assert row.failed_sign_ins == 100 - 12 + 1
    block(shared, "198.51.100.7", failed=3, quiet=timedelta(hours=25))
    with shared.database.transactions.begin() as db:
        forget_addresses(db)
    assert row_of(shared, "198.51.100.7") is None
    assert row_of(shared, "198.51.100.6") is not None


def test_a_network_of_ipv6_counts_as_one_address(shared: CatalogSite, front_end: Any) -> None:
    assert not front_end("2001:db8:1:2::3", "nobody", "wrong password")
    assert not front_end("2001:db8:1:2:ffff::4", "nobody", "wrong password")
    assert not front_end("2001:db8:1:3::3", "nobody", "wrong password")
    row = row_of(shared, "2001:db8:1:2::/64")
    assert row is not None
    assert row.failed_sign_ins == 2


def try_at_once(shared: CatalogSite, address: str, count: int) -> int:
    """Try so often at once; return how many may be judged."""
    allowed = []

    def try_once() -> None:
        with shared.database.transactions.begin() as db:
            allowed.append(count_address_try(db, address))

    threads = [threading.Thread(target=try_once) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == count
    return allowed.count(True)


def test_of_many_tries_at_once_each_is_counted(shared: CatalogSite) -> None:
    assert try_at_once(shared, "198.51.100.8", 15) == 15
    row = row_of(shared, "198.51.100.8")
    assert row is not None
    assert row.failed_sign_ins == 15
    # The first of these has all others wait for minutes.
    block(shared, "198.51.100.8", failed=39)
    assert try_at_once(shared, "198.51.100.8", 15) == 1


def test_addresses_that_never_come_back_are_forgotten_without_any_sign_in(
    shared: CatalogSite,
) -> None:
    for number in range(3):
        block(shared, f"192.0.2.{number}", failed=1, quiet=timedelta(hours=25))
    with shared.database.transactions.begin() as db:
        assert count_address_try(db, "192.0.2.200")
    assert not any(row_of(shared, f"192.0.2.{number}") for number in range(3))
    # Who comes back after that long is not forgotten in the same breath.
    block(shared, "192.0.2.201", failed=1, quiet=timedelta(hours=25))
    with shared.database.transactions.begin() as db:
        assert count_address_try(db, "192.0.2.201")
    assert row_of(shared, "192.0.2.201") is not None


def test_an_address_that_is_being_forgotten_may_try(shared: CatalogSite) -> None:
    address, database, turns = "192.0.2.202", shared.database, [1]
    block(shared, address, failed=1, quiet=timedelta(hours=25))

    def forget(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # Between the moment when the row is found and that when it is locked.
        if not statement.startswith("SELECT sign_in_address") or not turns:
            return
        turns.clear()
        # SQLite has one writer, which is the one who tries.
        if not database.is_sqlite:
            with suppress(OperationalError), database.engine.begin() as other:
                other.execute(text("SET LOCAL lock_timeout = '100ms'"))
                other.execute(delete(SignInAddress).where(SignInAddress.address == address))

    event.listen(database.engine, "before_cursor_execute", forget)
    with database.transactions.begin() as db:
        assert count_address_try(db, address)
    event.remove(database.engine, "before_cursor_execute", forget)
    assert not turns
    assert row_of(shared, address) is not None


def test_an_account_is_slowed_down_wherever_the_guesses_come_from(
    shared: CatalogSite, front_end: Any
) -> None:
    shared.add("dan", password=PASSWORD)
    for number in range(4):
        assert not front_end(f"203.0.113.{number}", "dan", "wrong password")
    with shared.database.transactions.begin() as db:
        # The wait is of minutes then, which this test does not last.
        tried = update(Account).where(Account.name == "dan", Account.failed_sign_ins == 4)
        db.execute(tried.values(failed_sign_ins=14))
    assert not front_end("203.0.113.4", "dan", "wrong password")
    assert not front_end("203.0.113.99", "dan", PASSWORD)
    with shared.database.transactions.begin() as db:
        db.execute(update(Account).where(Account.name == "dan").values(blocked_until=None))
    assert front_end("203.0.113.99", "dan", PASSWORD)


def test_the_token_of_a_front_end_opens_nothing_else(shared: CatalogSite) -> None:
    token = shared.add("web-alone", pb.NONE, kind=pb.Account.WEB_FRONTEND)
    assert shared.ping(token).role == pb.NONE
    with pytest.raises(Exception, match="not for the account 'web-alone'"):
        shared.accounts(token).ListTokens(pb.ListTokensRequest())
    with pytest.raises(NotSignedInError):
        shared.sign_in("web-alone", "")
