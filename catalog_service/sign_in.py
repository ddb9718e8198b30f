"""Signing in: by password for a token, and by token for every call."""

import threading
from datetime import timedelta

from cachetools import TTLCache
from sqlalchemy.orm import Session

from catalog_service.accounts import PERSON, SIGN_IN, find_account
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.passwords import Passwords
from catalog_service.tables import Token
from catalog_service.tokens import Holder, create_token, find_holder, mark_used
from librarian.errors import NotSignedInError

SIGN_IN_LIFETIME = timedelta(hours=12)
# So long may a token be used after another process revoked it.
_VERDICT_SECONDS = 5.0
_MAX_VERDICTS = 10_000
_FREE_FAILURES = 3
_LONGEST_BLOCK_SECONDS = 300.0
_WRONG = "The account's name or the password is wrong."


class TokenChecks:
    """Tells whom a token stands for, and remembers it for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._verdicts: TTLCache[str, Holder] = TTLCache(_MAX_VERDICTS, _VERDICT_SECONDS)

    def holder_of(self, text: str | None) -> Holder:
        """Return whom a token stands for; raise NotSignedInError when it is none that counts."""
        if text is None:
            raise NotSignedInError(
                "This call needs a token: sign in, or name one as authenticator."
            )
        with self._lock:
            holder = self._verdicts.get(text)
        if holder is None:
            holder = self._look_up(text)
            with self._lock:
                self._verdicts[text] = holder
        return holder

    def forget(self) -> None:
        """Look every token up again: one was revoked, or an account changed."""
        with self._lock:
            self._verdicts.clear()

    def _look_up(self, text: str) -> Holder:
        with self._database.readings.begin() as db:
            holder = find_holder(db, text)
            now = database_time(db)
        if holder is None:
            raise NotSignedInError("The token is not valid, has expired, or was revoked.")
        if holder.last_use_time is None or now - holder.last_use_time >= timedelta(minutes=1):
            with self._database.transactions.begin() as db:
                mark_used(db, holder.token_id)
        return holder


def sign_in(
    database: Database, passwords: Passwords, name: str, password: str
) -> tuple[Token, str]:
    """Trade a name and a password for a token; raise NotSignedInError whichever is wrong.

    The hash is checked between two transactions, for it takes half a second.
    """
    with database.transactions.begin() as db:
        _refuse_while_blocked(db, name)
        account = find_account(db, name)
        kept = account.password_hash if account is not None and account.kind == PERSON else None
    right = passwords.matches(kept, password)
    with database.transactions.begin() as db:
        outcome = _write_down(db, name, right=right)
    if outcome is None:
        raise NotSignedInError(_WRONG)
    return outcome


def _refuse_while_blocked(db: Session, name: str) -> None:
    account = find_account(db, name)
    blocked_until = account.blocked_until if account is not None else None
    if blocked_until is not None and blocked_until > database_time(db):
        raise NotSignedInError("Too many sign-ins failed: wait some minutes, then try again.")


def _write_down(db: Session, name: str, *, right: bool) -> tuple[Token, str] | None:
    account = find_account(db, name)
    if account is None:
        return None
    if right:
        account.failed_sign_ins, account.blocked_until = 0, None
        return create_token(db, account, SIGN_IN, lifetime=SIGN_IN_LIFETIME)
    account.failed_sign_ins += 1
    over = account.failed_sign_ins - _FREE_FAILURES
    if over > 0:
        seconds = min(2.0 ** min(over, 20), _LONGEST_BLOCK_SECONDS)
        account.blocked_until = database_time(db) + timedelta(seconds=seconds)
    return None
