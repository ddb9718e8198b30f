"""Passwords: argon2id, few at a time, and never faster for an account that is not there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from librarian.errors import BusyError, InvalidRequestError

MIN_CHARACTERS = 8
MAX_CHARACTERS = 1024

# As OWASP's standard (ASVS 5.0, appendix C) has it: 46 MiB, and a tenth of a second.
_HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
# A flood of sign-ins must take neither all cores and memory, nor all of the server's threads.
_MAX_AT_ONCE = 2
_MAX_WAITING = 16


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self) -> None:
        self._turns = threading.Semaphore(_MAX_AT_ONCE)
        self._queue = threading.Semaphore(_MAX_AT_ONCE + _MAX_WAITING)
        # What an account without a password is compared with.
        self._hash_of_nobody = _HASHER.hash("no account has this password")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn to hash; raise BusyError when too many wait already."""
        if not self._queue.acquire(blocking=False):
            raise BusyError("Too many sign in at the moment: repeat the call in some seconds.")
        try:
            with self._turns:
                yield
        finally:
            self._queue.release()

    def hash(self, password: str) -> str:
        """Return what to keep of a password; raise InvalidRequestError when it is no good one."""
        if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
            raise InvalidRequestError(
                f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters: choose another."
            )
        with self.turn():
            return _HASHER.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is the one; call it in a `turn`.

        It takes as long when there is none to match.
        """
        try:
            _HASHER.verify(password_hash or self._hash_of_nobody, password[:MAX_CHARACTERS])
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
