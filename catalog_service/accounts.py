"""Accounts: who signs in, and with which role."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.roles import Role
from catalog_service.tables import Account, Agent, SavedSearch, SignInCode, Store, Token
from librarian.errors import ConflictError, InvalidRequestError, StateError, UnknownAccountError

PERSON = "PERSON"
AGENT = "AGENT"
TRANSFER_SERVICE = "TRANSFER_SERVICE"
WEB_FRONTEND = "WEB_FRONTEND"
# Each kind that is no person's, in words.
MACHINES = {
    AGENT: "store agent",
    TRANSFER_SERVICE: "transfer service",
    WEB_FRONTEND: "web front end",
}
# The name of a token that was made by signing in with a password.
SIGN_IN = "sign-in"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def create_account(
    db: Session, name: str, role: Role, *, kind: str = PERSON, password_hash: str | None = None
) -> Account:
    """Put an account on record; raise ConflictError when its name is taken."""
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(
            "An account's name has 1 to 64 lower-case letters, digits, '.', '_' and '-', and begins"
            f" with a letter or a digit: {name!r:.80} does not."
        )
    if kind in MACHINES and role != Role.NONE:
        raise InvalidRequestError(
            f"A {MACHINES[kind]}'s account has the role NONE: it may do its work, and no more."
        )
    if find_account(db, name) is not None:
        raise ConflictError(f"There is an account {name!r} already: choose another name.")
    account = Account(
        name=name,
        role=int(role),
        kind=kind,
        password_hash=password_hash,
        create_time=database_time(db),
    )
    db.add(account)
    db.flush()
    return account


def find_account(db: Session, name: str, *, lock: bool = False) -> Account | None:
    """Return an account, or None; locked, others who lock it wait until the transaction ends."""
    # Asked for any text: PostgreSQL would refuse some.
    if not _NAME.fullmatch(name):
        return None
    statement = select(Account).where(Account.name == name)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def get_account(db: Session, name: str) -> Account:
    """Return an account; raise UnknownAccountError when there is none."""
    account = find_account(db, name)
    if account is None:
        raise UnknownAccountError(
            f"There is no account {name!r:.80}: `librarian list-users` lists them."
        )
    return account


def list_accounts(db: Session) -> Sequence[Account]:
    """Return all accounts by name."""
    return db.scalars(select(Account).order_by(Account.name)).all()


def update_role(db: Session, name: str, role: Role) -> Account:
    """Change an account's role; its tokens never do more than it from now on."""
    account = get_account(db, name)
    if account.kind in MACHINES:
        raise StateError(
            f"{name!r} is a {MACHINES[account.kind]}'s account, whose role is always NONE."
        )
    if role != Role.ADMIN:
        _keep_an_administrator(db, account)
    account.role = int(role)
    db.flush()
    return account


def delete_account(db: Session, name: str) -> None:
    """Take an account, its tokens and its saved searches off the record.

    Raises StateError for the last administrator, and for a store agent that stores need.
    """
    account = get_account(db, name)
    _keep_an_administrator(db, account)
    _keep_an_agent_with_stores(db, account)
    db.execute(delete(Token).where(Token.account_id == account.id))
    db.execute(delete(SignInCode).where(SignInCode.account_id == account.id))
    db.execute(delete(SavedSearch).where(SavedSearch.account_id == account.id))
    db.delete(account)
    db.flush()


def set_password_hash(db: Session, name: str, password_hash: str) -> None:
    """Give an account another password, and end what was signed in with the old one."""
    account = get_account(db, name)
    account.password_hash = password_hash
    account.failed_sign_ins, account.blocked_until = 0, None
    signed_in = (Token.account_id == account.id) & (Token.name == SIGN_IN)
    db.execute(delete(Token).where(signed_in))
    db.execute(delete(SignInCode).where(SignInCode.account_id == account.id))
    db.flush()


def _keep_an_agent_with_stores(db: Session, account: Account) -> None:
    """Raise StateError for an agent that has stores: nobody could reach their files again."""
    if account.kind != AGENT:
        return
    names = db.scalars(
        select(Store.name)
        .join(Agent, Agent.id == Store.agent_id)
        .where(Agent.name == account.name)
        .order_by(Store.name)
        .limit(1)
    ).all()
    if names:
        raise StateError(
            f"{account.name!r} is the account of the store agent that serves the store"
            f" {names[0]!r}: it cannot be deleted while the agent has stores."
        )


def _keep_an_administrator(db: Session, account: Account) -> None:
    """Raise StateError for the last one: a site without any could not be managed again."""
    if account.role != Role.ADMIN:
        return
    # Locked, so that two administrators cannot demote each other at once.
    administrators = db.scalars(
        select(Account.id)
        .where(Account.role == int(Role.ADMIN))
        .order_by(Account.id)
        .with_for_update()
    ).all()
    if len(administrators) == 1:
        raise StateError(
            f"{account.name!r} is the last administrator: make another one first (create-user)."
        )
