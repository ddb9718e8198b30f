"""Preparing a site: keys, a database, an administrator, and accounts for its other services.

Every step looks first, so that it can be repeated, also after it was killed anywhere.
"""

import os
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.accounts import (
    AGENT,
    MACHINES,
    PERSON,
    TRANSFER_SERVICE,
    WEB_FRONTEND,
    create_account,
    find_account,
)
from catalog_service.config import (
    CatalogConfig,
    LocalAgentConfig,
    LocalTransferConfig,
    LocalWebConfig,
    SiteConfig,
)
from catalog_service.database import normalise_url, open_database
from catalog_service.migrate import upgrade
from catalog_service.roles import Role
from catalog_service.secrets import (
    Secrets,
    alone_at,
    make_key_file,
    sync_directory,
    write_secret,
)
from catalog_service.tables import Account, Site, Token
from catalog_service.tokens import create_token, find_holder
from librarian.service.config import ConfigError
from librarian.service.killpoints import reach

ADMINISTRATOR = "admin"
_COOKIE_KEY_BYTES = 32
_TOKEN_NAME = "setup"  # noqa: S105 - it names a token, and is none.


@dataclass(frozen=True)
class SetupResult:
    """What a setup made."""

    # Token of the administrator, when the account is new or nobody has used it: kept nowhere.
    administrator_token: str | None = field(repr=False)
    # File of the agent's token; None when the configuration has no agent.
    agent_token_file: Path | None
    # The same of the transfer service.
    transfer_token_file: Path | None
    # The same of the web front end.
    web_token_file: Path | None


_NO_TRANSFERS = LocalTransferConfig(name="transfer", token_file=None)
_NO_WEB = LocalWebConfig(token_file=None, secret_key_file=None, public_url="")


def set_up(
    config: CatalogConfig,
    site: SiteConfig,
    agent: LocalAgentConfig,
    transfers: LocalTransferConfig = _NO_TRANSFERS,
    web: LocalWebConfig = _NO_WEB,
) -> SetupResult:
    """Prepare a site, again or for the first time; raise ConfigError when that cannot be."""
    try:
        with alone_at(config.secret_key_file.parent):
            return _set_up(config, site, agent, transfers, web)
    except OSError as error:
        raise ConfigError(f"Cannot write {error.filename}: {error.strerror}.") from error


def _set_up(
    config: CatalogConfig,
    site: SiteConfig,
    agent: LocalAgentConfig,
    transfers: LocalTransferConfig,
    web: LocalWebConfig,
) -> SetupResult:
    make_key_file(config.secret_key_file)
    _make_cookie_key(web)
    Secrets(config.secret_key_file)
    reach("setup.keys")
    _make_sqlite_file(config.database_url)
    upgrade(config.database_url)
    reach("setup.migrated")
    database = open_database(config.database_url)
    try:
        with database.transactions.begin() as db:
            _record_site(db, site.name)
            token = _set_up_administrator(db)
        reach("setup.administrator")
        machines = ((AGENT, agent), (TRANSFER_SERVICE, transfers), (WEB_FRONTEND, web))
        for kind, service in machines:
            if service.token_file is not None:
                with database.transactions.begin() as db:
                    _set_up_machine(db, service.name, kind, service.token_file)
                reach(f"setup.{kind.lower()}")
        files = (agent.token_file, transfers.token_file, web.token_file)
        return SetupResult(token, *files)
    finally:
        database.dispose()


def _make_cookie_key(web: LocalWebConfig) -> None:
    """Write the key that signs the web front end's cookies, unless there is one."""
    if web.secret_key_file is not None and not web.secret_key_file.exists():
        write_secret(web.secret_key_file, secrets.token_urlsafe(_COOKIE_KEY_BYTES))


def _make_sqlite_file(database_url: str) -> None:
    """Make the database's file, for its owner alone to read: it holds the hashes of passwords."""
    url = normalise_url(database_url)
    if url.get_backend_name() != "sqlite":
        return
    if not url.database or url.database == ":memory:":
        raise ConfigError("database_url must name a file: `sqlite:////absolute/path`.")
    path = Path(url.database)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)


def _record_site(db: Session, name: str) -> None:
    row = db.scalars(select(Site)).one_or_none()
    if row is None:
        db.add(Site(id=1, site_id=str(uuid.uuid4()), name=name))
    else:
        row.name = name


def _set_up_administrator(db: Session) -> str | None:
    """Return a token for the administrator, unless somebody has one already.

    A setup that was killed before it could tell the token leaves an account that nobody can use:
    so one that was never used gets another token.
    """
    administrators = db.scalars(
        select(Account).where(Account.role == int(Role.ADMIN), Account.kind == PERSON)
    ).all()
    if not administrators:
        account = create_account(db, ADMINISTRATOR, Role.ADMIN)
    elif all(_is_unused(db, one) for one in administrators):
        account = administrators[0]
    else:
        return None
    return create_token(db, account, _TOKEN_NAME, lifetime=None)[1]


def _is_unused(db: Session, account: Account) -> bool:
    """Say whether all that an account has is what `setup` gave it, and nobody used that yet."""
    tokens = db.scalars(select(Token).where(Token.account_id == account.id)).all()
    untouched = all(token.name == _TOKEN_NAME and not token.last_use_time for token in tokens)
    return account.name == ADMINISTRATOR and account.password_hash is None and untouched


def _set_up_machine(db: Session, name: str, kind: str, token_file: Path) -> None:
    """Make the account of a service that the same file configures, and write its token."""
    account = find_account(db, name) or create_account(db, name, Role.NONE, kind=kind)
    if account.kind != kind:
        whose = MACHINES.get(account.kind, "person")
        raise ConfigError(
            f"The account {name!r} is a {whose}'s: give the {MACHINES[kind]} another name."
        )
    if _is_token_of(db, token_file, name):
        return
    secret = create_token(db, account, _TOKEN_NAME, lifetime=None)[1]
    # Before the commit: killed in between, the file has a token that opens nothing, and the next
    # setup finds that out.
    write_secret(token_file, secret)
    reach(f"setup.{kind.lower()}_token")


def _is_token_of(db: Session, path: Path, name: str) -> bool:
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return False
    holder = find_holder(db, text)
    return holder is not None and holder.account_name == name
