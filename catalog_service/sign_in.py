"""Signing in by password, with guesses slowed down."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog_service.accounts import PERSON, SIGN_IN, find_account
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.passwords import Passwords
from catalog_service.retrying import run_transaction
from catalog_service.tables import Account, Token
from catalog_service.tokens import create_token, forget_expired
from librarian.errors import NotSignedInError

SIGN_IN_LIFETIME = timedelta(hours=12)
# So many tries are free; then each makes the wait before the next twice as long.
_FREE_TRIES = 5
_LONGEST_WAIT_SECONDS = 300.0
# The same words whatever is wrong: others would tell which names there are.
_REFUSED = (
    "The account's name or its password is wrong. After several failures, wait before the next"
    " try: up to five minutes."
)


def sign_in(
    database: Database, passwords: Passwords, name: str, password: str
) -> tuple[Token, str]:
    """Trade a name and a password for a token; raise NotSignedInError whichever is wrong."""
    check_password(database, passwords, name, password)

    def make_token(db: Session) -> tuple[Token, str]:
        account = _find_person(db, name)
        if account is None:
            raise NotSignedInError(_REFUSED)
        # A script that signs in by password for each call would leave a row for each.
        forget_expired(db, account, SIGN_IN)
        return create_token(db, account, SIGN_IN, lifetime=SIGN_IN_LIFETIME)

    return run_transaction(database.transactions, make_token)


def check_password(database: Database, passwords: Passwords, name: str, password: str) -> None:
    """Raise NotSignedInError unless this is the account's password.

    A try is counted before it is judged, so that many guesses at once do not all go free. The
    judging takes long, and lies between two transactions.
    """
    with passwords.turn():
        kept = run_transaction(database.transactions, lambda db: _count_try(db, name))
        # Also when the try is not allowed, for else its answer would come sooner.
        right = passwords.matches(kept, password)
    if not right:
        raise NotSignedInError(_REFUSED)
    run_transaction(database.transactions, lambda db: _forget_tries(db, name))


def _count_try(db: Session, name: str) -> str | None:
    """Return the hash to compare with; None when there is none, or no try is allowed now."""
    account = _find_person(db, name)
    if account is None or account.password_hash is None:
        return None
    now = database_time(db)
    if account.blocked_until is not None and account.blocked_until > now:
        return None
    account.failed_sign_ins += 1
    account.blocked_until = _next_try(now, account.failed_sign_ins)
    return account.password_hash


def _next_try(now: datetime, tries: int) -> datetime | None:
    over = tries - _FREE_TRIES
    if over < 0:
        return None
    return now + timedelta(seconds=min(2.0 ** min(over, 20), _LONGEST_WAIT_SECONDS))


def _forget_tries(db: Session, name: str) -> None:
    account = _find_person(db, name)
    if account is not None:
        account.failed_sign_ins, account.blocked_until = 0, None


def _find_person(db: Session, name: str) -> Account | None:
    account = find_account(db, name, lock=True)
    return account if account is not None and account.kind == PERSON else None
