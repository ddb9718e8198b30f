"""Moving verified uploads into place: replacing nothing, read-only, and durable."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from librarian.errors import ConflictError, CorruptContentsError, LibrarianError, UnknownUploadError
from librarian.names import show_name
from librarian.service.killpoints import reach
from store_agent.faults import attempt, explained
from store_agent.instances import instance_path
from store_agent.modes import is_final, make_read_only
from store_agent.paths import find_status, make_directories, move_without_replacing
from store_agent.staging_places import DATA, opened_place
from store_agent.stores import Store


@dataclass(frozen=True)
class Placement:
    """An upload, the inode that was verified, and where it goes."""

    upload_id: str
    parent_dirs: str
    name: str
    inode: int


class Placer:
    """Places uploads on one store, whose root is open, and keeps their directories open.

    Nothing is durable before `finish`.
    """

    def __init__(self, store: Store, root_fd: int) -> None:
        self._where = f"The store {show_name(store.name)}"
        self._root_fd = root_fd
        self._parents: dict[str, int] = {}

    def place(self, placements: Iterable[Placement]) -> list[LibrarianError | None]:
        """Place uploads and put their directories on disk; return the error of each that failed."""
        try:
            outcomes = [attempt(lambda item=item: self._place(item)) for item in placements]  # type: ignore[misc]
            with explained(self._where):
                for fd in self._parents.values():
                    os.fsync(fd)
            reach("agent.placed")
        finally:
            for fd in self._parents.values():
                os.close(fd)
            self._parents.clear()
        return outcomes

    def _place(self, item: Placement) -> None:
        instance_path(item.parent_dirs, item.name)
        with explained(self._where):
            parent_fd = self._open_parent(item.parent_dirs)
            reach("agent.parents_made")
            found = find_status(parent_fd, item.name)
            if found is None:
                self._move(item, parent_fd)
            elif found.st_ino != item.inode:
                raise _taken(item)
            reach("agent.moved")
            _make_read_only(parent_fd, item)
            reach("agent.read_only")

    def _move(self, item: Placement, parent_fd: int) -> None:
        with opened_place(self._root_fd, item.upload_id) as place_fd:
            arrived = find_status(place_fd, DATA)
            if arrived is None:
                raise UnknownUploadError(
                    f"Nothing is left of upload {item.upload_id} to put in place: start it anew."
                )
            if arrived.st_ino != item.inode:
                raise CorruptContentsError(
                    f"The contents of upload {item.upload_id} were replaced after they had been"
                    " verified: start it anew."
                )
            try:
                move_without_replacing(place_fd, DATA, parent_fd, item.name)
            except FileExistsError:
                raise _taken(item) from None

    def _open_parent(self, parent_dirs: str) -> int:
        fd = self._parents.get(parent_dirs)
        if fd is None:
            fd = make_directories(self._root_fd, parent_dirs or ".", durable=True)
            self._parents[parent_dirs] = fd
        return fd


def _make_read_only(parent_fd: int, item: Placement) -> None:
    """Forbid writing; a directory could not be moved without it, hence it comes last."""
    found = find_status(parent_fd, item.name)
    # A flat file is made so when it is verified.
    if found is not None and found.st_ino == item.inode and is_final(found):
        return
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    fd = os.open(item.name, flags, dir_fd=parent_fd)
    try:
        if os.fstat(fd).st_ino != item.inode:
            raise _taken(item)
        make_read_only(fd)
    finally:
        os.close(fd)


def _taken(item: Placement) -> ConflictError:
    where = show_name(f"{item.parent_dirs}/{item.name}" if item.parent_dirs else item.name)
    return ConflictError(
        f"Something else lies at {where} on the store: choose other parent directories, or"
        " register what is there."
    )
