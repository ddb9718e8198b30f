"""The key that signs cookies: made once, for the front end alone to read."""

import os
import secrets
from pathlib import Path

from librarian.service.config import ConfigError

_KEY_BYTES = 32


def read_key(path: Path) -> str:
    """Return the key of a file, which is made when it is missing."""
    try:
        _make(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"secret_key_file {path} cannot be read or made: {error}.") from error
    if len(key) < _KEY_BYTES:
        raise ConfigError(f"secret_key_file {path} holds no key: remove it, and one is made.")
    return key


def read_token(path: Path) -> str:
    """Return the token of the front end's own account."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"token_file {path} cannot be read: {error}.") from error


def _make(path: Path) -> None:
    if path.exists():
        return
    # Linked into place when it is whole: of two that start at once, one key wins for both.
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_KEY_BYTES))
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()
