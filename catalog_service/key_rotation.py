"""Giving a site new keys: what is encrypted under the old ones is encrypted anew.

The key file holds the new key and the old ones until nothing is left under an old one, so that
whoever reads meanwhile can. Killed anywhere, the next rotation begins with another key and ends
the same.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import select, update

from catalog_service.config import CatalogConfig
from catalog_service.database import Database, open_database
from catalog_service.retrying import run_transaction
from catalog_service.secrets import alone_at, read_keys, write_secret
from catalog_service.tables import Agent, Librarian
from librarian.service.config import ConfigError
from librarian.service.killpoints import reach

# All that is kept encrypted, and what each row is called.
_KEPT: tuple[tuple[Any, Any, Any], ...] = (
    (Librarian, Librarian.name, Librarian.secret),
    (Agent, Agent.name, Agent.ticket_key),
)
# Who encrypted under an old key just before the file changed has written it by then.
_SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class Rotation:
    """What a rotation came to."""

    # Secrets that were encrypted anew.
    encrypted: int
    # Agents whose ticket keys no key of the site opens: they announce new ones when they restart.
    unreadable_agents: tuple[str, ...]


def rotate_keys(config: CatalogConfig) -> Rotation:
    """Give a site a new key, and drop the old ones; a catalogue may serve meanwhile.

    Raises ConfigError when the secret of a librarian opens with none of the keys: then all stay.
    """
    try:
        with alone_at(config.secret_key_file.parent):
            return _rotate(config)
    except OSError as error:
        raise ConfigError(f"Cannot write {error.filename}: {error.strerror}.") from error


def _rotate(config: CatalogConfig) -> Rotation:
    key_file = config.secret_key_file
    old = read_keys(key_file)
    new = Fernet.generate_key().decode()
    keys = MultiFernet([Fernet(key) for key in (new, *old)])
    database = open_database(config.database_url)
    try:
        _check_readable(database, keys)
        write_secret(key_file, "\n".join((new, *old)))
        reach("rotation.added")
        time.sleep(_SETTLE_SECONDS)
        count = 0
        while encrypted := _encrypt_all(database, keys, new):
            count += encrypted
        write_secret(key_file, new)
        reach("rotation.dropped")
        # What came under an old key after all, from a transaction that took long: these keys here
        # are the last that open it.
        count += _encrypt_all(database, keys, new)
        return Rotation(count, tuple(name for kind, name in _unreadable(database, keys)))
    finally:
        database.dispose()


def _check_readable(database: Database, keys: MultiFernet) -> None:
    lost = [name for kind, name in _unreadable(database, keys) if kind is Librarian]
    if lost:
        raise ConfigError(
            f"The secret of the librarian {lost[0]!r} opens with none of this site's keys: give it"
            " again with update-librarian, then rotate."
        )


def _encrypt_all(database: Database, keys: MultiFernet, new: str) -> int:
    """Encrypt under the new key what is not, a row at a time; return how much that was."""
    newest, count = Fernet(new), 0
    for noun, name, column in _KEPT:
        for key, _, data in _rows(database, noun, name, column):
            if not _opens(newest, data) and _opens(keys, data):
                count += _replace(database, noun, column, key, data, keys)
                reach("rotation.encrypted")
    return count


def _replace(
    database: Database, noun: Any, column: Any, key: int, old: bytes, keys: MultiFernet
) -> int:
    """Replace a row's secret, unless somebody else has replaced it meanwhile."""
    statement = (
        update(noun).where(noun.id == key, column == old).values({column.key: keys.rotate(old)})
    )
    return run_transaction(
        database.transactions, lambda db: int(db.connection().execute(statement).rowcount)
    )


def _unreadable(database: Database, keys: MultiFernet) -> Iterable[tuple[Any, str]]:
    return [
        (noun, name)
        for noun, column, kept in _KEPT
        for _, name, data in _rows(database, noun, column, kept)
        if not _opens(keys, data)
    ]


def _rows(database: Database, noun: Any, name: Any, column: Any) -> Any:
    statement = select(noun.id, name, column).order_by(noun.id)
    return run_transaction(database.readings, lambda db: db.execute(statement).all())


def _opens(keys: Fernet | MultiFernet, data: bytes) -> bool:
    try:
        keys.decrypt(data)
    except InvalidToken:
        return False
    return True
