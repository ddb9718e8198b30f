"""Signing in by password: guesses are slowed down, and learn nothing."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from catalog_service.accounts import SIGN_IN
from catalog_service.passwords import Passwords
from catalog_service.tables import Account, Token
from librarian.errors import BusyError, NotAllowedError, NotSignedInError
from librarian.v1 import accounts_pb2 as pb
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite


def row_of(catalog: CatalogSite, name: str = "ada") -> Account:
    with catalog.database.readings() as db:
        return db.execute(select(Account).where(Account.name == name)).scalar_one()


def let_time_pass(catalog: CatalogSite) -> None:
    """End the wait before the next try, as time would."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with catalog.database.transactions.begin() as db:
        db.execute(update(Account).values(blocked_until=past))


def refusal(catalog: CatalogSite, name: str, password: str) -> str:
    with pytest.raises(NotSignedInError) as refused:
        catalog.sign_in(name, password)
    return str(refused.value)


def test_the_right_password_is_worth_a_token_for_twelve_hours(catalog: CatalogSite) -> None:
    catalog.add("ada", pb.READWRITE, PASSWORD)
    token = catalog.sign_in("ada")
    assert catalog.ping(token).role == pb.READWRITE
    [listed] = catalog.accounts(token).ListTokens(pb.ListTokensRequest()).tokens[:1]
    assert listed.expire_time.seconds - listed.create_time.seconds == 12 * 3600


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)
    catalog.add("bot")
    answers = {
        refusal(catalog, "ada", "wrong password"),
        refusal(catalog, "nobody", "wrong password"),
        refusal(catalog, "nobody", PASSWORD),
        refusal(catalog, "bot", ""),
        refusal(catalog, "agent", PASSWORD),
        refusal(catalog, "A\x00b", PASSWORD),
    }
    assert len(answers) == 1


def test_an_unknown_name_is_not_refused_sooner(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)

    def shortest(name: str) -> float:
        return min(seconds_of(lambda: refusal(catalog, name, "wrong password")) for _ in range(4))

    # Without a hash to compare with, it would take a twentieth of the time.
    assert shortest("nobody") > shortest("ada") / 3


def seconds_of(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def test_after_failures_the_right_password_must_wait_too(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)
    answers = {refusal(catalog, "ada", f"wrong {number}") for number in range(4)}
    with catalog.database.transactions.begin() as db:
        # The next has a wait of minutes then, which this test does not last.
        tried = update(Account).where(Account.name == "ada", Account.failed_sign_ins == 4)
        db.execute(tried.values(failed_sign_ins=14))
    answers.add(refusal(catalog, "ada", "wrong 4"))
    answers.add(refusal(catalog, "ada", PASSWORD))
    assert len(answers) == 1
    let_time_pass(catalog)
    assert catalog.sign_in("ada")
    assert (row_of(catalog).failed_sign_ins, row_of(catalog).blocked_until) == (0, None)


def test_the_wait_grows_but_not_without_end(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)
    waits = []
    # Far enough from each other for a machine that is slow to look.
    for failures in (4, 8, 10, 100):
        with catalog.database.transactions.begin() as db:
            db.execute(update(Account).values(failed_sign_ins=failures, blocked_until=None))
        refusal(catalog, "ada", "wrong password")
        blocked_until = row_of(catalog).blocked_until
        assert blocked_until is not None
        waits.append((blocked_until - datetime.now(UTC)).total_seconds())
    assert waits == sorted(waits)
    assert waits[0] <= 1
    assert 240 < waits[-1] <= 300


def test_many_guesses_at_once_do_not_all_go_free(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)

    def guess() -> None:
        with pytest.raises((NotSignedInError, BusyError)):
            catalog.sign_in("ada", "wrong password")

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The first five were free; who came in the second after them was not compared.
    assert 5 <= row_of(catalog).failed_sign_ins <= 9


def test_a_flood_of_sign_ins_is_turned_away_at_the_door() -> None:
    passwords, release = Passwords(), threading.Event()
    refused = threading.Event()

    def occupy() -> None:
        try:
            with passwords.turn():
                release.wait(100)
        except BusyError:
            refused.set()

    threads = [threading.Thread(target=occupy) for _ in range(30)]
    for thread in threads:
        thread.start()
    assert refused.wait(60)
    release.set()
    for thread in threads:
        thread.join()
    with passwords.turn():
        pass


def test_guesses_of_the_old_password_are_counted_as_well(catalog: CatalogSite) -> None:
    token = catalog.add("ada", password=PASSWORD)
    request = pb.SetPasswordRequest(old_password="wrong password", new_password="another one")
    for _ in range(5):
        with pytest.raises(NotAllowedError):
            catalog.accounts(token).SetPassword(request)
    right = pb.SetPasswordRequest(old_password=PASSWORD, new_password="another one")
    with pytest.raises(NotAllowedError, match="wait"):
        catalog.accounts(token).SetPassword(right)


def test_a_password_is_kept_as_a_slow_hash_and_logged_nowhere(
    catalog: CatalogSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    catalog.add("ada", password=PASSWORD)
    catalog.sign_in("ada")
    refusal(catalog, "ada", "wrong password")
    assert str(row_of(catalog).password_hash).startswith("$argon2id$")
    assert PASSWORD not in caplog.text
    assert "wrong password" not in caplog.text


def test_sign_ins_that_have_expired_are_forgotten_at_the_next(catalog: CatalogSite) -> None:
    catalog.add("ada", password=PASSWORD)
    catalog.sign_in("ada")
    with catalog.database.transactions.begin() as db:
        long_ago = datetime.now(UTC) - timedelta(days=1)
        db.execute(update(Token).where(Token.name == SIGN_IN).values(expire_time=long_ago))
    catalog.sign_in("ada")
    with catalog.database.readings.begin() as db:
        kept = db.scalars(select(Token).where(Token.name == SIGN_IN)).all()
    assert [token.expire_time > long_ago for token in kept if token.expire_time] == [True]
