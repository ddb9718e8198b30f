"""The files in a staging destination that tell people and scripts how far the staging is."""

import os
import re
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from librarian.errors import BusyError, ConflictError, StateError
from librarian.names import show_name
from store_agent.paths import FILE_FLAGS, find_status, move_without_replacing, open_beneath
from store_agent.writing import WRITE_FLAGS, put_durable, remove_tree, write_all

IN_PROGRESS = "STAGING-IN-PROGRESS"
SUCCEEDED = "STAGING-SUCCEEDED"
ERRORS = "STAGING-ERRORS"
_NAMES = frozenset({IN_PROGRESS, SUCCEEDED, ERRORS})

_MAX_MARKER_BYTES = 4096
_OWNER = re.compile(r"^site (\S+) job (\d+) fence (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Claim:
    """Who fills a destination: a job of a site, and the fencing number of its worker."""

    site_id: str
    job_id: int
    fence: int


class Fences:
    """The highest fencing number that was seen of each job: lower ones are of the past."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._highest: dict[int, int] = {}

    def admit(self, job_id: int, fence: int) -> None:
        """Raise BusyError when a later worker has taken the job over."""
        with self._lock:
            if fence < self._highest.get(job_id, fence):
                raise _taken_over(job_id)
            self._highest[job_id] = fence


def check_apart(parent_dirs: str, name: str) -> None:
    """Raise ConflictError when a staged file would lie where a mark does, and be lost to it."""
    first = parent_dirs.partition("/")[0] or name
    if first in _NAMES:
        raise ConflictError(
            f"{show_name(first)} in the destination is the mark of the staging itself: use"
            f" 'librarian get' for {show_name(name)}."
        )


def begin(dir_fd: int, claim: Claim) -> None:
    """Put the mark of a staging under way into its open destination.

    A mark that the site's own catalogue left is taken over, for the catalogue lets only one job
    fill a directory. Raises ConflictError when the mark is another's.
    """
    found = _read(dir_fd)
    if found is None:
        _create(dir_fd, claim)
    else:
        _check_owner(found, claim)
        put_durable(dir_fd, IN_PROGRESS, _text(claim))
    for old in (SUCCEEDED, ERRORS):
        remove_tree(dir_fd, old)


def check(dir_fd: int, job_id: int, fence: int) -> None:
    """Raise BusyError when the destination is not, or no more, this worker's to fill."""
    found = _read(dir_fd)
    if found is None:
        raise StateError(f"Staging job {job_id} has not begun: its marker is not there.")
    owner = _OWNER.search(found)
    if owner is None or int(owner[2]) != job_id or int(owner[3]) > fence:
        raise _taken_over(job_id)


def end(dir_fd: int, claim: Claim, errors: Iterable[str], *, cancelled: bool) -> None:
    """Put the mark of a staging that ended, and take away the one of it being under way.

    Repeating it is harmless.
    """
    if find_status(dir_fd, IN_PROGRESS) is not None or not _ended(dir_fd):
        check(dir_fd, claim.job_id, claim.fence)
    lines = [*(["The staging was cancelled."] if cancelled else []), *errors]
    if lines:
        put_durable(dir_fd, ERRORS, "".join(f"{_one_line(line)}\n" for line in lines).encode())
        remove_tree(dir_fd, SUCCEEDED)
    elif find_status(dir_fd, ERRORS) is None:
        put_durable(dir_fd, SUCCEEDED, f"Staging succeeded at {_now()}.\n".encode())
    remove_tree(dir_fd, IN_PROGRESS)


def _ended(dir_fd: int) -> bool:
    return any(find_status(dir_fd, name) is not None for name in (SUCCEEDED, ERRORS))


def _create(dir_fd: int, claim: Claim) -> None:
    """Create the mark with its text in it: an empty one would be nobody's."""
    temporary = f".{uuid.uuid4().hex}.librarian-tmp"
    fd = os.open(temporary, WRITE_FLAGS | os.O_EXCL, 0o644, dir_fd=dir_fd)
    try:
        write_all(fd, _text(claim), 0)
        os.fsync(fd)
        move_without_replacing(dir_fd, temporary, dir_fd, IN_PROGRESS)
    except FileExistsError:
        raise ConflictError(
            "Another staging has just begun to fill the destination: choose another directory."
        ) from None
    finally:
        os.close(fd)
        remove_tree(dir_fd, temporary)


def _check_owner(text: str, claim: Claim) -> None:
    owner = _OWNER.search(text)
    if owner is None or owner[1] != claim.site_id:
        first_line = (text.splitlines() or ["it says nothing"])[0]
        raise ConflictError(
            f"Another staging fills the destination ({show_name(first_line)}): wait until it is"
            f" done, choose another directory, or remove {IN_PROGRESS} if you know it to be dead."
        )
    if int(owner[2]) == claim.job_id and int(owner[3]) > claim.fence:
        raise _taken_over(claim.job_id)


def _read(dir_fd: int) -> str | None:
    try:
        fd = open_beneath(dir_fd, IN_PROGRESS, FILE_FLAGS)
    except FileNotFoundError:
        return None
    try:
        return os.pread(fd, _MAX_MARKER_BYTES, 0).decode(errors="replace")
    finally:
        os.close(fd)


def _text(claim: Claim) -> bytes:
    owner = f"site {claim.site_id} job {claim.job_id} fence {claim.fence}"
    return f"Staging in progress since {_now()}.\n{owner}\n".encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _taken_over(job_id: int) -> BusyError:
    return BusyError(f"Staging job {job_id} was taken over by another worker: stop.")
