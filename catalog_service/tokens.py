"""Tokens: random, shown once, kept only as a hash, and looked up by their public part."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.roles import Role
from catalog_service.tables import Account, Token
from librarian.errors import InvalidRequestError, NotAllowedError, UnknownAccountError

_PUBLIC = re.compile(r"[0-9a-f]{16}")
_TEXT = re.compile(r"lib_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_MAX_NAME_CHARACTERS = 64
_MAX_LIFETIME = timedelta(days=36500)


@dataclass(frozen=True)
class Holder:
    """Whom a valid token stands for, and with which role."""

    account_name: str
    kind: str
    role: Role
    token_id: str
    expire_time: datetime | None
    last_use_time: datetime | None


def create_token(
    db: Session,
    account: Account,
    name: str,
    *,
    role: Role | None = None,
    lifetime: timedelta | None,
) -> tuple[Token, str]:
    """Put a token on record; return it, and the secret text that is kept nowhere."""
    if not (1 <= len(name) <= _MAX_NAME_CHARACTERS and name.isprintable()):
        raise InvalidRequestError("Say what the token is for, in 1 to 64 printable characters.")
    if lifetime is not None and not timedelta() < lifetime <= _MAX_LIFETIME:
        raise InvalidRequestError("A token lasts at least a second, and at most 100 years.")
    if role is not None and role > account.role:
        raise NotAllowedError(
            f"A token has no more rights than its account, whose role is {Role(account.role).name}."
        )
    public, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    now = database_time(db)
    token = Token(
        id=public,
        secret_hash=_hash(secret),
        account_id=account.id,
        name=name,
        role=int(role or account.role),
        create_time=now,
        expire_time=now + lifetime if lifetime is not None else None,
    )
    db.add(token)
    db.flush()
    return token, f"lib_{public}_{secret}"


def find_holder(db: Session, text: str) -> Holder | None:
    """Return whom a token stands for; None when it is wrong, expired or revoked."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    found = db.execute(
        select(Token, Account)
        .join(Account, Account.id == Token.account_id)
        .where(Token.id == match[1])
    ).one_or_none()
    if found is None:
        return None
    token, account = found
    if not hmac.compare_digest(token.secret_hash, _hash(match[2])):
        return None
    if token.expire_time is not None and token.expire_time <= database_time(db):
        return None
    # An account that was given a lower role since takes its tokens down with it.
    role = Role(min(token.role, account.role))
    return Holder(
        account.name, account.kind, role, token.id, token.expire_time, token.last_use_time
    )


def mark_used(db: Session, used: Mapping[str, datetime]) -> None:
    """Write down when tokens were used, by their public parts; some may be gone since."""
    for public, time in used.items():
        db.execute(update(Token).where(Token.id == public).values(last_use_time=time))


def list_tokens(db: Session, account: Account) -> Sequence[Token]:
    """Return an account's tokens, newest first."""
    statement = select(Token).where(Token.account_id == account.id)
    return db.scalars(statement.order_by(Token.create_time.desc(), Token.id)).all()


def get_owner(db: Session, token: str) -> tuple[str, str]:
    """Return a token's public part and the name of its account, given the whole or that part."""
    match = _TEXT.fullmatch(token)
    public = match[1] if match else token if _PUBLIC.fullmatch(token) else ""
    owner = db.execute(
        select(Account.name).join(Token, Token.account_id == Account.id).where(Token.id == public)
    ).scalar_one_or_none()
    if owner is None:
        raise UnknownAccountError("There is no such token: `librarian list-tokens` lists them.")
    return public, owner


def forget_expired(db: Session, account: Account, name: str) -> None:
    """Take an account's tokens of a name off the record that have expired."""
    db.execute(
        delete(Token).where(
            Token.account_id == account.id,
            Token.name == name,
            Token.expire_time < database_time(db),
        )
    )


def revoke_token(db: Session, public: str) -> None:
    """Take a token off the record."""
    db.execute(delete(Token).where(Token.id == public))


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash: they cannot be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()
