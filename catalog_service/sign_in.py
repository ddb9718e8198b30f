"""Signing in by password, with guesses slowed down."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from catalog_service.accounts import PERSON, find_account
from catalog_service.accounts import SIGN_IN as TOKEN_NAME
from catalog_service.audit import Change, record, unaudited
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.passwords import Passwords
from catalog_service.retrying import run_transaction
from catalog_service.roles import Role
from catalog_service.sign_in_tries import (
    count_account_try,
    count_address_try,
    forget_account_tries,
    take_address_try_back,
    touch_address,
)
from catalog_service.tables import Account, Token
from catalog_service.tokens import create_token, forget_expired
from librarian.errors import NotSignedInError

# What the audit log calls them.
SIGN_IN = "Accounts/SignIn"
SIGN_IN_REFUSED = "Accounts/SignIn refused"
SIGN_IN_LIFETIME = timedelta(hours=12)
# The same words whatever is wrong: others would tell which names there are.
_REFUSED = (
    "The account's name or its password is wrong. After several failures, wait before the next"
    " try: up to five minutes."
)


@dataclass(frozen=True)
class SignedIn:
    """A token that somebody got for signing in."""

    account_name: str
    token: Token
    secret: str = field(repr=False)


def sign_in(
    database: Database, passwords: Passwords, name: str, password: str, address: str
) -> SignedIn:
    """Trade a name and a password for a token; raise NotSignedInError whichever is wrong."""
    check_password(database, passwords, name, password, address)

    def make_token(db: Session) -> SignedIn:
        account = _find_person(db, name)
        if account is None:
            raise NotSignedInError(_REFUSED)
        return make_sign_in(db, account, address, {"by": "password"})

    return run_transaction(database.transactions, make_token)


def make_sign_in(
    db: Session, account: Account, address: str, details: dict[str, str], role: Role | None = None
) -> SignedIn:
    """Sign in to an account, and put that on record."""
    # A script that signs in by password for each call would leave a row for each.
    forget_expired(db, account, TOKEN_NAME)
    token, secret = create_token(db, account, TOKEN_NAME, role=role, lifetime=SIGN_IN_LIFETIME)
    record(db, Change(account.name, SIGN_IN, account.name, details, address, token.id))
    return SignedIn(account.name, token, secret)


def check_password(
    database: Database, passwords: Passwords, name: str, password: str, address: str
) -> None:
    """Raise NotSignedInError unless this is the account's password.

    A try is counted before it is judged, so that many guesses at once do not all go free. The
    judging takes long, and lies between two transactions.
    """
    with passwords.turn(), unaudited():
        kept = run_transaction(database.transactions, lambda db: _count_try(db, name, address))
        # Also when the try is not allowed, for else its answer would come sooner.
        right = passwords.matches(kept, password)
        if right:
            run_transaction(database.transactions, lambda db: _forget_tries(db, name, address))
            return
        counted = kept is not None
        run_transaction(
            database.transactions, lambda db: _note_refusal(db, name, address, counted=counted)
        )
    raise NotSignedInError(_REFUSED)


def _count_try(db: Session, name: str, address: str) -> str | None:
    """Return the hash to compare with; None when there is none, or no try is allowed now."""
    # Before the address: everyone takes the two in this order, and so nobody waits for ever.
    account = _find_person(db, name)
    if not count_address_try(db, address):
        return None
    if account is None or account.password_hash is None:
        return None
    return account.password_hash if count_account_try(account, database_time(db)) else None


def _note_refusal(db: Session, name: str, address: str, *, counted: bool) -> None:
    touch_address(db, address)
    if counted:
        record(db, Change(name, SIGN_IN_REFUSED, name, {"by": "password"}, address))


def _forget_tries(db: Session, name: str, address: str) -> None:
    account = _find_person(db, name)
    if account is not None:
        forget_account_tries(account)
    take_address_try_back(db, address)


def _find_person(db: Session, name: str) -> Account | None:
    account = find_account(db, name, lock=True)
    return account if account is not None and account.kind == PERSON else None
