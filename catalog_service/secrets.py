"""The site's own keys, with which it encrypts what it must be able to read again."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from librarian.service.config import ConfigError


class Secrets:
    """Encrypts with the first key of a file, and decrypts with any: so keys can rotate.

    The file holds a Fernet key a line, and only its owner may read it. It is read again when it
    changes, so that a process goes on while keys rotate; keys that are no longer in it are kept
    for what was read from the database before.
    """

    def __init__(self, key_file: Path) -> None:
        """Read the keys; raise ConfigError when they cannot be used."""
        self._key_file = key_file
        self._lock = threading.Lock()
        self._seen: list[str] = []
        self._stamp: tuple[int, ...] = ()
        self._keys = self._read()

    def encrypt(self, data: bytes) -> bytes:
        """Return the data so that only this site can read it."""
        return self._fresh_keys().encrypt(data)

    def decrypt(self, data: bytes) -> bytes:
        """Return what was encrypted; raise cryptography's InvalidToken under other keys."""
        try:
            return self._keys.decrypt(data)
        except InvalidToken:
            return self._fresh_keys().decrypt(data)

    def _fresh_keys(self) -> MultiFernet:
        """Return the keys of the file as it is now."""
        with self._lock:
            if _stamp_of(self._key_file) != self._stamp:
                self._keys = self._read()
            return self._keys

    def _read(self) -> MultiFernet:
        # Before the keys: a change in between is found the next time.
        self._stamp = _stamp_of(self._key_file)
        keys = read_keys(self._key_file)
        self._seen = keys + [key for key in self._seen if key not in keys]
        return MultiFernet([Fernet(key) for key in self._seen])


def read_keys(key_file: Path) -> list[str]:
    """Return the keys of a file, the newest first; raise ConfigError when they cannot be used."""
    try:
        keys = key_file.read_text(encoding="ascii").split()
        if key_file.stat().st_mode & 0o077:
            raise ConfigError(f"Others may read {key_file}: chmod 600 it, and change its keys.")
        MultiFernet([Fernet(key) for key in keys])
    except OSError as error:
        raise ConfigError(
            f"Cannot read secret_key_file {key_file}: {error.strerror}. "
            "`python -m catalog_service setup` makes one."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{key_file} must hold a Fernet key on each line.") from error
    return keys


def _stamp_of(path: Path) -> tuple[int, ...]:
    """Return what tells a file from what it was."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_ino, status.st_mtime_ns, status.st_size)


@contextmanager
def alone_at(directory: Path) -> Iterator[None]:
    """Keep others who write a site's secrets waiting: each would write its own."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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
