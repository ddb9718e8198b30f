"""What rsync and ssh say while they run and when they end, and what it means."""

import re

from store_agent.pushing.ways import Cause, TroubleError

_PROGRESS = re.compile(rb"\s*(\d+)\s+\d+%")
# The error's number ends its line, after what it means; in quotes before that are names of files.
_NO_ROOM = re.compile(r": [^\n\":]+ \((28|122)\)\s*$", re.MULTILINE)
_MAX_TEXT_CHARACTERS = 400
_SOURCE_FAULTS = (23, 24)
_NO_ROOM_THERE = 11
_WRONG_ANYWAY = (1, 2, 4, 5, 126, 127)
_REFUSED = "librarian-receive: "


class ProgressReader:
    """Takes what `--info=progress2` writes, piece by piece, and tells the bytes that were sent.

    No names are asked for: they could look like anything.
    """

    def __init__(self) -> None:
        self._rest = b""
        self.sent_bytes = 0

    def feed(self, data: bytes) -> int:
        """Take a piece; return how many bytes more were sent than before it."""
        before = self.sent_bytes
        *lines, self._rest = re.split(rb"[\r\n]", self._rest[-256:] + data)
        for line in lines:
            found = _PROGRESS.match(line)
            if found:
                self.sent_bytes = max(self.sent_bytes, int(found[1]))
        return self.sent_bytes - before


def trouble_of(code: int, said: str, neighbour: str) -> TroubleError | None:
    """Return what was in the way when rsync ended with a code, or None when nothing was.

    A fault of sources alone is not in the way of the others. `said` is its standard error.
    """
    if code == 0:
        return None
    if code == _NO_ROOM_THERE or _NO_ROOM.search(said):
        return TroubleError(
            Cause.FULL, f"{neighbour} has no room left for what rsync brings: free some there."
        )
    if code in _SOURCE_FAULTS:
        return None
    refusal = next((line for line in said.splitlines() if line.startswith(_REFUSED)), "")
    if refusal:
        return _refusal(refusal.removeprefix(_REFUSED), neighbour)
    if code in _WRONG_ANYWAY:
        return TroubleError(
            Cause.MISCONFIGURED, f"rsync cannot run between here and {neighbour}: {_shown(said)}"
        )
    return TroubleError(
        Cause.UNREACHABLE, f"rsync to {neighbour} broke off (code {code}): {_shown(said)}"
    )


def _refusal(sentence: str, neighbour: str) -> TroubleError:
    cause = Cause.REFUSED if sentence.startswith("This key") else Cause.UNREACHABLE
    return TroubleError(cause, f"{neighbour} refused rsync: {_shown(sentence)}")


def _shown(said: str) -> str:
    """Return the end of what a program said, fit for a log and a terminal."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    text = " / ".join(lines[-3:])[-_MAX_TEXT_CHARACTERS:] or "it said nothing"
    return "".join(c if c.isprintable() else "?" for c in text)
