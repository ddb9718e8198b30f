"""Links that sign somebody in at the web front end: good once, for ten minutes, kept as a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog_service.accounts import PERSON
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.roles import Role
from catalog_service.sign_in import SignedIn, make_sign_in
from catalog_service.sign_in_tries import count_address_try, take_address_try_back
from catalog_service.tables import Account, SignInCode
from librarian.errors import NotSignedInError, StateError

LINK_LIFETIME = timedelta(minutes=10)
_REFUSED = (
    "The link is not valid: it works once, and for ten minutes. Get a new one with"
    " `librarian sign-in-link`, or sign in with your password."
)


def create_code(db: Session, account: Account, role: Role | None) -> tuple[str, datetime]:
    """Return a new code, which is kept nowhere, and when it ends.

    What it signs in has no more rights than the role, or for none than the account has now.
    """
    if account.kind != PERSON:
        raise StateError(
            f"{account.name!r} is no person's account: nobody signs in with it at the web pages."
        )
    now = database_time(db)
    db.execute(delete(SignInCode).where(SignInCode.expire_time <= now))
    code = secrets.token_urlsafe(32)
    row = SignInCode(
        code_hash=_hash(code),
        account_id=account.id,
        role=int(role or account.role),
        expire_time=now + LINK_LIFETIME,
    )
    db.add(row)
    db.flush()
    return code, row.expire_time


def sign_in_by_code(database: Database, code: str, address: str) -> SignedIn:
    """Trade a code for a token; raise NotSignedInError when it is none that counts."""
    signed_in = run_transaction(database.transactions, lambda db: _sign_in(db, code, address))
    if signed_in is None:
        raise NotSignedInError(_REFUSED)
    return signed_in


def _sign_in(db: Session, code: str, address: str) -> SignedIn | None:
    """Return what a code is worth; None for nothing, for the try shall count also then."""
    # The account before the address, as everywhere, so that nobody waits for ever.
    account = _lock_account(db, code)
    if not count_address_try(db, address):
        return None
    role = _take(db, code)
    if account is None or role is None:
        return None
    take_address_try_back(db, address)
    return make_sign_in(db, account, address, {"by": "link"}, min(role, Role(account.role)))


def _lock_account(db: Session, code: str) -> Account | None:
    statement = select(Account).join(SignInCode, SignInCode.account_id == Account.id)
    mine = statement.where(SignInCode.code_hash == _hash(code))
    return db.scalars(mine.with_for_update(of=Account)).one_or_none()


def _take(db: Session, code: str) -> Role | None:
    """Take a code off the record, and return its role; of two who try at once, one finds it."""
    mine = delete(SignInCode).where(SignInCode.code_hash == _hash(code))
    taken = db.execute(mine.returning(SignInCode.role, SignInCode.expire_time)).one_or_none()
    if taken is None or taken.expire_time <= database_time(db):
        return None
    return Role(taken.role)


def _hash(code: str) -> str:
    # 256 random bits need no slow hash: they cannot be guessed.
    return hashlib.sha256(code.encode()).hexdigest()
