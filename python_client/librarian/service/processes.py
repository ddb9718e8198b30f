"""What a service must know of being a child process."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process with its supervisor, when the supervisor asks for it.

    A supervisor that is killed outright cannot stop its children; they would keep their ports.
    """
    if os.environ.get("LIBRARIAN_DIE_WITH_PARENT") == "1":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
