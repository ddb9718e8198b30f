"""The site's own keys, with which it encrypts what it must be able to read again."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from librarian.service.config import ConfigError


class Secrets:
    """Encrypts with the first key of a file, and decrypts with any: so keys can rotate.

    The file holds a Fernet key a line, and only its owner may read it.
    """

    def __init__(self, key_file: Path) -> None:
        """Read the keys; raise ConfigError when they cannot be used."""
        try:
            lines = key_file.read_text(encoding="ascii").split()
            if key_file.stat().st_mode & 0o077:
                raise ConfigError(f"Others may read {key_file}: chmod 600 it, and change its keys.")
            self._keys = MultiFernet([Fernet(line) for line in lines])
        except OSError as error:
            raise ConfigError(
                f"Cannot read secret_key_file {key_file}: {error.strerror}. "
                "`python -m catalog_service setup` makes one."
            ) from error
        except ValueError as error:
            raise ConfigError(f"{key_file} must hold a Fernet key on each line.") from error

    def encrypt(self, data: bytes) -> bytes:
        """Return the data so that only this site can read it."""
        return self._keys.encrypt(data)

    def decrypt(self, data: bytes) -> bytes:
        """Return what was encrypted; raise cryptography's InvalidToken under other keys."""
        return self._keys.decrypt(data)


def make_key_file(key_file: Path) -> None:
    """Write a file with one new key, unless there is one."""
    if not key_file.exists():
        write_secret(key_file, Fernet.generate_key().decode())


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it is there whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make what was put into a directory, or renamed in it, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
