"""Making and discarding the staging places of uploads, the empty ones used again.

On ext4 it costs ten times more to make a directory when many were removed within the last minute,
as is the rule while small files come in.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from librarian.service.killpoints import reach
from store_agent.paths import (
    DIRECTORY_FLAGS,
    make_directories,
    move_without_replacing,
    open_beneath,
)
from store_agent.staging_places import check_upload_id, is_free_and_empty, lock_place
from store_agent.stores import SPARE_PLACES, STAGING, Store
from store_agent.writing import remove_tree

# 0700: who can write there can put contents on record that the store's owner never saw.
_MODE = 0o700
# Of several batches: while one is discarded, others are still coming in.
_MAX_SPARE_PLACES = 4000


class PlaceMaker:
    """Makes and discards staging places of one store."""

    def __init__(self, store: Store, staging_fd: int, spare_fd: int) -> None:
        self._path = str(store.root / STAGING)
        self._staging_fd = staging_fd
        self._spare_fd = spare_fd
        self._spare_names = os.listdir(spare_fd)
        self._spare_count = len(self._spare_names)

    def prepare(self, upload_id: str) -> str:
        """Make an upload's staging place, and return its absolute path."""
        check_upload_id(upload_id)
        if not self._take_spare(upload_id):
            os.close(make_directories(self._staging_fd, upload_id, durable=False, mode=_MODE))
        reach("agent.prepared")
        return f"{self._path}/{upload_id}"

    def make_durable(self) -> None:
        """Put the staging places that were made on disk."""
        os.fsync(self._staging_fd)

    def discard(self, upload_id: str) -> None:
        """Remove an upload's staging place and all that is in it; it may be gone.

        Raises BusyError while somebody writes there.
        """
        check_upload_id(upload_id)
        if not self._keep_spare(upload_id):
            self._remove(upload_id)
        reach("agent.discarded")

    def _remove(self, upload_id: str) -> None:
        try:
            place_fd = open_beneath(self._staging_fd, upload_id, DIRECTORY_FLAGS)
        except FileNotFoundError:
            return
        try:
            lock_place(place_fd, upload_id)
            remove_tree(self._staging_fd, upload_id)
        finally:
            os.close(place_fd)

    def _take_spare(self, upload_id: str) -> bool:
        while self._spare_names:
            name = self._spare_names.pop()
            try:
                move_without_replacing(self._spare_fd, name, self._staging_fd, upload_id)
            except FileNotFoundError:
                continue  # Another call was quicker.
            except FileExistsError:
                return False
            return True
        return False

    def _keep_spare(self, upload_id: str) -> bool:
        if self._spare_count >= _MAX_SPARE_PLACES:
            return False
        if not is_free_and_empty(self._staging_fd, upload_id):
            return False
        try:
            move_without_replacing(self._staging_fd, upload_id, self._spare_fd, upload_id)
        except OSError:
            return False
        self._spare_count += 1
        return True


@contextmanager
def place_maker(store: Store, root_fd: int) -> Iterator[PlaceMaker]:
    """Give what makes and discards the staging places of a store whose root is open."""
    staging_fd = open_beneath(root_fd, STAGING, DIRECTORY_FLAGS)
    try:
        spare_fd = make_directories(root_fd, SPARE_PLACES, durable=False, mode=_MODE)
        try:
            yield PlaceMaker(store, staging_fd, spare_fd)
        finally:
            os.close(spare_fd)
    finally:
        os.close(staging_fd)
