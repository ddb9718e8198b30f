"""The way by rsync over SSH: one process for all of a batch that lies on one store."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from librarian.datasets import list_entries
from librarian.errors import BusyError, CorruptContentsError, LibrarianError
from librarian.names import show_name
from store_agent.faults import attempt, explained
from store_agent.pushing.rsync_process import PATH, Rsync
from store_agent.pushing.ssh_address import SshAddress, find_address
from store_agent.pushing.ssh_checks import OLDEST_RSYNC, check_answer, check_ssh
from store_agent.pushing.ways import Progress, Push, PushFile, TroubleError, WayName
from store_agent.reading import Stop, is_directory, open_instance
from store_agent.receiving_rsync import rsync_version
from store_agent.stores import Stores


class _Source(NamedTuple):
    """What of an instance changes when it is replaced or written to."""

    size_bytes: int
    inode: int
    mtime_ns: int


class RsyncWay:
    """Brings files by rsync over SSH."""

    name = WayName.RSYNC

    def __init__(self, stores: Stores, key_dir: Path | None) -> None:
        self._stores = stores
        self._key_dir = key_dir
        self._checked: set[SshAddress] = set()

    def problem(self, push: Push) -> str | None:
        """Return why rsync cannot be taken from here, or None when it can."""
        try:
            find_address(push, self._key_dir)
        except LibrarianError as error:
            return str(error)
        version = rsync_version(PATH)
        if version is None or version < OLDEST_RSYNC:
            return f"rsync {'.'.join(map(str, OLDEST_RSYNC))} or newer is not installed here."
        return None

    def bring(self, push: Push, files: Sequence[PushFile], progress: Progress, stop: Stop) -> None:
        """Bring files to the neighbour's store."""
        address = find_address(push, self._key_dir)
        neighbour = show_name(push.librarian_name)
        if address not in self._checked:
            answer = check_ssh(address, push.way_in.rsync_path, neighbour, stop)
            check_answer(answer, sum(file.size_bytes for file in files), neighbour)
            self._checked.add(address)
        stop.check()
        try:
            self._bring(Rsync(push, address, progress, stop), files)
        except TroubleError:
            self._checked.discard(address)
            raise

    def _bring(self, rsync: Rsync, files: Sequence[PushFile]) -> None:
        by_store: dict[str, list[PushFile]] = {}
        for file in files:
            by_store.setdefault(file.store_name, []).append(file)
        outcomes: list[tuple[PushFile, LibrarianError | None]] = []
        for store_name, own in by_store.items():
            outcomes += self._bring_store(rsync, store_name, own)
        # Not before all went one way: what another way brings is looked for elsewhere.
        for file, error in outcomes:
            rsync.progress.settle(file, error)

    def _bring_store(
        self, rsync: Rsync, store_name: str, files: Sequence[PushFile]
    ) -> list[tuple[PushFile, LibrarianError | None]]:
        try:
            with self._stores.get_store(store_name).opened(streaming=True) as root_fd:
                before = [_find_source(root_fd, file) for file in files]
                good = [f for f, found in zip(files, before, strict=True) if _is_good(found)]
                if good:
                    rsync.run(root_fd, good)
                return [
                    (
                        file,
                        found
                        if isinstance(found, LibrarianError)
                        else _fault(root_fd, file, found),
                    )
                    for file, found in zip(files, before, strict=True)
                ]
        except (TroubleError, BusyError):
            raise
        except LibrarianError as error:
            return [(file, error) for file in files]


def _is_good(found: _Source | LibrarianError) -> bool:
    return isinstance(found, _Source)


def _find_source(root_fd: int, file: PushFile) -> _Source | LibrarianError:
    """Look at an instance without reading it; return what is wrong with it, if anything is."""
    return attempt(lambda: _look(root_fd, file))


def _look(root_fd: int, file: PushFile) -> _Source:
    with explained(f"The store {show_name(file.store_name)}"):
        fd = open_instance(root_fd, file.path())
        try:
            status = os.fstat(fd)
            size_bytes = status.st_size
            if is_directory(fd):
                size_bytes = sum(entry.size_bytes for entry in list_entries(fd))
        finally:
            os.close(fd)
    if size_bytes != file.size_bytes:
        raise CorruptContentsError(
            f"{show_name(file.name)} has {size_bytes} bytes on the store"
            f" {show_name(file.store_name)}, and {file.size_bytes} on record."
        )
    return _Source(size_bytes, status.st_ino, status.st_mtime_ns)


def _fault(root_fd: int, file: PushFile, before: _Source) -> LibrarianError | None:
    """Return what became wrong with an instance while rsync read it."""
    after = _find_source(root_fd, file)
    if isinstance(after, LibrarianError):
        return after
    if after != before:
        return CorruptContentsError(
            f"{show_name(file.name)} on the store {show_name(file.store_name)} changed while it was"
            " sent."
        )
    return None
