"""Preparing a site: a database, keys, an administrator, and an account for its agent.

Every step looks first, so that it can be repeated, also after it was killed anywhere.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.accounts import AGENT, create_account, find_account
from catalog_service.config import CatalogConfig, SiteConfig
from catalog_service.database import Database, open_database
from catalog_service.migrate import upgrade
from catalog_service.roles import Role
from catalog_service.secrets import make_key_file, write_secret
from catalog_service.tables import Account, Site
from catalog_service.tokens import create_token, find_holder
from librarian.service.config import ConfigError, read_tables

ADMINISTRATOR = "admin"


@dataclass(frozen=True)
class SetupResult:
    """What a setup made."""

    # Token of the administrator when this setup made the account: it is kept nowhere.
    administrator_token: str | None
    # File of the agent's token; None when the configuration names none.
    agent_token_file: Path | None


def set_up(config_file: Path, config: CatalogConfig, site: SiteConfig) -> SetupResult:
    """Prepare a site, again or for the first time."""
    make_key_file(config.secret_key_file)
    upgrade(config.database_url)
    database = open_database(config.database_url)
    try:
        with database.transactions.begin() as db:
            _record_site(db, site.name)
        token_file = _set_up_agent(database, config_file, config)
        return SetupResult(_set_up_administrator(database), token_file)
    finally:
        database.dispose()


def _record_site(db: Session, name: str) -> None:
    row = db.scalars(select(Site)).one_or_none()
    if row is None:
        db.add(Site(id=1, site_id=str(uuid.uuid4()), name=name))
    else:
        row.name = name


def _set_up_administrator(database: Database) -> str | None:
    with database.transactions.begin() as db:
        administrator = Account.role == int(Role.ADMIN)
        if db.scalars(select(Account.id).where(administrator).limit(1)).first() is not None:
            return None
        account = create_account(db, ADMINISTRATOR, Role.ADMIN)
        return create_token(db, account, "first token", lifetime=None)[1]


def _set_up_agent(database: Database, config_file: Path, config: CatalogConfig) -> Path | None:
    """Make the account of the agent that the same file configures, and write its token."""
    agent = read_tables(config_file).get("store_agent", {})
    name = str(agent.get("name", config.agent_name))
    named = config.agent_token_file or agent.get("token_file")
    if named is None:
        return None
    path = Path(named)
    with database.transactions.begin() as db:
        account = find_account(db, name) or create_account(db, name, Role.NONE, kind=AGENT)
        if account.kind != AGENT:
            raise ConfigError(f"The account {name!r} is a person's: give the agent another name.")
        if _is_token_of(db, path, name):
            return path
        secret = create_token(db, account, "agent", lifetime=None)[1]
    # Killed before this line, the next setup makes another token: the lost one opens nothing
    # to anyone, for nobody has it.
    write_secret(path, secret)
    return path


def _is_token_of(db: Session, path: Path, name: str) -> bool:
    if not path.exists():
        return False
    holder = find_holder(db, path.read_text(encoding="ascii").strip())
    return holder is not None and holder.account_name == name
