"""Places where a test may have a process killed; nothing happens at them otherwise."""

import os
import signal

_KILL_AT = os.environ.get("LIBRARIAN_KILL_AT", "")


def reach(point: str) -> None:
    """Say that the process has come to a point: it dies there when LIBRARIAN_KILL_AT names it.

    The signal is SIGKILL, so nothing is flushed, released or said: as in a crash.
    """
    if _KILL_AT and point == _KILL_AT:
        os.kill(os.getpid(), signal.SIGKILL)
