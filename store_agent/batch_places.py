"""The places into which neighbours' rsyncs write: a directory each batch, locked while one does."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from librarian.errors import LibrarianError, NoInstanceError
from librarian.names import show_name
from librarian.service.killpoints import reach
from store_agent.batch_locks import Batch, open_lock, take_lock
from store_agent.faults import attempt, explained
from store_agent.instances import check_instance_path
from store_agent.paths import (
    DIRECTORY_FLAGS,
    FILE_FLAGS,
    find_status,
    make_directories,
    move_without_replacing,
    open_beneath,
    open_parent,
)
from store_agent.reading import is_directory, refuse_special
from store_agent.staging_places import DATA, lock_place, opened_place
from store_agent.stores import Store
from store_agent.writing import remove_tree

_MODE = 0o700


@dataclass(frozen=True)
class SshDoor:
    """Where neighbours' rsyncs come in; without a host, nowhere."""

    host: str
    port: int
    user: str


def prepare_batch(store: Store, batch: Batch) -> str:
    """Make the directory into which rsync may write, and return its absolute path."""
    with store.opened() as root_fd:
        os.close(make_directories(root_fd, batch.data_path, durable=True, mode=_MODE))
    return str(store.root / batch.data_path)


def adopt_batch(
    store: Store, batch: Batch, files: Sequence[tuple[str, str]]
) -> list[LibrarianError | None]:
    """Move what rsync brought into the staging places of its uploads.

    `files` has the identifier of each upload and its path in the batch; the errors of those that
    failed are returned in their order. Raises BusyError while an rsync writes.
    """
    with (
        store.opened() as root_fd,
        _locked(root_fd, batch) as batch_fd,
        closing(_Adopter(store, root_fd, batch_fd)) as adopter,
    ):
        return [attempt(partial(adopter.adopt, *file)) for file in files]


def discard_batch(store: Store, batch: Batch) -> None:
    """Remove a batch's directory and what is in it; raise BusyError while an rsync writes."""
    with store.opened() as root_fd, _locked(root_fd, batch) as batch_fd:
        if batch_fd is None:
            return
        # The lock comes last: whoever waits for it finds that there is nothing left to write to.
        remove_tree(batch_fd, DATA)
        parent_fd, name = open_parent(root_fd, batch.path)
        try:
            remove_tree(parent_fd, name)
        finally:
            os.close(parent_fd)


@contextmanager
def _locked(root_fd: int, batch: Batch) -> Iterator[int | None]:
    """Give the directory of a batch, open and locked; None when there is none."""
    try:
        batch_fd = open_beneath(root_fd, batch.path, DIRECTORY_FLAGS)
    except FileNotFoundError:
        yield None
        return
    try:
        lock_fd = open_lock(batch_fd)
        try:
            take_lock(batch_fd, lock_fd)
            yield batch_fd
        finally:
            os.close(lock_fd)
    finally:
        os.close(batch_fd)


class _Adopter:
    """Moves what rsync brought of one batch; keeps the directories that it came into open."""

    def __init__(self, store: Store, root_fd: int, batch_fd: int | None) -> None:
        self._where = f"The store {show_name(store.name)}"
        self._root_fd = root_fd
        self._batch_fd = batch_fd
        self._parents: dict[str, int] = {}

    def adopt(self, upload_id: str, path: str) -> None:
        """Move what arrived at a path; raise NoInstanceError when nothing did, now or before."""
        check_instance_path(path)
        with explained(self._where), opened_place(self._root_fd, upload_id) as place_fd:
            lock_place(place_fd, upload_id)
            if self._move(path, place_fd):
                reach("agent.adopted")
            elif find_status(place_fd, DATA) is None:
                raise NoInstanceError(
                    f"Nothing arrived at {show_name(path)} of the batch: bring it again."
                )

    def close(self) -> None:
        """Close the directories."""
        for fd in self._parents.values():
            os.close(fd)
        self._parents.clear()

    def _move(self, path: str, place_fd: int) -> bool:
        """Move what arrived at a path into a staging place; return whether anything had."""
        parent, _, name = path.rpartition("/")
        parent_fd = self._open_parent(parent)
        found = find_status(parent_fd, name) if parent_fd is not None else None
        if parent_fd is None or found is None:
            return False
        if not stat.S_ISREG(found.st_mode):
            _make_movable(parent_fd, name)
        try:
            move_without_replacing(parent_fd, name, place_fd, DATA)
        except FileExistsError:
            # That something arrived again says that what came earlier is not wanted.
            remove_tree(place_fd, DATA)
            move_without_replacing(parent_fd, name, place_fd, DATA)
        if not stat.S_ISREG(found.st_mode):
            # What was open of it lies in the staging place now.
            self.close()
        return True

    def _open_parent(self, parent: str) -> int | None:
        if self._batch_fd is None:
            return None
        fd = self._parents.get(parent)
        if fd is None:
            try:
                fd = open_beneath(self._batch_fd, f"{DATA}/{parent}", DIRECTORY_FLAGS)
            except (FileNotFoundError, NotADirectoryError):
                return None
            self._parents[parent] = fd
        return fd


def _make_movable(parent_fd: int, name: str) -> None:
    """Refuse links and special files; let the owner write to a directory, or it cannot be moved."""
    fd = refuse_special(open_beneath(parent_fd, name, FILE_FLAGS), name)
    try:
        if is_directory(fd):
            os.fchmod(fd, _MODE)
    finally:
        os.close(fd)
