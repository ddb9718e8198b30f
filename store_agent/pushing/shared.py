"""The shared way: both sites see the staging places, so that contents are copied there.

The neighbour names the directory, and is not believed: it must lie beneath a prefix that this
site's administrator chose, be another site's store, and no link is followed on the way.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from librarian.errors import BusyError, LibrarianError
from librarian.names import show_name
from store_agent.paths import DIRECTORY_FLAGS, open_beneath
from store_agent.pushing.bandwidth import Bandwidth
from store_agent.pushing.shared_copies import copy_instance
from store_agent.pushing.ways import (
    Cause,
    Progress,
    Push,
    PushFile,
    TroubleError,
    WayName,
)
from store_agent.reading import Stop
from store_agent.staging_places import lock_place
from store_agent.stores import STAGING, Stores, find_mark


class SharedWay:
    """Copies instances into staging places beneath the agent's shared prefixes."""

    name = WayName.SHARED

    def __init__(self, stores: Stores, prefixes: Sequence[Path]) -> None:
        self._stores = stores
        self._prefixes = prefixes

    def problem(self, push: Push) -> str | None:
        """Return why the neighbour's staging places cannot be written from here, or None."""
        try:
            os.close(self._open_staging(push.way_in.staging_path))
        except (OSError, LibrarianError, ValueError) as error:
            return _reason(error)
        return None

    def bring(self, push: Push, files: Sequence[PushFile], progress: Progress, stop: Stop) -> None:
        """Copy files into their staging places."""
        bandwidth = Bandwidth(push.bandwidth_bytes_per_second, stop)
        with self._opened_staging(push) as staging_fd:
            for file in files:
                stop.check()
                with _opened_place(staging_fd, file.upload_id) as place_fd:
                    error = self._copy(file, place_fd, bandwidth, progress)
                progress.settle(file, error)

    def _copy(
        self, file: PushFile, place_fd: int, bandwidth: Bandwidth, progress: Progress
    ) -> LibrarianError | None:
        """Copy a file; return the fault of the copy here, raise that of the way."""
        copied_bytes = 0

        def advance(count: int) -> None:
            nonlocal copied_bytes
            copied_bytes += count
            progress.advance(count)
            bandwidth.take(count)

        try:
            with self._stores.get_store(file.store_name).opened(streaming=True) as root_fd:
                copy_instance(root_fd, file, place_fd, bandwidth.piece_bytes, advance)
        except (BusyError, TroubleError):
            progress.advance(-copied_bytes)
            raise
        except LibrarianError as error:
            progress.advance(-copied_bytes)
            return error
        return None

    @contextmanager
    def _opened_staging(self, push: Push) -> Iterator[int]:
        try:
            staging_fd = self._open_staging(push.way_in.staging_path)
        except (OSError, LibrarianError, ValueError) as error:
            raise TroubleError(Cause.MISCONFIGURED, _reason(error)) from error
        try:
            yield staging_fd
        finally:
            os.close(staging_fd)

    def _open_staging(self, staging_path: str) -> int:
        root = self._check_root(staging_path)
        prefix = next((p for p in self._prefixes if root.is_relative_to(p)), None)
        if prefix is None:
            raise ValueError(f"{show_name(staging_path)} is beneath none of the shared prefixes.")
        prefix_fd = os.open(prefix, DIRECTORY_FLAGS)
        try:
            root_fd = open_beneath(prefix_fd, str(root.relative_to(prefix)), DIRECTORY_FLAGS)
        finally:
            os.close(prefix_fd)
        try:
            self._check_foreign(root_fd, staging_path)
            staging_fd = open_beneath(root_fd, STAGING, DIRECTORY_FLAGS)
        finally:
            os.close(root_fd)
        return _check_ours(staging_fd, staging_path)

    def _check_root(self, staging_path: str) -> Path:
        """Return the root of the store whose staging places these are."""
        if not staging_path.startswith("/") or os.path.normpath(staging_path) != staging_path:
            raise ValueError(f"{show_name(staging_path)} is no absolute path.")
        if not staging_path.endswith(f"/{STAGING}"):
            raise ValueError(f"{show_name(staging_path)} holds no staging places.")
        return Path(staging_path.removesuffix(f"/{STAGING}"))

    def _check_foreign(self, root_fd: int, staging_path: str) -> None:
        """Raise ValueError unless it is a store, and neither one of ours nor within one."""
        mark = find_mark(root_fd)
        where = Path(os.readlink(f"/proc/self/fd/{root_fd}"))
        own = self._stores.list_stores()
        if not mark or any(
            mark == store.id or where.is_relative_to(store.root.resolve()) for store in own
        ):
            raise ValueError(f"{show_name(staging_path)} is not in a store of another site.")


@contextmanager
def _opened_place(staging_fd: int, upload_id: str) -> Iterator[int]:
    """Give a staging place, open and locked."""
    try:
        place_fd = open_beneath(staging_fd, upload_id, DIRECTORY_FLAGS)
    except (OSError, LibrarianError) as error:
        raise TroubleError(
            Cause.MISCONFIGURED,
            f"The staging place of upload {upload_id} is not there: {_reason(error)}",
        ) from error
    try:
        _lock(place_fd, upload_id)
        yield place_fd
    finally:
        os.close(place_fd)


def _lock(place_fd: int, upload_id: str) -> None:
    try:
        lock_place(place_fd, upload_id)
    except BusyError as error:
        raise TroubleError(Cause.UNREACHABLE, str(error)) from error


def _check_ours(staging_fd: int, staging_path: str) -> int:
    """Return the descriptor; raise ValueError when another user than ours owns the directory.

    The neighbour's agent must own what it makes read-only.
    """
    if os.fstat(staging_fd).st_uid != os.geteuid():
        os.close(staging_fd)
        raise ValueError(
            f"{show_name(staging_path)} belongs to another user than the agent here runs as."
        )
    return staging_fd


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{show_name(str(error.filename))} cannot be opened: {error.strerror}."
    return str(error)
