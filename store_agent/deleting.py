"""Deleting instances: out of their place in one durable step, and only then removed."""

import os
import uuid
from collections.abc import Iterable

from librarian.errors import LibrarianError
from librarian.names import show_name
from store_agent.faults import attempt, explained
from store_agent.instances import check_instance_path
from store_agent.paths import (
    DIRECTORY_FLAGS,
    move_without_replacing,
    open_beneath,
    open_parent,
)
from store_agent.stores import TRASH, Store
from store_agent.writing import remove_tree

_NOFOLLOW = os.O_NOFOLLOW | os.O_NONBLOCK


def delete_files(store: Store, root_fd: int, paths: Iterable[str]) -> list[LibrarianError | None]:
    """Delete the files at the paths; return the error of each that failed.

    One that is gone already counts as deleted.
    """
    trash_fd = open_beneath(root_fd, TRASH, DIRECTORY_FLAGS)
    try:
        return [
            attempt(lambda path=path: _delete(store, root_fd, trash_fd, path))  # type: ignore[misc]
            for path in paths
        ]
    finally:
        os.close(trash_fd)


def empty_trash(root_fd: int) -> None:
    """Remove what deletions that were broken off have left."""
    trash_fd = open_beneath(root_fd, TRASH, DIRECTORY_FLAGS)
    try:
        for name in os.listdir(trash_fd):
            remove_tree(trash_fd, name)
    finally:
        os.close(trash_fd)


def _delete(store: Store, root_fd: int, trash_fd: int, path: str) -> None:
    check_instance_path(path)
    name_in_trash = uuid.uuid4().hex
    with explained(f"The store {show_name(store.name)}"):
        try:
            parent_fd, name = open_parent(root_fd, path)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            _make_movable(parent_fd, name)
            move_without_replacing(parent_fd, name, trash_fd, name_in_trash)
            os.fsync(parent_fd)
        except FileNotFoundError:
            return
        finally:
            os.close(parent_fd)
        remove_tree(trash_fd, name_in_trash)


def _make_movable(parent_fd: int, name: str) -> None:
    """Make a directory writable: only root could move it otherwise."""
    try:
        fd = os.open(name, DIRECTORY_FLAGS | _NOFOLLOW, dir_fd=parent_fd)
    except OSError:
        return
    try:
        os.fchmod(fd, os.fstat(fd).st_mode | 0o700)
    finally:
        os.close(fd)
