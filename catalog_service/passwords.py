"""Passwords: argon2id, few at a time, and never faster for an account that is not there."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import CHEAPEST

from librarian.errors import InvalidRequestError

MIN_CHARACTERS = 8
MAX_CHARACTERS = 1024

# Each hash takes 64 MiB and a core for half a second: a flood of sign-ins must not take them all.
_turns = threading.Semaphore(2)


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, *, low_cost: bool = False) -> None:
        self._hasher = PasswordHasher.from_parameters(CHEAPEST) if low_cost else PasswordHasher()
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """Return what to keep of a password; raise InvalidRequestError when it is no good one."""
        check_password(password)
        with _turns:
            return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is the one; it takes as long when there is none to match."""
        kept = password_hash or self._hash_of_nobody()
        with _turns:
            try:
                self._hasher.verify(kept, password[:MAX_CHARACTERS])
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None

    def _hash_of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash("no account has this password")
        return self._nobody


def check_password(password: str) -> None:
    """Raise InvalidRequestError unless a password may be used."""
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise InvalidRequestError(
            f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters: choose another."
        )
