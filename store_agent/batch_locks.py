"""Which directory is which batch's, and its lock, which an rsync holds for as long as it writes.

Each connection of a neighbour loads this anew: it imports little.
"""

import fcntl
import os
import re

from librarian.errors import BusyError, InvalidRequestError
from librarian.names import RESERVED_PREFIX, show_name
from store_agent.paths import find_status, open_beneath

INCOMING = f"{RESERVED_PREFIX}/incoming"

# Beside the data and not in it: the neighbour's rsync cannot reach it.
_LOCK = "lock"
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_BATCH_ID = re.compile(r"[0-9a-f]{1,64}")


class Batch:
    """A batch that a neighbour's account brings; raises InvalidRequestError for names of none."""

    def __init__(self, account_name: str, batch_id: str) -> None:
        if not _ACCOUNT_NAME.fullmatch(account_name):
            raise InvalidRequestError(f"{show_name(account_name)} is not an account's name.")
        if not _BATCH_ID.fullmatch(batch_id):
            raise InvalidRequestError(f"{show_name(batch_id)} is not a batch's identifier.")
        self.account_name = account_name
        self.batch_id = batch_id

    @property
    def path(self) -> str:
        """Return the path of its directory beneath the store's root."""
        return f"{INCOMING}/{self.account_name}/{self.batch_id}"

    @property
    def data_path(self) -> str:
        """Return the path, beneath the store's root, of the directory into which rsync writes."""
        return f"{self.path}/data"


def open_lock(batch_fd: int) -> int:
    """Open the lock of a batch whose directory is open, and return the descriptor."""
    return open_beneath(batch_fd, _LOCK, _LOCK_FLAGS, 0o600)


def take_lock(batch_fd: int, lock_fd: int) -> None:
    """Lock a batch until the descriptor is closed; raise BusyError while somebody else has it."""
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(
            "An rsync writes into the batch, or it is being taken over: repeat when that is done."
        ) from None
    found = find_status(batch_fd, _LOCK)
    if found is None or found.st_ino != os.fstat(lock_fd).st_ino:
        raise BusyError("The batch was discarded in this moment: begin with it anew.")
