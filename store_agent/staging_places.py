"""The staging places of uploads: a directory each, locked by whoever writes there or verifies."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from librarian.datasets import DatasetEntry, list_entries
from librarian.errors import BusyError, InvalidRequestError, UnknownUploadError
from librarian.names import show_name
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, open_beneath
from store_agent.reading import is_directory, refuse_special
from store_agent.stores import STAGING

DATA = "data"

_UPLOAD_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,127}")


def check_upload_id(upload_id: str) -> str:
    """Return the identifier of an upload unchanged, or raise InvalidRequestError."""
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise InvalidRequestError(f"{show_name(upload_id)} is not the identifier of an upload.")
    return upload_id


@contextmanager
def opened_place(root_fd: int, upload_id: str) -> Iterator[int]:
    """Give an upload's staging place, open; raise UnknownUploadError when there is none."""
    check_upload_id(upload_id)
    try:
        fd = open_beneath(root_fd, f"{STAGING}/{upload_id}", DIRECTORY_FLAGS)
    except FileNotFoundError:
        raise UnknownUploadError(
            f"There is no staging place of upload {upload_id}: it was discarded; start it anew."
        ) from None
    try:
        yield fd
    finally:
        os.close(fd)


def lock_place(place_fd: int, upload_id: str) -> None:
    """Lock a staging place until its descriptor is closed; raise BusyError when it is locked."""
    try:
        fcntl.flock(place_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(
            f"Somebody is writing to upload {upload_id}, or verifying it: repeat when they are"
            " done."
        ) from None


def is_free_and_empty(staging_fd: int, upload_id: str) -> bool:
    """Tell whether nobody holds a staging place locked, and nothing is in it."""
    try:
        fd = open_beneath(staging_fd, upload_id, DIRECTORY_FLAGS)
    except OSError:
        return False
    try:
        lock_place(fd, upload_id)
        return not os.listdir(fd)
    except BusyError:
        return False
    finally:
        os.close(fd)


def open_data(place_fd: int, upload_id: str) -> int:
    """Open what has arrived of an upload; raise InvalidRequestError when nothing has."""
    try:
        return refuse_special(open_beneath(place_fd, DATA, FILE_FLAGS), DATA)
    except FileNotFoundError:
        raise InvalidRequestError(
            f"Nothing has arrived of upload {upload_id}: bring the contents, then complete it."
        ) from None


def list_arrived(root_fd: int, upload_id: str) -> Iterator[DatasetEntry]:
    """Yield what has arrived of an upload, by path; a flat file's path is empty."""
    with opened_place(root_fd, upload_id) as place_fd:
        try:
            fd = open_beneath(place_fd, DATA, FILE_FLAGS)
        except FileNotFoundError:
            return
        try:
            if is_directory(fd):
                # The dataset itself, still empty, is nothing that has arrived.
                yield from (entry for entry in list_entries(fd) if entry.path != "./")
            else:
                yield DatasetEntry("", os.fstat(fd).st_size)
        finally:
            os.close(fd)
